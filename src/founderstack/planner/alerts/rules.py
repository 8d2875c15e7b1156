"""Which conditions hold, and who is told of them when. Pure: facts and time come in, letters come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from founderstack.locale import _
from founderstack.model.alerts import Condition, Letter, Limits
from founderstack.planner.backups.warnings import GAP

CALM_S = 120.0
"""How long a condition must be gone before it counts as over; twice as long for each time it came back."""
MOST_CALM_S = 3600.0
FORGOTTEN_S = 86400.0
"""What was over for so long begins from the short calm again."""


@dataclass(frozen=True)
class Outgrown:
    """What a process took when it was started again for it."""

    used_mib: int
    limit_mib: int


@dataclass(frozen=True)
class ServiceFacts:
    """A process that the agent asks how it does."""

    name: str
    title: str
    down_s: float = 0.0
    """For how long it has been down, 0 where it is not."""
    error: str = ""
    outgrown: Outgrown | None = None
    """None where it was not started again for its memory within the last hour."""


@dataclass(frozen=True)
class DiskFacts:
    """A file system that the stack writes to."""

    path: str
    free_percent: float
    free_mib: int
    full_in_h: float | None = None


@dataclass(frozen=True)
class BackupFacts:
    """How the backups stand; times in seconds since the epoch, 0 where it never was."""

    failed: tuple[str, str] | None = None
    """What and why, where the last try failed."""
    late_s: float = 0.0
    """How much later than planned the next good set is, 0 where it is not."""
    newest: float = 0.0
    unproven_s: float = 0.0
    """How long ago a drill should have succeeded, 0 where it is not due."""
    proven: float = 0.0
    bad: Mapping[str, str] = field(default_factory=dict)
    """Set → why nobody could restore it, for sets whose last drill failed."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Place → how many sets it held and holds no more, though nobody here let go of them."""
    off_machine: bool = True
    """False where no copy leaves the machine."""
    chain_broken: float = 0.0
    """When pieces of the log were let go, so that recovery to a moment has a gap; 0 where it has none."""


@dataclass(frozen=True)
class AlertFacts:
    """All that alerts are judged by."""

    services: Sequence[ServiceFacts] = ()
    disks: Sequence[DiskFacts] = ()
    archive_waiting: int = 0
    """Segments of the write-ahead log that wait to be archived."""
    backups: BackupFacts | None = None
    """None where the stack makes no backups."""


@dataclass(frozen=True)
class Episode:
    """A condition that somebody was told of, while it lasts and for a day after."""

    condition: Condition
    began: float
    told: float
    """When it was last told."""
    gone: float = 0.0
    """Since when it does not hold, 0 while it does."""
    over: bool = False
    """True once its end was told."""
    times: int = 1
    """How often it began within a day."""


Ledger = Mapping[str, Episode]


def conditions(facts: AlertFacts, limits: Limits) -> tuple[Condition, ...]:
    """Everything that is not as it should be, each under a key of its own."""
    return (
        *(_down(service) for service in facts.services if service.down_s >= limits.service_down_s),
        *(_outgrown(service, service.outgrown) for service in facts.services if service.outgrown),
        *(found for disk in facts.disks if (found := _disk(disk, limits))),
        *_archive(facts, limits),
        *(_backups(facts.backups) if facts.backups else ()),
    )


def decide(ledger: Ledger, now_hold: Sequence[Condition], limits: Limits, now: float) -> tuple[Ledger, Letter | None]:
    """What is told now, in one letter, and what is remembered of it.

    A condition is told when it begins, again every `remind_h` while it lasts (a notice is not), and once more when it
    has been gone for a while. One that comes and goes needs ever longer to count as over, so it cannot make a storm.
    """
    held = {condition.key: condition for condition in now_hold}
    after: dict[str, Episode] = {}
    begun, lasting, over = [], [], []
    for key, condition in held.items():
        episode = ledger.get(key)
        if episode is None or episode.over:
            times = episode.times + 1 if episode else 1
            after[key] = Episode(condition, now, now, times=times)
            begun.append(condition)
        elif condition.severity == "problem" and not 0 <= now - episode.told < limits.remind_h * 3600:
            after[key] = replace(episode, condition=condition, told=now, gone=0.0)
            lasting.append(condition)
        else:
            after[key] = replace(episode, condition=condition, gone=0.0)
    for key, episode in ledger.items():
        if key in held:
            continue
        ended = _ended(episode, now)
        if ended is None:
            continue
        after[key] = ended
        if ended.over and not episode.over:
            over.append(episode.condition)
    letter = Letter(now, tuple(begun), tuple(lasting), tuple(over)) if begun or lasting or over else None
    return after, letter


def _ended(episode: Episode, now: float) -> Episode | None:
    """An episode whose condition does not hold now; None where it is forgotten."""
    gone = episode.gone if 0 < episode.gone <= now else now
    if episode.over:
        return None if now - gone > FORGOTTEN_S else replace(episode, gone=gone)
    calm = min(CALM_S * 2 ** (episode.times - 1), MOST_CALM_S)
    return replace(episode, gone=gone, over=now - gone >= calm)


def _down(service: ServiceFacts) -> Condition:
    return Condition(
        f"service:{service.name}",
        _("{title} has been down for {minutes} min").format(title=service.title, minutes=int(service.down_s / 60)),
        _("It does not answer: {error}").format(error=service.error or "–"),
        _("Look: founder logs {name}; then: founder restart {name}").format(name=service.name),
    )


def _outgrown(service: ServiceFacts, found: Outgrown) -> Condition:
    return Condition(
        f"memory:{service.name}",
        _("{title} outgrows its memory").format(title=service.title),
        _("It took {used} MiB of {limit} MiB, and was started again.").format(
            used=found.used_mib, limit=found.limit_mib
        ),
        _("Look: founder logs {name}; where it needs more, raise its memory_limit_mib in founder.toml").format(
            name=service.name
        ),
    )


def _disk(disk: DiskFacts, limits: Limits) -> Condition | None:
    free = {"percent": int(disk.free_percent), "mib": disk.free_mib}
    fix = _("Make room or a larger disk; see what takes it: founder doctor")
    soon = disk.full_in_h is not None and disk.full_in_h <= limits.disk_full_within_h
    if disk.free_percent >= limits.disk_free_percent and not soon:
        return None
    why = _("{percent} % are free ({mib} MiB).").format(**free)
    if soon:
        hours = max(1, round(disk.full_in_h or 0))
        why = _("{percent} % are free ({mib} MiB); as it goes on, it is full in {hours} h.").format(**free, hours=hours)
    return Condition(f"disk:{disk.path}", _("The disk with {path} fills").format(path=disk.path), why, fix)


def _archive(facts: AlertFacts, limits: Limits) -> Iterator[Condition]:
    if facts.archive_waiting >= limits.archive_queue:
        waiting = {"count": facts.archive_waiting, "mib": facts.archive_waiting * 16}
        yield Condition(
            "archive:queue",
            _("{count} pieces of the database's log wait to be archived").format(**waiting),
            _("They take {mib} MiB here, and what they hold exists on this machine only.").format(**waiting),
            _("See whether the place can be reached: founder backups; and why not: founder logs postgres"),
        )


def _backups(facts: BackupFacts) -> Iterator[Condition]:
    if facts.failed:
        what, why = facts.failed
        yield Condition(
            "backup:failed",
            _("The backup failed: {what}").format(what=what),
            _("Why: {why}").format(why=why),
            _("Cure what it says, then run: founder backup"),
        )
    if facts.late_s > 0:
        yield Condition(
            "backup:late",
            _("No backup for {hours} h longer than planned").format(hours=max(1, int(facts.late_s / 3600))),
            _last(facts.newest, _("The last good one is of {at}."), _("There is none yet.")),
            _("Take one: founder backup; see whether the agent runs: founder status"),
        )
    yield from _gone(facts)
    yield from _drills(facts)
    if facts.chain_broken:
        yield Condition(
            "backup:chain",
            _(GAP),
            _last(facts.chain_broken, _("The disk was nearly full at {at}, and pieces of its log were let go."), ""),
            _("It ends with the next full backup: founder backup --kind full"),
        )
    if not facts.off_machine:
        yield Condition(
            "backup:off-machine",
            _("No backup leaves this machine"),
            _("If the machine is lost, so are the backups."),
            _("Name an S3 place under [backup] in founder.toml; docs/backups.md shows how"),
            "notice",
        )


def _gone(facts: BackupFacts) -> Iterator[Condition]:
    why = _("It was emptied, set back to an earlier day, or clears up by a rule of its own. None is let go of now.")
    for place, count in facts.gone.items():
        yield Condition(
            f"backup:gone:{place}",
            _("Backups are gone from {place}: {count}").format(count=count, place=place),
            why,
            _("See which: founder backups; bring back what lies elsewhere: founder backup resend"),
        )


def _drills(facts: BackupFacts) -> Iterator[Condition]:
    for name, why in facts.bad.items():
        yield Condition(
            f"backup:bad:{name}",
            _("The backup {name} could not be restored").format(name=name),
            _("The drill says: {why}").format(why=why),
            _("Take a new one now: founder backup, and prove it: founder backup prove"),
        )
    if facts.unproven_s > 0:
        yield Condition(
            "backup:unproven",
            _("No backup has been proven for {hours} h longer than planned").format(
                hours=max(1, int(facts.unproven_s / 3600))
            ),
            _last(facts.proven, _("The last drill that went well was at {at}."), _("None has been restored yet.")),
            _("Prove one now: founder backup prove"),
        )


def _last(at: float, known: str, never: str) -> str:
    return known.format(at=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")) if at else never
