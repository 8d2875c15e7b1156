"""`founder secrets`: list, show or rotate what was generated, and bring back what is lost of it."""

from __future__ import annotations

import json
import sys
from functools import partial

from founderstack import wiring
from founderstack.cli.stack.changes import Approve, carry_out, report
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.kinds import FILE, SECRET, SET
from founderstack.cli.terminal.manner import Manner, manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.backup import IDENTITY
from founderstack.model.errors import EXIT_OK, EXIT_USAGE, StackError
from founderstack.model.events import Event
from founderstack.model.identity import Identity
from founderstack.model.process import Process, Task, secrets_in, texts
from founderstack.model.protocols import Emit
from founderstack.operations.stack.prepare import Prepared, prepare, refuse_lost_secrets
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import rotate
from founderstack.world.os import ambient
from founderstack.world.state.stack_file import find_stack_file

PANEL_PASSWORD = "panel.admin"


def usage() -> Parser:
    """What may follow the verb."""
    options = parser(
        "secrets", yes=True, as_json=True, example="founder secrets show panel.admin\nfounder secrets rotate --all"
    )
    options.add_argument("action", nargs="?", choices=("list", "show", "rotate", "set", "restore"), default="list")
    options.add_argument("names", nargs="*", type=SECRET, help=_("names as the list shows them"))
    options.add_argument("--all", action="store_true", help=_("rotate every secret, also when their file is lost"))
    options.add_argument("--from-env", default="", metavar=_("VARIABLE"), help=_("set: take the value from there"))
    options.add_argument(
        "--key-file", type=FILE, default="", help=_("restore: file with the backups' key (default: asked)")
    )
    options.add_argument("--set", type=SET, default="", help=_("restore: the backup (default: the newest)"))
    return options


def run(arguments: list[str]) -> int:
    """Secrets are shown one at a time, on request, and that is written down."""
    options = usage()
    given = options.parse_args(arguments)
    named = given.action not in ("list", "restore")
    options.only_with(given, "founder secrets show, rotate and set", "names", there=named)
    options.only_with(given, "founder secrets restore", "--key-file", "--set", there=given.action == "restore")
    options.only_with(given, "founder secrets rotate", "--all", there=given.action == "rotate")
    options.only_with(given, "founder secrets set", "--from-env", there=given.action == "set")
    options.only_with(given, "founder secrets list", "--json", there=given.action == "list")
    options.apart(given, "--all", "names")
    site = wiring.open_site(find_stack_file(given.file))
    if given.action == "list":
        return _list(site, as_json=given.json)
    if given.action == "show":
        return _show(site, given.names)
    if given.action == "restore":
        from founderstack.cli.backups import secrets_back  # no other action loads anything of backups

        return secrets_back.run(site, given.key_file, given.set)
    if given.action == "set":
        return _set(site, given.names, given.from_env)
    return _rotate(site, given.names, given.all, manner_of(given))


def _list(site: Site, *, as_json: bool) -> int:
    users = _users(site)
    if as_json:
        told = [{"name": name, "used_by": [one.name for one in used]} for name, used in users.items()]
        print(json.dumps({"v": 1, "secrets": told}))
        return EXIT_OK
    rows = [(_("Secret"), _("Used by")), *((name, _services(name, used)) for name, used in users.items())]
    width = max(len(name) for name, _used in rows) + 2
    print(paint(f"{rows[0][0]:<{width}}{rows[0][1]}", "bold"))
    for name, used in rows[1:]:
        print(f"{name:<{width}}{used}")
    return EXIT_OK


def _services(secret: str, used: list[Identity]) -> str:
    """Who is given a secret, by the names that `founder status` shows: a task counts as the service that it is for."""
    services = dict.fromkeys(one.ring or one.component or one.service for one in used)
    kept_for = {"backup": _("backups"), "alerts": _("alerts")}
    return ", ".join(services) or kept_for.get(secret.partition(".")[0], "–")


def _users(site: Site) -> dict[str, list[Identity]]:
    """Secret → the processes and tasks that are given it; nobody where it cannot be told now what shall run."""
    try:
        resolved = prepare(site).resolved
    except StackError:  # a port that somebody has taken is no reason to hide what there is
        return {name: [] for name in site.secrets.names()}
    users: dict[str, list[Identity]] = {name: [] for name in sorted(resolved.secrets)}
    parts: list[Process | Task] = [*resolved.desired.processes.values(), *resolved.desired.tasks.values()]
    for value in parts:
        for name in sorted({name for text in texts(value) for _whole, name, _filter in secrets_in(text)}):
            users.setdefault(name, []).append(value.identity)
    return users


def _show(site: Site, names: list[str]) -> int:
    if len(names) != 1:
        raise _which(site, "show")
    value = site.secrets.get(names[0])
    site.history.record(Event("done", f"secrets show:{names[0]}", site.clock.now()))
    print(value)
    print(_("Shown, and written down in the history."), file=sys.stderr)
    return EXIT_OK


def _set(site: Site, names: list[str], variable: str) -> int:
    """Keep a value that somebody else has made; it never stands on a command line, where others could read it."""
    known = settable(site)
    if len(names) != 1 or names[0] not in known:
        raise StackError(
            _("Which secret shall be set?"),
            _("These are given by you, the others are made by themselves: {names}.").format(names=", ".join(known)),
            _("Name one: founder secrets set {name}").format(name=known[0] if known else "NAME"),
            exit_code=EXIT_USAGE,
        )
    refuse_lost_secrets(site, site.runtime.observe())
    value = _value(names[0], variable)
    if not value:
        raise StackError(
            _("Nothing was set"),
            _("The value is empty."),
            _("Type or paste it, pipe it in, or name a variable: --from-env VARIABLE"),
            exit_code=EXIT_USAGE,
        )
    with site.lock("secrets set"):
        site.changed()
        site.secrets.put(names[0], value)
    site.history.record(Event("done", f"secrets set:{names[0]}", site.clock.now()))
    print(_("{name} is set. Services that use it are given it by: founder up").format(name=names[0]))
    return EXIT_OK


def _value(name: str, variable: str) -> str:
    if variable:
        return ambient.variable(variable)
    if questions.somebody_there():
        return questions.unseen(_("Value of {name} (not shown): ").format(name=name)).strip()
    return questions.piped()


def settable(site: Site) -> list[str]:
    """Names of the secrets that the founder gives."""
    parts = site.stack.parts.values()
    return sorted({name for part in parts for name in site.components[part.component].given})


def _rotate(site: Site, names: list[str], every: bool, manner: Manner) -> int:
    if not names and not every:
        raise _which(site, "rotate")
    unknown = [] if every else [name for name in names if name not in site.secrets.names()]
    if unknown:
        site.secrets.get(unknown[0])
    prepared, took = carry_out(site, partial(_change, [] if every else names, every), manner)
    if (every or PANEL_PASSWORD in names) and not manner.events:
        print(_("The panel’s new password: {password}").format(password=site.secrets.get(PANEL_PASSWORD)))
    code = report(site, prepared, took, manner)
    if (every or IDENTITY in names) and "backup" in site.stack.parts and not manner.events:
        print(_("The backups’ key is new: what stands on paper opens none of the backups that are taken from now on."))
        print(_("Print the page again, and keep the old one for older backups: founder kit --with-secrets"))
    return code


def _change(names: list[str], every: bool, site: Site, approve: Approve, emit: Emit) -> Prepared:
    return rotate(site, names, every, approve, emit)


def _which(site: Site, action: str) -> StackError:
    names = site.secrets.names()
    return StackError(
        _("Which secret?"),
        _("There are: {names}.").format(names=", ".join(names) or "–"),
        _("Name one: founder secrets {action} panel.admin").format(action=action)
        if names
        else _("Run “founder up” first."),
        exit_code=EXIT_USAGE,
    )
