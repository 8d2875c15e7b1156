"""`founder backup`: take a set now, prove one, or remove what is damaged of one."""

from __future__ import annotations

import sys

from founderstack import wiring
from founderstack.cli.backups import forgetting, proving, resending
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.kinds import SET, one_of
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.transfer import shows
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.operations.backups.backup import Outcome, backup
from founderstack.operations.stack.step_report import megabytes
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("backup", yes=True, as_json=True, example="founder backup\nfounder backup prove")
    options.add_argument(
        "--kind",
        default="",
        type=one_of("full|incr|diff", "full", "incr", "diff"),
        help=_("incr and diff with pgBackRest only (default: what the engine usually takes)"),
    )
    options.add_argument(
        "action",
        nargs="?",
        choices=("prove", "forget", "resend"),
        help=_(
            "prove: restore a set beside what runs, and check it; forget: remove what is damaged of one, or give up "
            "what is gone; resend: bring back to a place what it has lost"
        ),
    )
    options.add_argument(
        "set", nargs="?", type=SET, default="", help=_("which one (with prove: the newest when not given)")
    )
    options.add_argument("--confirm", type=SET, default="", help=_("with forget: its name again, with --yes"))
    return options


def run(arguments: list[str]) -> int:
    """Take it, bring it off the machine where there is a place, and say what comes next."""
    options = usage()
    given = options.parse_args(arguments)
    options.only_with(given, "founder backup", "--kind", there=not given.action)
    options.only_with(given, "founder backup prove, founder backup forget", "set", there=given.action != "resend")
    options.only_with(given, "founder backup forget", "--confirm", there=given.action == "forget")
    options.only_with(given, "founder backup, prove and resend", "--json", "--events", there=given.action != "forget")
    site = wiring.open_site(find_stack_file(given.file))
    if given.action == "prove":
        return proving.run(site, given.set, manner_of(given), as_json=given.json)
    if given.action == "forget":
        return forgetting.run(site, given.set, given.confirm, yes=given.yes)
    if given.action == "resend":
        return resending.run(site, manner_of(given), as_json=given.json)
    vault = wiring.open_vault(site)
    outcome = backup(site, vault, given.kind, shows(manner_of(given)))
    if given.events or given.json:
        return tell_result(_values(outcome))
    print(paint("✓ ", "green") + _("Backup {id} · {size} · {places}").format(**_words(outcome)))
    for text in _told(outcome, away=bool(vault.away())):
        print(paint("! ", "yellow", sys.stderr) + text, file=sys.stderr)
    return EXIT_OK


def _told(outcome: Outcome, *, away: bool) -> list[str]:
    """What else is worth knowing."""
    told = [_("{name} changed again and again while it was read.").format(name=name) for name in outcome.manifest.notes]
    told += outcome.manifest.outside
    if outcome.lost:
        text = _(
            "Gone, and not let go of by this stack: {sets}. What lies elsewhere comes back by: founder backup resend"
        )
        told.append(text.format(sets=", ".join(outcome.lost)))
    if not away:
        told.append(
            _("It is on this machine only. To keep copies elsewhere, add s3_endpoint and s3_bucket to [backup].")
        )
    return told


def _values(outcome: Outcome) -> dict[str, object]:
    manifest = outcome.manifest
    return {
        "id": manifest.id,
        "size": manifest.size,
        "seconds": manifest.seconds,
        "kind": manifest.kind,
        "places": list(outcome.places),
        "removed": list(outcome.removed),
        "lost": list(outcome.lost),
        "notes": list(manifest.notes),
        "outside": list(manifest.outside),
    }


def _words(outcome: Outcome) -> dict[str, str]:
    return {
        "id": outcome.manifest.id,
        "size": megabytes(outcome.manifest.size),
        "places": ", ".join(outcome.places),
    }
