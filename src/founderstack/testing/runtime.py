"""A runtime without processes: every step takes effect in memory, in the same terms as on a machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from founderstack.model.errors import StackError
from founderstack.model.plan import Step
from founderstack.model.process import Desired, Instance, State
from founderstack.model.protocols import Clock, ProcessCondition, ProcessStatus, SecretStore
from founderstack.planner.stack.state import inputs_of, instance_of


@dataclass(frozen=True)
class _Applied:
    instance: Instance
    pid: int
    since: float
    condition: ProcessCondition = "running"


class FakeRuntime:
    """A model.protocols.Runtime in memory. `fail` makes a step fail; `die` and `give_up` end processes."""

    def __init__(self, secrets: SecretStore, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._changing = threading.Lock()
        self._last_pid = 100
        self._processes: dict[str, _Applied] = {}
        self._tasks: dict[str, str] = {}
        self._rings: dict[str, tuple[str, ...]] = {}
        self._failures: dict[str, StackError] = {}
        self._output: dict[str, list[str]] = {}
        self.steps: list[str] = []
        """Ids of the steps that took effect, in order."""
        self.forgotten = False

    def fail(self, step_id: str, error: StackError | None = None) -> None:
        """Let every later try of a step fail, until `mend`."""
        self._failures[step_id] = error or StackError(f"{step_id} did not hold", "A test says so.", "Mend it.")

    def mend(self, step_id: str) -> None:
        """Let a step succeed again."""
        self._failures.pop(step_id, None)

    def die(self, name: str) -> None:
        """End a process from outside: it comes back at once, as another process."""
        self._begin(name, self._processes[name].instance)

    def give_up(self, name: str) -> None:
        """End a process so often that nothing starts it again but `revive`."""
        self._processes[name] = replace(self._processes[name], condition="failing", pid=0)

    def observe(self) -> State:
        """What is applied and running now, as digests."""
        return State(
            processes={
                name: replace(applied.instance, up=applied.condition == "running")
                for name, applied in self._processes.items()
            },
            tasks=dict(self._tasks),
            rings=dict(self._rings),
        )

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        """Carry out one step, or raise what `fail` said."""
        with self._changing:
            if step.id in self._failures:
                self._leave_nothing_of_a_failed_start(step, desired)
                raise self._failures[step.id]
            self._carry_out(step, desired)
            self.steps.append(step.id)
        progress(f"{step.id} holds")

    def statuses(self) -> Sequence[ProcessStatus]:
        """Every process, as it is now."""
        return tuple(
            ProcessStatus(name, applied.condition, applied.pid, applied.since)
            for name, applied in self._processes.items()
        )

    def restart(self, process: str) -> None:
        """Give one process another pid."""
        self._begin(process, self._known(process).instance)

    def pause(self, process: str) -> None:
        """Stop one process on purpose."""
        self._processes[process] = replace(self._known(process), condition="stopped", pid=0)

    def resume(self, process: str) -> None:
        """Start one process again, where it does not run."""
        if self._known(process).condition != "running":
            self._begin(process, self._processes[process].instance)

    def renew(self) -> Sequence[str]:
        """Nothing ends by itself here."""
        return ()

    def revive(self) -> Sequence[str]:
        """Start again what was given up on."""
        names = [name for name, applied in self._processes.items() if applied.condition == "failing"]
        for name in names:
            self._begin(name, self._processes[name].instance)
        return names

    def last_lines(self, process: str, count: int) -> list[str]:
        """One line for each time that the process began."""
        return self._output.get(process, [])[-count:]

    def break_off(self) -> None:
        """No step takes any time here."""

    def shut_down(self) -> None:
        """Everything that still runs ends; what was applied stays known."""
        self._processes = {
            name: replace(applied, condition="stopped", pid=0) for name, applied in self._processes.items()
        }

    def forget(self) -> None:
        """Remember that it was asked to forget."""
        self.forgotten = True

    def _known(self, name: str) -> _Applied:
        if name not in self._processes:
            raise StackError(f"There is no process “{name}”", "Nothing of that name was started.", "founder status")
        return self._processes[name]

    def _carry_out(self, step: Step, desired: Desired) -> None:
        match step.verb:
            case "do":
                self._tasks[step.target] = inputs_of(desired.tasks[step.target], self._secrets.digests())
            case "start" | "restart":
                self._begin(step.target, instance_of(desired.processes[step.target], self._secrets.digests()))
            case "reload":
                instance = instance_of(desired.processes[step.target], self._secrets.digests())
                self._processes[step.target] = replace(self._processes[step.target], instance=instance)
            case "switch":
                self._rings[step.target] = desired.rings[step.target]
            case "stop":
                self._processes.pop(step.target, None)

    def _leave_nothing_of_a_failed_start(self, step: Step, desired: Desired) -> None:
        if step.verb == "start" and desired.processes[step.target].ring:
            self._processes.pop(step.target, None)

    def _begin(self, name: str, instance: Instance) -> None:
        self._last_pid += 1
        self._processes[name] = _Applied(instance, self._last_pid, self._clock.now())
        self._output.setdefault(name, []).append(f"{name} began as {self._last_pid}")
