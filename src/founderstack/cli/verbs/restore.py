"""`founder restore`: bring back what a set holds."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime

from founderstack import wiring
from founderstack.cli.backups import point_in_time
from founderstack.cli.backups.restore_questions import TerminalAnswers
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import COMPONENT, SET
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import age, paint, seconds
from founderstack.cli.terminal.transfer import shows
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.model.sql import identifier
from founderstack.operations.backups.restore import Answers, RestoreResult, restore
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import megabytes
from founderstack.planner.backups.restore import Item, Only, RestorePlan, Wish
from founderstack.planner.backups.schedule import ahead
from founderstack.world.os.ambient import caller
from founderstack.world.state.stack_file import find_stack_file

InPsql = Callable[..., str]


def run(arguments: list[str]) -> int:
    """Show what it comes to, ask where something is replaced, and carry it out."""
    given = _read(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    vault = wiring.open_vault(site)
    emit = shows(manner_of(given))
    asks = TerminalAnswers(arguments, yes=given.yes or given.events, replace=given.replace, in_psql=vault.in_psql)
    if given.whole_server:
        replaced = point_in_time.replace_server(
            site, vault, given, lambda: _consent(site, given), asks.without_safety, emit
        )
        return _say(given, point_in_time.values(replaced), _("The server is back"), point_in_time.after(replaced))

    def approve(plan: RestorePlan) -> None:
        if not given.events:
            print("\n".join(_told(plan, site.clock.now(), safety=not given.without_safety_set)), file=sys.stderr)
        if plan.wish.in_place:
            _consent(site, given)

    with point_in_time.set_at(site, vault, given, emit) if given.to else nullcontext(given.set) as set_id:
        only: Only = "databases" if given.to else given.only
        wish = Wish(set_id, only, given.database, given.table, given.component, given.in_place, caller())
        answers = Answers(approve, asks.replace_copies, asks.without_safety)
        done = restore(site, vault, wish, answers, emit, safety=not given.without_safety_set)
    return _say(
        given,
        _values(done),
        _("Restored from {id}").format(id=given.to or done.plan.one.manifest.id),
        _next(done, vault.in_psql),
    )


def _say(given: argparse.Namespace, values: dict[str, object], done: str, after: list[str]) -> int:
    if given.events:
        return tell_result(values)
    print(paint("✓ ", "green") + done)
    print("\n".join(after))
    return EXIT_OK


def usage() -> Parser:
    """What may follow the verb."""
    options = parser(
        "restore",
        yes=True,
        example="founder restore --database app\nfounder restore --to newest\nfounder restore --in-place --only files",
    )
    options.add_argument(
        "set", nargs="?", type=SET, default="", help=_("a set, or the beginning of its name; else the newest")
    )
    options.add_argument(
        "--only", choices=("", "databases", "files"), default="", metavar="databases|files", help=_("only these")
    )
    options.add_argument("--database", default="", metavar=_("NAME"), help=_("one database alone"))
    options.add_argument(
        "--table", default="", metavar=_("SCHEMA.TABLE"), help=_("one table's rows, among empty tables")
    )
    options.add_argument("--files", dest="component", type=COMPONENT, default="", help=_("its files alone"))
    options.add_argument("--in-place", action="store_true", help=_("replace what is used; a safety set comes first"))
    options.add_argument("--replace", action="store_true", help=_("replace copies that an earlier restore has left"))
    options.add_argument("--without-safety-set", action="store_true", help=_("for when no set can be taken any more"))
    options.add_argument("--confirm", default="", metavar=_("NAME"), help=_("the stack's name, for scripts with --yes"))
    point_in_time.add_options(options)
    return options


def _read(arguments: list[str]) -> argparse.Namespace:
    options = usage()
    given = options.parse_args(arguments)
    _refuse_contradictions(options, given)
    return given


def _refuse_contradictions(options: Parser, given: argparse.Namespace) -> None:
    """Nothing that was asked for may be passed over: what comes back would be something else."""
    if given.set and (given.to or given.whole_server):
        options.error(_("a set and a moment cannot both be restored"))
    if given.table and given.in_place:
        options.error(_("a table is restored beside the others only; copy its rows back with SQL"))
    options.apart(given, "--files", "--database", "--table", "--to", "--whole-server")
    options.apart(given, "--whole-server", "--database", "--table", "--only", "--replace")
    if given.only == "databases":
        options.apart(given, "--only", "--files")
    if given.only == "files":
        options.apart(given, "--only", "--database", "--table", "--to")
    options.only_with(given, "--whole-server", "--log")


def _told(plan: RestorePlan, now: float, *, safety: bool) -> list[str]:
    manifest = plan.one.manifest
    taken = datetime.fromtimestamp(manifest.taken_at, UTC)
    when = _("{when:%Y-%m-%d %H:%M:%S} UTC, {age} ago").format(when=taken, age=age(now - manifest.taken_at))
    if ahead(manifest.taken_at, now):
        when = _("{when:%Y-%m-%d %H:%M:%S} UTC, by a clock that was ahead").format(when=taken)
    lines = [_("From {id} ({place}), taken {when}").format(id=manifest.id, place=plan.one.place, when=when)]
    lines += [_line(item, plan.wish) for item in plan.items]
    for files in plan.left:
        text = _("{name} stays as it is: who may sign in, and what was done. By name it goes back too: {command}")
        command = typed(f"founder restore {manifest.id} --files {files.component} --in-place")
        lines.append("  = " + text.format(name=files.component, command=command))
    lines += [paint(f"  ! {text}", "red", sys.stderr) for text in manifest.lacks]
    if plan.wish.in_place:
        text = _("What was written in the last {age} is lost from what is replaced.").format(age=age(plan.loss_s))
        lines.append(paint(f"  ! {text}", "red", sys.stderr))
        if safety:
            lines.append(
                "  "
                + _("Right before, a safety set is taken, so that you can go back; it lacks what is written meanwhile.")
            )
    lines.append(paint("  " + _("about {time}").format(time=seconds(plan.seconds)), "dim", sys.stderr))
    return lines


def _line(item: Item, wish: Wish) -> str:
    size = megabytes(item.bytes)
    if wish.in_place:
        text = _("database {name} is replaced") if item.kind == "database" else _("the files of {name} are replaced")
        return f"  {paint('~', 'yellow', sys.stderr)} {text.format(name=item.name)} ({size})"
    text = _("database {name} → {into}") if item.kind == "database" else _("files of {name} → {into}")
    if wish.table:
        text = _("rows of {table}, of database {name} → {into}")
    told = text.format(name=item.name, into=item.into, table=wish.table)
    return f"  {paint('+', 'green', sys.stderr)} {told} ({size})"


def _consent(site: Site, given: argparse.Namespace) -> None:
    name = site.stack.name
    typed = given.confirm
    if not given.yes:
        typed = questions.typed(_("Type the stack’s name to replace it: "))
    if typed != name:
        raise StackError(
            _("Nothing was replaced"),
            _("“{typed}” is not the stack’s name, “{name}”.").format(typed=typed, name=name)
            if typed
            else _("Nobody confirmed it with the stack’s name."),
            _("For scripts: founder restore --in-place --yes --confirm {name}").format(name=name),
            exit_code=EXIT_AUTH_NEEDED,
        )


def _next(done: RestoreResult, in_psql: InPsql) -> list[str]:
    refused = [paint("! ", "yellow") + text for text in done.refused]
    return [*refused, *_let_in(done.roles, in_psql), *_back_or_away(done, in_psql)]


def _let_in(roles: tuple[str, ...], in_psql: InPsql) -> list[str]:
    if not roles:
        return []
    name = identifier(roles[0])
    return [
        "  "
        + _("Removed since then, and here again as owners who cannot sign in: {names}").format(names=", ".join(roles)),
        "  " + _("To let one in: {command}").format(command=in_psql(f"ALTER ROLE {name} LOGIN;", f"\\password {name}")),
    ]


def _back_or_away(done: RestoreResult, in_psql: InPsql) -> list[str]:
    if done.plan.wish.in_place:
        if not done.safety:
            return []
        command = typed(f"founder restore {done.safety} --in-place")
        return ["  " + _("To go back: {command}").format(command=command)]
    names = [item.into for item in done.plan.items]
    return [
        "  " + _("Restored beside what is used: {names}").format(names=", ".join(names)),
        "  "
        + _("No backup holds these copies. When you need them no more: {commands}").format(
            commands=_removing(done, in_psql)
        ),
    ]


def _removing(done: RestoreResult, in_psql: InPsql) -> str:
    """What removes the copies, one line for the shell."""
    items = done.plan.items
    databases = [f"DROP DATABASE {identifier(item.into)};" for item in items if item.kind == "database"]
    folders = [item.into for item in items if item.kind == "files"]
    return " && ".join(
        [*([in_psql(*databases)] if databases else []), *([shlex.join(["rm", "-r", *folders])] if folders else [])]
    )


def _values(done: RestoreResult) -> dict[str, object]:
    return {
        "id": done.plan.one.manifest.id,
        "in_place": done.plan.wish.in_place,
        "safety": done.safety,
        "items": [{"kind": item.kind, "name": item.name, "into": item.into} for item in done.plan.items],
        "roles": list(done.roles),
        "refused": list(done.refused),
        "loss_s": round(done.plan.loss_s, 1),
    }
