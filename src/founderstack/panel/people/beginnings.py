"""Second factors that somebody has begun to set up: a secret that counts for nothing until a code proves it."""

from __future__ import annotations

from collections import OrderedDict

from founderstack.panel.people.second_factor import new_secret

_MOST = 100


class Beginnings:
    """One secret for each session, in memory: a restart of the panel loses them and nothing else."""

    def __init__(self) -> None:
        self._by_session: OrderedDict[str, str] = OrderedDict()

    def secret(self, session: str) -> str:
        """The session's secret, made on the first asking."""
        found = self._by_session.setdefault(session, new_secret())
        while len(self._by_session) > _MOST:
            self._by_session.popitem(last=False)
        return found

    def forget(self, session: str) -> None:
        """It was used, or given up."""
        self._by_session.pop(session, None)
