"""Opens databases that a restore has closed and was killed before it opened them again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from founderstack import wiring
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import StackError
from founderstack.operations.stack.site import Site


@contextmanager
def opened_databases(site: Site) -> Iterator[None]:
    """Closed databases are opened before the block, so that the app gets ready in it, and after it, where the server
    was not there before."""
    _open(site)
    try:
        yield
    finally:
        _open(site)


def _open(site: Site) -> None:
    from founderstack.backups.assemble import reopen_databases

    try:
        names = reopen_databases(wiring.made_of(site))
    except StackError:  # it does not run, which is told by whoever needs it
        return
    for name in names:
        text = _("The database {name} took no connections, as an interrupted restore leaves it. It takes them again.")
        print(paint("! ", "yellow", sys.stderr) + text.format(name=name), file=sys.stderr)
