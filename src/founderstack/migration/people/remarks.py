"""What the report says about people: how they get in, what needs a word, what stays behind."""

from __future__ import annotations

from collections.abc import Mapping

from founderstack.locale import N_, _
from founderstack.migration.people.rules import MovedPerson, Remark, Way
from founderstack.migration.values import Fate, Item

WAYS: Mapping[Way, str] = {
    "password": N_("with a password"),
    "password and providers": N_("with a password and through providers"),
    "providers": N_("through providers alone"),
    "phone": N_("by phone alone"),
    "single sign-on": N_("by single sign-on alone"),
    "anonymous": N_("anonymous"),
    "none": N_("invited or without any way in"),
    "deleted": N_("deleted: no account, the id stays for what refers to it"),
}

REMARKS: Mapping[Remark, tuple[Fate, str, str]] = {
    "deleted": ("reported", N_("Deleted at the source; the id stays in auth.users for what refers to it."), ""),
    "same address": (
        "reported",
        N_(
            "Somebody else has the same address and the better claim to it: this account keeps its rows and its own id."
        ),
        N_("Give them another address, or move their rows to the other account."),
    ),
    "no address": ("reported", N_("Without an address; a placeholder that reaches nobody stands for it."), ""),
    "address refused": (
        "reported",
        N_("Better Auth takes no address of this form at sign-in."),
        N_("Ask them for another address before the cut-over."),
    ),
    "second factor": (
        "reported",
        N_("Their second factor ({detail}) cannot move: nobody gets in until you have let them."),
        N_("When you know it is them: founder migrate release --person ADDRESS"),
    ),
    "passkey": ("reported", N_("Their passkeys cannot move: they sign in otherwise and make new ones."), ""),
    "banned": ("reported", N_("Banned, and stays so."), ""),
    "single sign-on": (
        "reported",
        N_("{detail}: what the identity provider calls them must be looked at before it may open an account."),
        N_("Set up single sign-on in the app, then: --provider {detail}=NAME"),
    ),
    "provider": (
        "reported",
        N_("Better Auth has no {detail} built in; their identity moves under that name."),
        N_("Give your app a provider of that name (generic OAuth), or: --provider {detail}=NAME"),
    ),
    "microsoft": (
        "reported",
        N_("Microsoft names people differently to each application."),
        N_("Keep the same client id in the new app."),
    ),
    "no way in": (
        "reported",
        N_("No way in that the app knows."),
        N_("They can ask for a new password where they have an address."),
    ),
    "sealed hash": (
        "blocker",
        N_("Their password is encrypted with a key of the source’s sign-in server."),
        N_("Move them without it, so that they ask for a new one: --leave sealed-passwords"),
    ),
    "password left": ("reported", N_("Moved without their password: they ask for a new one."), ""),
    "odd identity": (
        "reported",
        N_("What {detail} said about them cannot be read; they sign in with it all the same."),
        "",
    ),
    "unknown hash": ("reported", N_("Nobody knows this kind of password."), N_("They ask for a new password.")),
}

DROPPED: Mapping[str, str] = {
    "sessions": N_("Everybody signs in again."),
    "refresh_tokens": N_("Everybody signs in again."),
    "one_time_tokens": N_("Links in mails that are still under way open nothing any more."),
    "oauth_clients": N_("Applications that sign people in through yours: set them up anew."),
    "oauth_consents": N_("Applications that sign people in through yours: set them up anew."),
    "saml_providers": N_("Identity providers of companies: set them up anew."),
}


def remark_item(person: MovedPerson, remark: Remark, detail: str) -> Item:
    """The line of one person in the report, by id."""
    fate, why, fix = REMARKS[remark]
    return Item("people", remark, person.id, fate, _(why).format(detail=detail), _(fix).format(detail=detail), 1)
