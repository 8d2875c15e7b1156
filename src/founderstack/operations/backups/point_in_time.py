"""Back to a moment: databases as they were then, beside or in place; or the whole server, also a lost one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from founderstack.locale import _, joined
from founderstack.model.backup import Manifest
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.plan import Step
from founderstack.model.point_in_time import (
    NOTHING_LEFT,
    PointInTime,
    RecoveryEnd,
    Stock,
    StoredBackup,
    SurvivingLog,
    Target,
)
from founderstack.model.protocols import Emit, Progress
from founderstack.model.vault import Vault
from founderstack.operations.backups.backup import remember, safety_set
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.planner.backups.point_in_time import beginning

_T = TypeVar("_T")
RECOVER, PLACE = "restore:recover", "restore:place"


@dataclass(frozen=True)
class RecoveryPlan:
    """A decided way back, to be shown and approved."""

    begin: StoredBackup
    target: Target
    loss_s: float
    """Seconds between the moment and now: what was written since is not in it."""
    seconds: float | None
    """How long it took the last time."""
    replaces: bool
    """True where the whole server is replaced."""
    log: SurvivingLog
    """What of the lost server's log is used besides what was archived."""


@dataclass(frozen=True)
class Answers:
    """What somebody is asked on the way; each raises StackError when the answer is no."""

    approve: Callable[[RecoveryPlan], None]
    """Shows what will happen."""
    without_safety: Callable[[StackError], None]
    """No safety set can be taken, and why."""


def decide(
    site: Site, moments: PointInTime, target: Target, log: SurvivingLog = NOTHING_LEFT, *, replaces: bool
) -> RecoveryPlan:
    """The way to the moment; raises StackError where there is none, or no room for it."""
    now = site.clock.now()
    stock = moments.stored()
    try:
        begin = beginning(stock.backups, moments.gaps(), target, now, moments.major)
    except StackError as refused:
        raise (_silent(refused, stock) if stock.unknown else refused) from None
    _refuse_full_disk(moments, begin.size + log.bytes)
    loss = max(now - target.at, 0.0) if target.kind == "time" else 0.0
    return RecoveryPlan(begin, target, loss, site.history.typical_seconds(RECOVER), replaces, log)


def set_of_moment(site: Site, vault: Vault, moments: PointInTime, target: Target, emit: Emit) -> Manifest:
    """A set of what the databases held at that moment, taken beside the running server, which goes on serving.

    Asked for again after a kill, the set that is there already is the answer.
    """
    with vault.lock("restore"):
        if moments.answers():
            moments.hand_on()
        log = moments.surviving("")
        way = decide(site, moments, target, log, replaces=False)
        with reporting(RECOVER, noted(site.history, emit), site.clock) as report:
            return moments.as_set(way.begin, target, log.folder, report.progress)


def forget_set(site: Site, vault: Vault, manifest: Manifest) -> None:
    """Remove the set of a moment once it has served."""
    with vault.lock("restore"):
        vault.remove("local", manifest.id)
        remember(site, vault)


@dataclass(frozen=True)
class ReplacedServer:
    """What became of the whole server."""

    way: RecoveryPlan
    kept: str
    """Folder in which the former server's data lie on, "" where there were none."""
    safety: str
    """Id of the set that was taken first, "" where the server could not be asked."""
    came: RecoveryEnd


def whole_server(
    site: Site,
    vault: Vault,
    moments: PointInTime,
    target: Target,
    answers: Answers,
    emit: Emit,
    *,
    wal: str = "",
    safety: bool = True,
) -> ReplacedServer:
    """The whole server as it was at that moment, in the place of the one that runs or is lost.

    What is left of it is kept beside, and its log is used where it survived (`wal`, or its own place). A safety set is
    taken first where the server answers and one is wanted; where it cannot be, `answers` decides. One that was killed
    is taken up where it stopped.
    """
    with site.lock("restore"), vault.lock("restore"), ExitStack() as stopped:
        kept_in, log = "", moments.surviving(wal)
        answering = moments.answers()
        if answering:
            moments.hand_on()
        else:
            # A supervisor that tries to start it ends everything else that runs as its user, pgBackRest too.
            stopped.enter_context(_database_stopped(site))
        way = decide(site, moments, target, log, replaces=True)
        answers.approve(way)
        if answering:
            to = target.text or target.kind
            kept_in = safety_set(site, vault, to, emit, answers.without_safety) if safety else ""
            stopped.enter_context(_database_stopped(site))
        came = None if answering else moments.recovered(target, wal)  # one that runs may have gone on since
        if came is None:
            with reporting(RECOVER, noted(site.history, emit), site.clock) as report:
                came = moments.rebuild(way.begin, target, log, report.progress)
        kept = moments.put_in_place(target)
        stopped.close()
        with reporting(PLACE, noted(site.history, emit), site.clock) as report:
            _settle(site, report.progress)
        remember(site, vault)
        return ReplacedServer(way, kept, kept_in, came)


@contextmanager
def _database_stopped(site: Site) -> Iterator[None]:
    """Nothing of the role's component runs in the block; afterwards it does again, whatever happened."""
    part = site.stack.parts["database"].name
    desired = prepare(site).resolved.desired.processes
    names = [name for name in site.runtime.observe().processes if name in desired]
    names = [name for name in names if desired[name].component == part]
    site.changed()
    for name in names:
        site.runtime.pause(name)
    try:
        yield
    except BaseException:
        with suppress(StackError):  # what went wrong first is what must be told
            _resume(site, names)
        raise
    _resume(site, names)


def _resume(site: Site, names: Sequence[str]) -> None:
    for name in names:
        site.runtime.resume(name)


def _settle(site: Site, progress: Progress) -> None:
    """Passwords and roles as the stack has them now: in the recovered server they are those of then."""
    part = site.stack.parts["database"]
    desired = prepare(site).resolved.desired
    for name in site.components[part.component].ready(part.name):
        if name in desired.tasks:
            progress(name, 0)
            site.runtime.apply(Step("do", name, _("it is back")), desired, lambda _line: None)


def _silent(refused: StackError, stock: Stock) -> StackError:
    """What is refused may well be possible: a repository did not say what it holds."""
    said = joined(
        "; ",
        (
            _("Repository {number} does not say what it holds: {why}").format(number=number, why=why)
            for number, why in stock.unknown.items()
        ),
    )
    return StackError(refused.what, said, _("Cure what it says, then run the command again."))


def _refuse_full_disk(moments: PointInTime, size: int) -> None:
    needed, free = size // 2**20 + 256, moments.free_mib()
    if free < needed:
        raise StackError(
            _("There is not enough room to go back"),
            _("A copy of the server needs about {needed} MiB beside the present one, and {free} MiB are free.").format(
                needed=needed, free=free
            ),
            _("Make room on that disk; what takes it is shown by: founder doctor"),
            exit_code=EXIT_PRECONDITION,
        )
