"""What this machine has itself begun with sets and not ended, in each place.

A set without its page of contents is rubbish where a backup, a copy or a removal of ours was killed, and somebody's
data where the page was lost. The place shows no difference between the two; this does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from founderstack.model.errors import StackError
from founderstack.world.files import read_json, write_atomic


class Ledger:
    """Notes in a file. Where that is lost nothing was begun by us: what has no page of contents is kept, and named."""

    def __init__(self, path: str) -> None:
        self._path = path

    def begun(self, where: str) -> frozenset[str]:
        """Ids of the sets in a place that were being written or removed when it was killed, or failed."""
        noted = read_json(self._path).get("begun")
        ids = noted.get(where) if isinstance(noted, dict) else None
        return frozenset(str(one) for one in ids) if isinstance(ids, list) else frozenset()

    @contextmanager
    def writing(self, where: str, set_id: str) -> Iterator[None]:
        """Noted before anything of the set is written, until all of it is."""
        self._note(where, self.begun(where) | {set_id})
        yield
        self.ended(where, {set_id})

    @contextmanager
    def removing(self, where: str, set_id: str) -> Iterator[None]:
        """Noted before its page of contents goes, until all of it is gone. A full disk holds up no removal."""
        with suppress(StackError):
            self._note(where, self.begun(where) | {set_id})
        yield
        self.ended(where, {set_id})

    def ended(self, where: str, set_ids: set[str] | frozenset[str]) -> None:
        """They are whole now, or gone. Not a word where that cannot be noted: the place says the same."""
        with suppress(StackError):
            self._note(where, self.begun(where) - set_ids)

    def _note(self, where: str, set_ids: frozenset[str]) -> None:
        found = read_json(self._path)
        begun = found.get("begun")
        begun = {**begun} if isinstance(begun, dict) else {}
        begun[where] = sorted(set_ids)
        content = {"v": 1, **found, "begun": {place: ids for place, ids in begun.items() if ids}}
        write_atomic(self._path, json.dumps(content) + "\n", mode=0o600)
