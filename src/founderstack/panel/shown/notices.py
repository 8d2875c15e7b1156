"""What came of the last thing that somebody did, shown once on the next page they see."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_MOST = 100


@dataclass(frozen=True)
class Notice:
    """A sentence about what was done."""

    text: str
    detail: str = ""
    failed: bool = False


class Notices:
    """One notice for each session, in memory: a restart of the panel loses them and nothing else."""

    def __init__(self) -> None:
        self._by_session: OrderedDict[str, Notice] = OrderedDict()

    def leave(self, session: str, notice: Notice) -> None:
        """Keep it until the session's next page; the oldest of too many is forgotten."""
        self._by_session[session] = notice
        while len(self._by_session) > _MOST:
            self._by_session.popitem(last=False)

    def take(self, session: str) -> Notice | None:
        """The session's notice, which is then forgotten."""
        return self._by_session.pop(session, None)
