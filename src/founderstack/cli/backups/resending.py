"""`founder backup resend`: what a place has lost is brought back there, from the place that still has it."""

from __future__ import annotations

import sys

from founderstack import wiring
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.manner import Manner
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.transfer import shows
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK, EXIT_UNHEALTHY
from founderstack.operations.backups.lost import resend
from founderstack.operations.stack.site import Site


def run(site: Site, manner: Manner, *, as_json: bool) -> int:
    """Bring it back; exit code 3 where something lies nowhere any more."""
    done = resend(site, wiring.open_vault(site), shows(manner))
    code = EXIT_UNHEALTHY if done.nowhere else EXIT_OK
    if manner.events or as_json:
        tell_result({"sent": list(done.sent), "nowhere": {place: list(ids) for place, ids in done.nowhere.items()}})
        return code
    if done.sent:
        print(paint("✓ ", "green") + _("Back again: {sets}").format(sets=", ".join(done.sent)))
    for place, set_ids in done.nowhere.items():
        text = _("{place} has lost what lies nowhere else: {sets}").format(place=place, sets=", ".join(set_ids))
        print(paint("✗ ", "red", sys.stderr) + text, file=sys.stderr)
    if done.nowhere:
        print("  " + _("To miss them no longer: founder backup forget"), file=sys.stderr)
    if not done.sent and not done.nowhere:
        print(_("Nothing is gone from any place."))
    return code
