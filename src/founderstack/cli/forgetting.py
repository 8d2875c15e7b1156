"""`founder backup forget`: what goes is counted and named before it does."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from founderstack import wiring
from founderstack.cli.render import paint
from founderstack.locale import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_OK, StackError
from founderstack.operations.backup import megabytes
from founderstack.operations.forget import Copy, forget
from founderstack.operations.site import Site


def run(site: Site, set_id: str, confirm: str, *, yes: bool) -> int:
    """Show what cannot be used of the set, have its name typed, and remove that."""

    def approve(copies: Sequence[Copy]) -> None:
        for one in copies:
            text = _("{place}: {files} files ({size}) in {where}")
            words = {"place": one.place, "files": one.files, "size": megabytes(one.bytes), "where": one.where}
            print(f"  {paint('-', 'red', sys.stderr)} {text.format(**words)}", file=sys.stderr)
        typed = confirm
        if not yes:
            ask = _("It cannot be brought back. Type the set’s name to remove it: ")
            typed = input(ask).strip() if sys.stdin.isatty() else ""
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
