"""What this machine knows of the sets in each place: which it has begun and not ended, and which it left there whole.

A set without its page of contents is rubbish where a backup, a copy or a removal of ours was killed, and somebody's
data where the page was lost. A set that is not there at all may have been let go of by us, or the place was emptied or
set back to an earlier day. The place shows no difference; this does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from founderstack.model.errors import StackError
from founderstack.world.os.files import read_json, write_atomic

_BEGUN, _HELD = "begun", "held"


class Ledger:
    """Notes in a file. Where that is lost nothing was begun by us and nothing missed: what is there is noted anew."""

    def __init__(self, path: str) -> None:
        self._path = path

    def begun(self, where: str) -> frozenset[str]:
        """Ids of the sets in a place that were being written or removed when it was killed, or failed."""
        return self._noted(_BEGUN, where)

    def held(self, where: str) -> frozenset[str]:
        """Ids of the sets that were whole in a place, and were not let go of by us."""
        return self._noted(_HELD, where)

    @contextmanager
    def writing(self, where: str, set_id: str) -> Iterator[None]:
        """Noted before anything of the set is written, until all of it is."""
        self._note(where, begun=self.begun(where) | {set_id})
        yield
        self.whole(where, {set_id})

    @contextmanager
    def removing(self, where: str, set_id: str) -> Iterator[None]:
        """Noted before its page of contents goes, until all of it is gone. A full disk holds up no removal."""
        with suppress(StackError):
            self._note(where, begun=self.begun(where) | {set_id})
        yield
        self.gone(where, {set_id})

    def whole(self, where: str, set_ids: Iterable[str]) -> None:
        """They are whole there. Not a word where that cannot be noted: the place says the same."""
        ids = frozenset(set_ids)
        self._settle(where, self.begun(where) - ids, self.held(where) | ids)

    def gone(self, where: str, set_ids: Iterable[str]) -> None:
        """They are there no more, and nobody shall miss them. Not a word where that cannot be noted."""
        ids = frozenset(set_ids)
        self._settle(where, self.begun(where) - ids, self.held(where) - ids)

    def _settle(self, where: str, begun: frozenset[str], held: frozenset[str]) -> None:
        if (begun, held) != (self.begun(where), self.held(where)):
            with suppress(StackError):
                self._note(where, begun=begun, held=held)

    def _noted(self, what: str, where: str) -> frozenset[str]:
        noted = read_json(self._path).get(what)
        ids = noted.get(where) if isinstance(noted, dict) else None
        return frozenset(str(one) for one in ids) if isinstance(ids, list) else frozenset()

    def _note(self, where: str, **notes: frozenset[str]) -> None:
        content: dict[str, object] = {"v": 1, **read_json(self._path)}
        for what, ids in notes.items():
            found = content.get(what)
            places = {**found} if isinstance(found, dict) else {}
            places[where] = sorted(ids)
            content[what] = {place: noted for place, noted in places.items() if noted}
        write_atomic(self._path, json.dumps(content) + "\n", mode=0o600)
