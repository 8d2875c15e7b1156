"""`founder backup forget`: what goes is counted and named before it does."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence

from founderstack import wiring
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.operations.backups.forget import Copy, forget
from founderstack.operations.backups.lost import miss_no_longer
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import megabytes


def run(site: Site, set_id: str, confirm: str, *, yes: bool) -> int:
    """Show what cannot be used of the set, have its name typed, and remove that; without one, give up what is gone."""
    if not set_id:
        return _of_the_lost(site, yes=yes)

    def approve(copies: Sequence[Copy]) -> None:
        for one in copies:
            text = _("{place}: {files} files ({size}) in {where}")
            words = {"place": one.place, "files": one.files, "size": megabytes(one.bytes), "where": one.where}
            print(f"  {paint('-', 'red', sys.stderr)} {text.format(**words)}", file=sys.stderr)
        typed = confirm
        if not yes:
            ask = _("It cannot be brought back. Type the set’s name to remove it: ")
            typed = questions.typed(ask)
        if typed != set_id:
            command = shlex.join(["founder", "backup", "forget", set_id, "--yes", "--confirm", set_id])
            raise StackError(
                _("Nothing was removed"),
                _("“{typed}” is not the set’s name.").format(typed=typed),
                _("For scripts: {command}").format(command=command),
                exit_code=EXIT_AUTH_NEEDED,
            )

    places = ", ".join(one.place for one in forget(site, wiring.open_vault(site), set_id, approve))
    print(paint("✓ ", "green") + _("{id} is gone from: {places}").format(id=set_id, places=places))
    return EXIT_OK


def _of_the_lost(site: Site, *, yes: bool) -> int:
    def approve(lost: Mapping[str, Sequence[str]]) -> None:
        for place, set_ids in lost.items():
            text = _("{place} has lost: {sets}").format(place=place, sets=", ".join(set_ids))
            print(f"  {paint('-', 'red', sys.stderr)} {text}", file=sys.stderr)
        if not yes and not questions.agreed(_("Miss them no longer? [y/N] ")):
            raise StackError(
                _("Nothing was given up"),
                _("Nobody confirmed it. What still lies elsewhere is brought back by: founder backup resend"),
                _("For scripts: {command}").format(command="founder backup forget --yes"),
                exit_code=EXIT_AUTH_NEEDED,
            )

    count = sum(len(set_ids) for set_ids in miss_no_longer(site, wiring.open_vault(site), approve).values())
    print(paint("✓ ", "green") + _("Missed no longer: {count}").format(count=count))
    return EXIT_OK
