"""Watches for what somebody must be told, and sees to it that they are, also when the first try fails."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from founderstack.locale import Sentence, wire
from founderstack.model.alerts import SECRET_PREFIX, Condition, Letter, Limits
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.model.state_folder import StateFolder
from founderstack.planner.alerts.forecast import Sample, hours_until_full, kept
from founderstack.planner.alerts.rules import (
    AlertFacts,
    BackupFacts,
    DiskFacts,
    Episode,
    Ledger,
    ServiceFacts,
    conditions,
    decide,
)
from founderstack.world.keys.secrets import Secrets
from founderstack.world.os.disk import archive_waiting, broken_since, file_systems
from founderstack.world.os.files import read_json, write_atomic
from founderstack.world.os.processes import run

EVERY_S = 60.0
FIRST_RETRY_S = 30.0
LAST_RETRY_S = 3600.0
GIVEN_UP_S = 3 * 86400.0
"""A letter that could not be delivered for so long is dropped; what lasts is told again anyhow."""
MOST_LETTERS = 50
"""For each addressee; the oldest go."""
DELIVERY_S = 180.0
_OFTEN_S = 600.0
"""How often the state is written where nothing but the samples of a disk changed."""


@dataclass(frozen=True)
class QueuedLetter:
    """A letter on its way to one addressee."""

    to: str
    letter: Letter
    tries: int = 0
    next_try: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class AlertState:
    """What must outlive the agent: who was told of what, and what is still on its way."""

    ledger: Ledger
    posted: tuple[QueuedLetter, ...] = ()
    samples: Mapping[str, tuple[Sample, ...]] | None = None
    arrived: Mapping[str, float] | None = None
    """Addressee → when a letter last arrived there."""
    failing: Mapping[str, str] | None = None
    """Addressee → why the last try failed."""


Send = Callable[[Sequence[QueuedLetter]], Sequence[str]]
"""Tries each; for each "" where it arrived, else why it did not."""


class Alerts:
    """One turn a minute. `services` and `backups` tell what the agent knows; `send` is the way out."""

    def __init__(
        self,
        state_dir: str,
        services: Callable[[], Sequence[ServiceFacts]],
        backups: Callable[[], BackupFacts | None],
        clock: Clock,
        *,
        send: Send | None = None,
    ) -> None:
        self._state_dir = state_dir
        self._services = services
        self._backups = backups
        self._clock = clock
        self._send = send or (lambda posted: sent_by_child(state_dir, posted))
        self._path = StateFolder(state_dir).alerts
        self._secrets = Secrets(StateFolder(state_dir).secrets)
        self._kept: AlertState | None = None
        self._saved = 0.0

    async def turn(self) -> None:
        """See what holds, decide who is told, and send what is due; nothing happens where nobody wants to know."""
        about = read_json(StateFolder(self._state_dir).alert_settings)
        limits = about.get("limits")
        if not limits:
            return
        await asyncio.to_thread(self._work, Limits(**limits), about)

    def _work(self, limits: Limits, about: Mapping[str, Any]) -> None:
        now = self._clock.now()
        before = self._kept or restored(wire.revived(read_json(self._path)))
        to = [name for name in self._secrets.names() if name.startswith(SECRET_PREFIX)]
        samples, disks = self._disks(before.samples or {}, now)
        after = replace(before, samples=samples)
        if to:
            waiting = archive_waiting(str(about.get("archive_status", "")))
            facts = AlertFacts(
                self._services(), disks, waiting, self._how_backups_stand(str(about.get("archive_broken", "")))
            )
            ledger, letter = decide(before.ledger, conditions(facts, limits), limits, now)
            posted = tuple(one for one in before.posted if one.to in to)
            if letter:
                posted = _bounded((*posted, *(QueuedLetter(name, letter) for name in to)))
            after = replace(after, ledger=ledger, posted=posted)
        # Written before anything is sent: a letter may arrive twice, and never not at all.
        self._keep(after, urgent=after.posted != before.posted or after.ledger.keys() != before.ledger.keys())
        self._deliver(now)

    def _how_backups_stand(self, broken: str) -> BackupFacts | None:
        """What the schedule knows, and whether pieces of the log were let go."""
        found = self._backups()
        return replace(found, chain_broken=broken_since(broken)) if found else None

    def _deliver(self, now: float) -> None:
        assert self._kept is not None
        due = [one for one in self._kept.posted if not now < one.next_try <= now + LAST_RETRY_S]
        if not due:
            return
        answers = {id(one): answer for one, answer in zip(due, self._send(due), strict=True)}
        after = self._kept
        arrived, failing = dict(after.arrived or {}), dict(after.failing or {})
        still: list[QueuedLetter] = []
        for one in after.posted:
            error = answers.get(id(one))
            if error is None:
                still.append(one)
            elif error == "":
                arrived[one.to] = now
                failing.pop(one.to, None)
            else:
                failing[one.to] = error
                sys.stderr.write(f"alerts: {one.to}: {error}\n")
                if now - one.letter.made < GIVEN_UP_S:
                    wait = min(FIRST_RETRY_S * 2**one.tries, LAST_RETRY_S)
                    still.append(replace(one, tries=one.tries + 1, next_try=now + wait, error=error))
        self._keep(replace(after, posted=tuple(still), arrived=arrived, failing=failing), urgent=True)

    def _keep(self, after: AlertState, *, urgent: bool) -> None:
        steady = self._clock.monotonic()
        self._kept = after
        if urgent or steady - self._saved >= _OFTEN_S:
            write_atomic(self._path, wire.dumps(as_values(after), separators=(",", ":")) + "\n", mode=0o600)
            self._saved = steady

    def _disks(
        self, before: Mapping[str, tuple[Sample, ...]], now: float
    ) -> tuple[dict[str, tuple[Sample, ...]], list[DiskFacts]]:
        samples, facts = {}, []
        for path, total, free in file_systems([self._state_dir]):
            samples[path] = kept(before.get(path, ()), now, free)
            full = hours_until_full(samples[path], now, free)
            facts.append(DiskFacts(path, 100 * free / max(total, 1), int(free), full))
        return samples, facts


def sent_by_child(state_dir: str, posted: Sequence[QueuedLetter]) -> Sequence[str]:
    """Deliver by a process of its own that ends: what knows the many ways to send is too large to stay."""
    work = [{"to": one.to, "letter": asdict(one.letter)} for one in posted]
    command = [sys.executable, "-I", "-m", "founderstack.agent.deliver", "--state", state_dir]
    try:
        said = run(command, stdin=wire.dumps(work), timeout_s=DELIVERY_S, nice=5)
        answers = wire.loads(said.out)["answers"]
        return answers if len(answers) == len(posted) else ["no answer"] * len(posted)
    except StackError as error:
        return [error.summary] * len(posted)
    except (ValueError, TypeError, KeyError) as error:
        return [str(error)] * len(posted)


def _bounded(posted: tuple[QueuedLetter, ...]) -> tuple[QueuedLetter, ...]:
    newest: dict[str, int] = {}
    found: list[QueuedLetter] = []
    for one in reversed(posted):
        newest[one.to] = newest.get(one.to, 0) + 1
        if newest[one.to] <= MOST_LETTERS:
            found.append(one)
    return tuple(reversed(found))


def as_values(kept_: AlertState) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "v": 1,
        "ledger": {key: asdict(episode) for key, episode in kept_.ledger.items()},
        "posted": [asdict(one) for one in kept_.posted],
        "samples": kept_.samples,
        "arrived": kept_.arrived,
        "failing": kept_.failing,
    }


def restored(values: Mapping[str, Any]) -> AlertState:
    """What `as_values` gave, or nothing where the values make no sense: then what lasts is told once more."""
    try:
        return AlertState(
            {
                key: Episode(**{**found, "condition": _condition(found["condition"])})
                for key, found in values["ledger"].items()
            },
            tuple(QueuedLetter(**{**queued, "letter": letter_of(queued["letter"])}) for queued in values["posted"]),
            {
                path: tuple((float(at), float(free)) for at, free in row)
                for path, row in (values["samples"] or {}).items()
            },
            dict(values["arrived"] or {}),
            dict(values["failing"] or {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return AlertState({})


def letter_of(values: Mapping[str, Any]) -> Letter:
    """The letter that `asdict` made plain."""
    parts = {name: tuple(_condition(told) for told in values[name]) for name in ("begun", "lasting", "over")}
    return Letter(float(values["made"]), **parts)


def _condition(values: Mapping[str, Any]) -> Condition:
    what, why, fix = (_said(values[name]) for name in ("what", "why", "fix"))
    return Condition(str(values["key"]), what, why, fix, values["severity"])


def _said(value: Any) -> str:
    """A part of a condition, also as the first version wrote it: `{"text": …, "values": …}`."""
    return Sentence(str(value["text"]), dict(value["values"])) if isinstance(value, Mapping) else value
