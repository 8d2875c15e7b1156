"""The releases of the app that are kept, and which of them serves: one durable file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Clock
from founderstack.model.source import Revision
from founderstack.model.stack import Release
from founderstack.world.os import files

KEPT = 6
"""The one that serves and five to go back to."""


class Releases:
    """An operations.stack.site.ReleaseStore over `releases.json`."""

    def __init__(self, path: str, clock: Clock, keep_only: Callable[[set[str]], object]) -> None:
        self._path = path
        self._clock = clock
        self._keep_only = keep_only
        """Told the digests of the releases that are kept whenever some are no longer."""

    def all(self) -> Sequence[Release]:
        """Kept releases, oldest first."""
        return self._read()[0]

    def current(self) -> Release | None:
        """The release that serves, None before the first."""
        kept, number = self._read()
        return next((release for release in kept if release.number == number), None)

    def save_current(self, release: Release, *, drop: bool = True) -> None:
        """Remember that this release serves. The oldest go when there are too many, unless instances of theirs may
        still be at work. Nothing happens twice."""
        kept, number = self._read()
        known = next((other for other in kept if other.number == release.number), None)
        stamped = replace(release, created=known.created if known else self._today())
        others = [other for other in kept if other.number != release.number]
        chosen = sorted([*others, stamped], key=lambda other: other.number)
        if drop and len(chosen) > KEPT:
            chosen = chosen[-KEPT:] if stamped in chosen[-KEPT:] else [stamped, *chosen[1 - KEPT :]]
        if chosen == kept and number == release.number:
            return
        text = json.dumps({"v": 1, "current": release.number, "releases": [asdict(one) for one in chosen]}, indent=1)
        files.write_atomic(self._path, text, mode=0o640)
        if {other.digest for other in kept} - {other.digest for other in chosen}:
            self._keep_only({other.digest for other in chosen})

    def _today(self) -> str:
        return datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC).isoformat(timespec="seconds")

    def _read(self) -> tuple[list[Release], int]:
        text = files.read_text(self._path)
        if text is None:
            return [], 0
        try:
            content = json.loads(text)
            return [_release(one) for one in content["releases"]], int(content["current"])
        except (ValueError, KeyError, TypeError) as error:
            raise StackError(
                _("{path} cannot be read").format(path=self._path),
                _("It is not the list of releases that founder writes."),
                _("Put it back from a backup; or remove it, and the next “founder up” builds release 1 anew."),
                exit_code=EXIT_PRECONDITION,
            ) from error


def _release(values: Mapping[str, Any]) -> Release:
    return Release(**{**values, "revision": Revision(**values.get("revision", {}))})
