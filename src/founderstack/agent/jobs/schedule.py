"""Begins what is due on a schedule, as jobs: backups and drills. What was missed while nobody was there comes soon."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from founderstack.locale import joined, wire
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.model.state_folder import StateFolder
from founderstack.planner.alerts.rules import BackupFacts
from founderstack.planner.backups.schedule import Attempts, ahead, due, overdue_s
from founderstack.world.os.files import read_json, read_text, write_atomic

LOOK_S = 60.0
LATE_AFTER_S = 2 * 3600.0
"""A backup may take its time, and be tried again, before somebody is told that it is late."""
_ENDED = ("done", "failed", "lost")
_SPEAKER = "schedule"


class Jobs(Protocol):
    """Where long verbs are run (an agent.jobs.jobs.Jobs)."""

    async def run(self, verb: str, options: Mapping[str, Any], by: str) -> str: ...
    def get(self, job_id: str) -> dict[str, Any]: ...


@dataclass(frozen=True)
class _Wanted:
    """One thing that is done on a schedule."""

    verb: str
    schedule: str
    options: Mapping[str, Any]
    urgent: bool = False


class Schedule:
    """One turn a minute. What is remembered lies in a file, so that an agent that begins anew repeats nothing."""

    def __init__(self, state_dir: str, jobs: Jobs, clock: Clock, known: Callable[[str], bool]) -> None:
        """`known` tells whether a verb can be run as a job."""
        lies = StateFolder(state_dir)
        self._settings = lies.backup_settings
        self._index = lies.backup_index
        self._path = lies.schedule
        self._jobs = jobs
        self._clock = clock
        self._known = known
        self._kept: dict[str, dict[str, Any]] | None = None

    async def turn(self) -> None:
        """Note what has ended, and begin what is due; nothing where the stack makes no backups."""
        about = await asyncio.to_thread(read_json, self._settings)
        if not about.get("schedule"):
            return
        kept = self._remembered()
        before = json.dumps(kept, sort_keys=True)
        index = await asyncio.to_thread(read_json, self._index)
        wanted = [_Wanted("backup", str(about["schedule"]), {"kind": ""}, urgent=_keeps_nothing(about))]
        sets = _counted(index, self._clock.now())
        if sets and not _known_bad(sets[0]):
            wanted.append(_Wanted("prove", str(about["prove"]), {"set": ""}))
        try:
            for one in wanted:
                if self._known(one.verb):
                    # They take one lock: the one that is due second waits for its turn, and has not failed.
                    busy = any(other.get("job") for verb, other in kept.items() if verb != one.verb)
                    await self._one(kept.setdefault(one.verb, {}), one, str(about["stack"]), busy=busy)
        finally:  # what was begun is begun, whatever became of the others
            if json.dumps(kept, sort_keys=True) != before:
                await asyncio.to_thread(write_atomic, self._path, wire.dumps(kept) + "\n", mode=0o600)

    def facts(self) -> BackupFacts | None:
        """How the backups stand, for alerts; None where the stack makes none."""
        about, index = read_json(self._settings), wire.revived(read_json(self._index))
        if not about.get("schedule"):
            return None
        now, stack = self._clock.now(), str(about["stack"])
        sets = _counted(index, now)
        tried = self._remembered().get("backup", {})
        newest = float(index.get("newest") or 0.0)
        seen = newest or _attempts(tried).first_seen
        late = overdue_s(str(about["schedule"]), seen, now, stack) if seen else 0.0
        proofs = [one["proven"] for one in sets if one.get("proven")]
        good = max((float(proof["at"]) for proof in proofs if proof["ok"] and not ahead(proof["at"], now)), default=0.0)
        waiting = good or (min((float(one["taken_at"]) for one in sets), default=0.0))
        unproven = overdue_s(str(about["prove"]), waiting, now, stack) if waiting else 0.0
        return BackupFacts(
            failed=tuple(tried["failed"]) if tried.get("failed") else None,
            late_s=late if late > LATE_AFTER_S else 0.0,
            newest=newest,
            unproven_s=unproven if unproven > LATE_AFTER_S else 0.0,
            proven=good,
            chain_broken=_let_go(about),
            off_machine=bool(index.get("off_machine", True)),
            gone={str(place["name"]): len(place["gone"]) for place in index.get("places") or () if place.get("gone")},
            bad={
                str(one["id"]): joined(" ", one["proven"]["problems"])
                for one in sets
                if one.get("proven") and not one["proven"]["ok"]
            },
        )

    async def _one(self, kept: dict[str, Any], wanted: _Wanted, stack: str, *, busy: bool) -> None:
        now = self._clock.now()
        attempts = _attempts(kept)
        if not attempts.first_seen or ahead(attempts.first_seen, now):
            attempts = replace(attempts, first_seen=now)
        if kept.get("job"):
            ended = self._ended(kept)
            if ended is None:
                return
            attempts = attempts.ended(well=ended)
        if not busy and due(wanted.schedule, attempts, now, stack, urgent=wanted.urgent):
            kept["job"] = await self._jobs.run(wanted.verb, wanted.options, _SPEAKER)
            attempts = attempts.began(now)
        kept.update(asdict(attempts))

    def _ended(self, kept: dict[str, Any]) -> bool | None:
        """How the job that was begun has ended, None while it runs; why it failed is remembered."""
        try:
            job = self._jobs.get(kept["job"])
        except StackError:  # forgotten, because many came after it
            job = {"state": "lost"}
        if job["state"] not in _ENDED:
            return None
        kept["job"] = ""
        error = job.get("error") or {}
        kept["failed"] = None if job["state"] == "done" else [error.get("what", job["state"]), error.get("why", "")]
        return bool(job["state"] == "done")

    def _remembered(self) -> dict[str, dict[str, Any]]:
        if self._kept is None:
            self._kept = {
                name: dict(value)
                for name, value in wire.revived(read_json(self._path)).items()
                if isinstance(value, dict)
            }
        return self._kept


def _attempts(kept: Mapping[str, Any]) -> Attempts:
    names = ("first_seen", "good", "last", "failures")
    values = {name: kept[name] for name in names if isinstance(kept.get(name), (int, float))}
    return Attempts(**values)


def _counted(index: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """The sets of the list but those from the future, newest first (as planner.backups.counting)."""
    return [one for one in index.get("sets") or () if not ahead(float(one.get("taken_at") or 0.0), now)]


def _known_bad(newest: Mapping[str, Any]) -> bool:
    """True where the newest set could not be restored: it is tried again when somebody asks, and the next one is."""
    return bool(newest.get("proven")) and not newest["proven"]["ok"]


def _let_go(about: Mapping[str, Any]) -> float:
    """Since when the log of changes was let go because the disk was nearly full; 0.0 where its chain is whole."""
    words = (read_text(f"{about['archive']}/broken") or "").split() if about.get("archive") else []
    return float(words[0]) if words else 0.0


def _keeps_nothing(about: Mapping[str, Any]) -> bool:
    """True where the log of changes shall be kept and is not, until the next backup: no moment is reachable since."""
    return bool(about.get("archive")) and not os.path.exists(f"{about['archive']}/wanted")
