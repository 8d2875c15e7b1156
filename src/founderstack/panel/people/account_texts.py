"""What the panel says about accounts, in the language of `_`."""

from __future__ import annotations

from founderstack.panel.people.accounts import SHORTEST_PASSWORD, Role
from founderstack.panel.shown.step_words import options_words
from founderstack.panel.shown.words import Translate


def problem(_: Translate, reason: str) -> str:
    """Why a password or a change of an account is refused; `reason` as in panel.people.accounts."""
    sentences = {
        "short": _("A password has {count} characters at least.").format(count=SHORTEST_PASSWORD),
        "simple": _("That password is too easy to guess."),
        "differ": _("The two new passwords are not the same."),
        "wrong": _("The password you have now is not right."),
        "name": _("A name has letters, digits and . _ @ -, 64 at the most."),
        "taken": _("That name is taken."),
        "many": _("There are as many accounts as there may be."),
        "gone": _("There is no such account any more."),
        "stacks": _("That account belongs to the stack. On the server: founder secrets rotate panel.admin"),
        "self": _("That is your own account. Another admin can do it."),
    }
    return sentences[reason]


def role(_: Translate, name: Role) -> str:
    return {"admin": _("Admin"), "viewer": _("Viewer")}[name]


def action(_: Translate, name: str) -> str:
    """An entry of the audit log as people read it; what is not known is shown as it is."""
    known = {
        "signed in": _("Signed in"),
        "signed in with a code": _("Signed in with a code"),
        "signed in with a recovery code": _("Signed in with a recovery code"),
        "sign-in refused": _("Sign-in refused"),
        "signed out": _("Signed out"),
        "confirmed": _("Said once more who they are"),
        "password changed": _("Changed their password"),
        "two-step on": _("Turned two-step sign-in on"),
        "two-step off": _("Turned two-step sign-in off"),
        "recovery codes made": _("Made new recovery codes"),
        "session ended": _("Ended a session"),
        "sessions ended": _("Ended sessions"),
        "person invited": _("Invited somebody"),
        "person removed": _("Removed somebody"),
        "role changed": _("Changed a role"),
        "person reset": _("Gave somebody a new one-time password"),
        "secret shown": _("Was given a secret"),
        "rotate": _("Made a secret anew"),
        "audit exported": _("Exported the audit log"),
        "restart": _("Restarted a process"),
        "stop": _("Stopped a process"),
        "start": _("Started a process"),
        "scale": _("Changed the number of instances"),
        "deploy": _("Deployed"),
        "rollback": _("Went back to a release"),
        "up": _("Applied the plan"),
        "backup": _("Took a backup"),
        "prove": _("Had a backup proven"),
        "restore": _("Restored a backup"),
        "log downloaded": _("Downloaded a log"),
    }
    if name not in known and name.removesuffix(" refused") in known:
        return _("{action} (refused)").format(action=known[name.removesuffix(" refused")])
    return known.get(name, name)


def detail(_: Translate, language: str, name: str, kept: str) -> str:
    """What an entry of the audit log adds to its action, as people read it."""
    if name == "sign-in refused":
        return {"code": _("the code was not right"), "confirmation": _("not confirmed")}.get(kept, kept)
    if name in ("person invited", "role changed"):
        user, _comma, given = kept.partition(", ")
        roles = {"admin": role(_, "admin"), "viewer": role(_, "viewer")}
        return f"{user}, {roles[given].lower()}" if given in roles else kept
    return options_words(kept, _, language) if "=" in kept else kept
