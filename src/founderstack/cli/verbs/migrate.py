"""`founder migrate`: from Supabase or any PostgreSQL into this stack, in steps that can be repeated and taken back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from founderstack import wiring
from founderstack.cli.migration.people_and_files import add_options
from founderstack.cli.migration.source import Moving, progress_in
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import FILE, one_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint, seconds
from founderstack.cli.terminal.typed import _, typed
from founderstack.locale import N_
from founderstack.migration import trouble
from founderstack.migration.cutover import cutover, follow
from founderstack.migration.people import tables as people_tables
from founderstack.migration.people.hand import with_the_apps_rights
from founderstack.migration.report import report
from founderstack.migration.run import Migration
from founderstack.migration.values import Options
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_FAILED, EXIT_OK, EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.world.state.stack_file import find_stack_file

STEPS = ("plan", "run", "verify", "cutover", "reopen", "release", "undo", "status")


def run(arguments: list[str]) -> int:
    """Without a step: plan, which only reads. Without a source: the one of the time before."""
    options = usage()
    given = options.parse_args(arguments)
    source, step = _words(given.words)
    options.only_with(given, "founder migrate run", "--follow", there=step == "run")
    options.only_with(given, "founder migrate cutover", "--frozen", "--unverified", there=step == "cutover")
    options.only_with(given, "founder migrate release", "--person", there=step == "release")
    for option in ("--files-key", "--files-url", "--files-region", "--second-factor", "--provider"):
        options.apart(given, "--database-only", option)
    site = wiring.open_site(find_stack_file(given.file))
    moving = Moving(site, source, given)
    with progress_in(given.events) as tell, trouble.told():
        reads_only, asks = step in ("plan", "verify", "status"), step in ("plan", "run", "verify", "cutover")
        migration = moving.migration(tell, _choices(given), reads_only=reads_only, asks=asks)
        return _STEPS[step](migration, given)


def usage() -> Parser:
    """What may follow the verb."""
    options = parser(
        "migrate",
        yes=True,
        as_json=True,
        example="founder migrate supabase plan\nfounder migrate run\nfounder migrate verify\nfounder migrate cutover",
    )
    options.add_argument(
        "words",
        nargs="*",
        type=one_of(N_("SOURCE STEP"), "supabase", *STEPS),
        help=_("supabase or postgres://…, and: ") + ", ".join(STEPS),
    )
    options.add_argument(
        "--url", default="", metavar=_("ADDRESS"), help=_("the source’s address, without its password")
    )
    options.add_argument("--password-file", type=FILE, default="", help=_("a file with the source’s password"))
    options.add_argument(
        "--jobs", type=int, default=2, metavar=_("NUMBER"), help=_("connections that read at the same time (2)")
    )
    options.add_argument(
        "--rate", type=float, default=0.0, metavar=_("MIB"), help=_("most MiB to read in a second (no limit)")
    )
    options.add_argument(
        "--patience",
        type=float,
        default=600.0,
        metavar=_("SECONDS"),
        help=_("seconds to wait for a side that is away (600)"),
    )
    options.add_argument("--leave", action="append", default=[], metavar=_("NAME"), help=_("leave this object behind"))
    options.add_argument("--follow", action="store_true", help=_("run: let changes arrive by logical replication"))
    options.add_argument("--frozen", action="store_true", help=_("cutover: nobody writes at the source any more"))
    options.add_argument(
        "--unverified", action="store_true", help=_("cutover: although no comparison of the last day was green")
    )
    options.add_argument("--database-only", action="store_true", help=_("no people and no files"))
    add_options(options)
    return options


def _words(words: Sequence[str]) -> tuple[str, str]:
    """(source, step); the source is "" where it is the one of the time before."""
    step = words[-1] if words and words[-1] in STEPS else "plan"
    source = words[0] if words and words[0] not in STEPS else ""
    if len(words) > len([word for word in (source, step) if word in words]):
        raise StackError(
            _("“founder migrate {words}” is not understood").format(words=" ".join(words)),
            _("It takes a source and a step: {steps}.").format(steps=", ".join(STEPS)),
            _("For example: founder migrate supabase plan"),
            exit_code=EXIT_USAGE,
        )
    return source, step


def _choices(given: argparse.Namespace) -> Options:
    return Options(jobs=max(given.jobs, 1), rate_mib_s=given.rate, patience_s=given.patience, leave=tuple(given.leave))


def _plan(migration: Migration, given: argparse.Namespace) -> int:
    facts, items = migration.plan()
    page = report.save_plan(migration.folder, facts, items)
    blocked = any(item.fate == "blocker" for item in items)
    if given.json:
        print(json.dumps(report.plan_document(facts, items), ensure_ascii=False))
    else:
        print(typed("\n".join(report.plan_lines(facts, items))))
        print("\n" + _("All of it: {page}").format(page=page))
        print(_("Nothing was changed.") + ("" if blocked else " " + _("Next: founder migrate run")))
    return EXIT_PRECONDITION if blocked else EXIT_OK


def _run(migration: Migration, given: argparse.Namespace) -> int:
    began = migration.clock.monotonic()
    migration.run()
    followed = cutover.start_following(migration) if given.follow else 0
    took = migration.clock.monotonic() - began
    if given.events:
        return tell_result({"seconds": round(took, 1), "followed": followed})
    print(paint("✓ ", "green") + _("Everything is moved · {time}").format(time=seconds(took)))
    if followed:
        print("  " + _("Changes of {count} tables arrive by themselves until the cut-over.").format(count=followed))
    print("  " + _("Next: founder migrate verify"))
    return EXIT_OK


def _verify(migration: Migration, given: argparse.Namespace) -> int:
    findings = migration.verify()
    document = report.verified_document(
        migration.source.address.url, migration.target.address.url, migration.clock.now(), findings
    )
    page = report.save_verified(migration.folder, document)
    if given.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        print(typed("\n".join(report.verified_lines(findings))))
        print("\n" + _("Signed report: {page}").format(page=page))
        run = migration.journal.run()
        if not document["ok"] and run and run.state != "cut over":
            print(_("What has changed at the source since comes over by: founder migrate run"))
        elif document["ok"] and run and run.state == "moved":
            print(_("Next, when you are sure: founder migrate cutover"))
    return EXIT_OK if document["ok"] else EXIT_FAILED


def _cutover(migration: Migration, given: argparse.Namespace) -> int:
    ask_for_proof(migration.folder, migration.source.address.url, migration.clock.now(), unverified=given.unverified)
    if not given.yes:
        _ask(_("The source becomes read-only and its sessions end. Go on? [y/N] "))
    done = cutover.cut_over(migration, frozen=given.frozen)
    if given.events:
        return tell_result({"pause_s": round(done.pause_s, 2), "way_back": done.way_back})
    print(paint("✓ ", "green") + _("Cut over; nobody could write for {time}.").format(time=seconds(done.pause_s)))
    if done.still_there:
        text = _("Sessions of {roles} could not be ended; what they write at the source is not brought over.")
        print(paint("! ", "yellow") + text.format(roles=", ".join(done.still_there)))
    print("  " + _("The way back: {path}").format(path=done.way_back))
    return EXIT_OK


def ask_for_proof(folder: str, source: str, now: float, *, unverified: bool) -> None:
    """Raise StackError where nobody has compared within a day and nobody takes that upon themselves.

    What was only written at the source since does not count: people go on writing until the cut-over.
    """
    if unverified or report.proven(folder, source, now):
        return
    what = _("No comparison of the last day was without a difference")
    if questions.somebody_there():
        _ask(what + ". " + _("Cut over all the same? [y/N] "))
        return
    raise StackError(
        what,
        _("What people write from the cut-over on would be in a database that nobody has compared."),
        _("Run: founder migrate verify; or take it upon yourself: founder migrate cutover --unverified"),
        exit_code=EXIT_AUTH_NEEDED,
    )


def _reopen(migration: Migration, given: argparse.Namespace) -> int:
    cutover.reopen(migration)
    if given.events:
        return tell_result({})
    print(paint("✓ ", "green") + _("The source can be written to again."))
    return EXIT_OK


def _release(migration: Migration, given: argparse.Namespace) -> int:
    with migration.target.connect() as target:
        tables = people_tables.find(target)
    with with_the_apps_rights(migration.target, tables) as own, own.transaction():
        if not people_tables.release(own, tables, given.person):
            raise StackError(
                _("Nobody with this address is held"),
                _("It is written otherwise, or they may sign in already."),
                _("The plan names who is held: founder migrate plan"),
                exit_code=EXIT_PRECONDITION,
            )
    print(paint("✓ ", "green") + _("They may sign in again, without the second factor that they had."))
    return EXIT_OK


def _undo(migration: Migration, given: argparse.Namespace) -> int:
    if not given.yes:
        _ask(_("Everything that the migration made in this stack is removed. Go on? [y/N] "))
    cutover.reopen(migration)
    migration.undo()
    report.forget_verified(migration.folder)
    if given.events:
        return tell_result({})
    print(paint("✓ ", "green") + _("The migration is taken back; the source was not touched."))
    return EXIT_OK


def _status(migration: Migration, given: argparse.Namespace) -> int:
    found = migration.journal.run()
    slot = follow.health(migration.source) if found else None
    if given.json:
        state = {"state": found.state, "source": found.source, **found.facts} if found else {"state": "none"}
        health = (
            {"state": slot.state, "behind_bytes": slot.behind_bytes, "room_bytes": slot.room_bytes} if slot else None
        )
        print(json.dumps({"v": 1, **state, "slot": health}, ensure_ascii=False))
        return EXIT_OK
    if found is None:
        print(_("No migration has begun."))
        return EXIT_OK
    states = {"running": _("begun, not finished"), "moved": _("moved"), "cut over": _("cut over")}
    print(f"{found.source}: {states.get(found.state, found.state)}")
    if slot:
        text = _("Followed: {behind} KiB behind, the slot is {state}, {room} MiB of room")
        room = "∞" if slot.room_bytes is None else slot.room_bytes // 2**20
        print("  " + text.format(behind=slot.behind_bytes // 1024, state=slot.state, room=room))
    if found.state == "cut over":
        print("  " + _("The way back, at the source: {sql}").format(sql=found.facts.get("way_back", "")))
    return EXIT_OK


def _ask(question: str) -> None:
    if not questions.somebody_there():
        raise StackError(
            _("This step needs your consent"),
            _("Nobody can be asked here."),
            _("Run the command again with --yes."),
            exit_code=EXIT_AUTH_NEEDED,
        )
    if not questions.agreed(question):
        raise StackError(_("Nothing was changed"), _("You said no."), _("Run the command again when it suits you."))


_STEPS = {
    "plan": _plan,
    "run": _run,
    "verify": _verify,
    "cutover": _cutover,
    "reopen": _reopen,
    "release": _release,
    "undo": _undo,
    "status": _status,
}
