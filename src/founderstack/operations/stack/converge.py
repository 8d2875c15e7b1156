"""Carries out a plan: independent steps at the same time, each told as events, stopping at the first failure."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from founderstack.model.events import Event
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Desired
from founderstack.model.protocols import Clock, Emit, Runtime
from founderstack.operations.stack.step_report import reporting

_AGAIN_S = 0.2
WORKERS = 6
"""Steps at the same time: most wait for the network, the disk or a program that starts."""


def converge(plan: Plan, desired: Desired, runtime: Runtime, clock: Clock, emit: Emit) -> None:
    """Apply every step of the plan; on a failure, let what runs finish, then raise the first one.

    Where the caller is interrupted, what runs is broken off.
    """
    run = _Run(plan, desired, runtime, clock, emit)
    with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="step") as pool:
        try:
            run.go(pool)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            run.break_off()
            raise
    if run.failures:
        raise run.failures[0]


@dataclass
class _Run:
    plan: Plan
    desired: Desired
    runtime: Runtime
    clock: Clock
    emit: Emit

    def __post_init__(self) -> None:
        self.failures: list[BaseException] = []
        self._broken_off = False
        self._under_way: dict[str, Future[None]] = {}

    def go(self, pool: ThreadPoolExecutor) -> None:
        waiting = list(self.plan.steps)
        done: set[str] = set()
        ids = {step.id for step in waiting}
        running: dict[Future[None], Step] = {}
        while waiting or running:
            if not self.failures:
                for step in [step for step in waiting if all(n in done or n not in ids for n in step.needs)]:
                    waiting.remove(step)
                    running[pool.submit(self._one, step)] = step
            if not running:
                break
            # Python may miss a signal that comes just before it begins to wait: it looks again.
            finished, _ = wait(running, timeout=_AGAIN_S, return_when=FIRST_COMPLETED)
            for future in finished:
                step = running.pop(future)
                if (failure := future.exception()) is None:
                    done.add(step.id)
                else:
                    self.failures.append(failure)
        for step in waiting:
            self.emit(Event("skipped", step.id, self.clock.now(), family=step.family_id))

    def break_off(self) -> None:
        """End what the steps under way have begun, until all are over: after one program a step may begin another."""
        self._broken_off = True
        while under_way := tuple(self._under_way.values()):
            self.runtime.break_off()
            wait(under_way, timeout=_AGAIN_S)

    def _one(self, step: Step) -> None:
        over = self._under_way[step.id] = Future()
        try:
            if not self._broken_off:  # asked once it is listed: none is overlooked
                self._carry_out(step)
        finally:
            del self._under_way[step.id]
            over.set_result(None)

    def _carry_out(self, step: Step) -> None:
        with reporting(step.id, self.emit, self.clock, step.family_id) as report:
            self.runtime.apply(step, self.desired, lambda line: report.tell("progress", line))


def estimate(plan: Plan, typical: Sequence[float | None]) -> float | None:
    """Seconds that the plan's longest chain usually takes, or None where a step was never done to its end.

    After a run that stopped half way the steps that are known are the short ones, and the build is not among them.
    """
    took = {step.id: seconds for step, seconds in zip(plan.steps, typical, strict=True) if seconds is not None}
    if not took or len(took) < len(plan.steps):
        return None
    ends: dict[str, float] = {}
    for step in plan.steps:
        ends[step.id] = took[step.id] + max((ends.get(need, 0.0) for need in step.needs), default=0.0)
    return max(ends.values(), default=0.0)
