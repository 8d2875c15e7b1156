"""The host runtime: observes what runs on this machine and carries out steps on it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from founderstack.locale import N_, _
from founderstack.model.errors import StackError
from founderstack.model.plan import Step
from founderstack.model.process import Desired, PythonEnvironment, State, Task
from founderstack.model.protocols import Clock, ProcessStatus, SecretStore
from founderstack.model.stack import Machine, Places
from founderstack.planner.stack.state import inputs_of, instance_of
from founderstack.runtimes.host import launch, rings
from founderstack.runtimes.host.commands import Fill
from founderstack.runtimes.host.launcher import Launcher
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.placer import Placer
from founderstack.runtimes.host.records import instance_of as applied_instance
from founderstack.runtimes.host.supervisor import Supervisor
from founderstack.runtimes.host.work import BUILDER, Work
from founderstack.world.install import builds
from founderstack.world.os import accounts, files, processes as programs
from founderstack.world.os.clock import until
from founderstack.world.state.settled import Traces

SUPERVISOR = "supervisor-4.3.0"
_START_TIMEOUT_S = 15.0
FOUNDATION: tuple[Task, ...] = (
    Task(
        name="host/supervisor",
        component="supervisor",
        summary=N_("supervisor, which keeps the processes running"),
        action=PythonEnvironment(SUPERVISOR, pins="supervisor.txt"),
    ),
)
"""What every process of this runtime needs first."""


class HostRuntime:
    """One stack's processes on this machine (a model.protocols.Runtime)."""

    def __init__(
        self, stack: str, places: Places, machine: Machine, secrets: SecretStore, fill: Fill, clock: Clock
    ) -> None:
        self.stack = stack
        self._places = places
        self._layout = Layout(places.state)
        self._machine = machine
        self._secrets = secrets
        self._starting = threading.Lock()
        self._refused: StackError | None = None
        self.supervisor = Supervisor(self._layout.supervisor_socket)
        placer = Placer(stack, machine, fill)
        self._launcher = Launcher(stack, self._layout, machine, placer, self.supervisor, fill, clock)
        self._work = Work(stack, self._layout, places, placer, fill, clock)

    def observe(self) -> State:
        """What is applied and running now, as digests."""
        records = self._launcher.records.all()
        running = {status.name for status in self.statuses() if status.condition in ("running", "starting")}
        return State(
            processes={name: applied_instance(record, up=name in running) for name, record in records.items()},
            tasks=self._work.done(),
            rings=rings.members(self._layout, records),
        )

    def apply(self, step: Step, desired: Desired, progress: Callable[[str], None]) -> None:
        """Carry out one step and return when it holds."""
        match step.verb:
            case "do":
                task = desired.tasks[step.target]
                self._work.do(task, inputs_of(task, self._secrets.digests()), progress)
            case "start" | "restart" | "reload":
                process = desired.processes[step.target]
                self.ensure_supervisor()
                act = getattr(self._launcher, step.verb)
                act(process, instance_of(process, self._secrets.digests()))
            case "switch":
                records = self._launcher.records.all()
                rings.point(self._layout, step.target, [records[name]["socket"] for name in desired.rings[step.target]])
            case "stop":
                self._launcher.stop(step.target)

    def statuses(self) -> Sequence[ProcessStatus]:
        """Every process the supervisor keeps, as it is now."""
        return self.supervisor.statuses()

    def restart(self, process: str) -> None:
        """Stop and start one process as it is, and wait until it is ready."""
        self._launcher.again(process)

    def pause(self, process: str) -> None:
        """Stop one process on purpose, and leave what was applied of it."""
        self._launcher.pause(process)

    def resume(self, process: str) -> None:
        """Start one process as it was applied, and wait until it is ready."""
        self.ensure_supervisor()
        self._launcher.resume(process)

    def set_aside(self, processes: Sequence[str]) -> None:
        """Have the slots of these lead to the other instances of their ring, where there are any."""
        rings.set_aside(self._layout, self._launcher.records.all(), processes)

    def take_back(self, process: str) -> None:
        """Have an instance that was set aside serve its share again."""
        rings.take_back(self._layout, self._launcher.records.all(), process)

    def revive(self) -> Sequence[str]:
        """Start again what the supervisor has given up on."""
        given_up = self.supervisor.fatal()
        for name in given_up:
            self.supervisor.start(name)
        return given_up

    def renew(self) -> Sequence[str]:
        """Make certificates anew that end soon, and have those who serve them read them; the tasks done again."""
        renewed = self._work.renew()
        for name, record in self._launcher.records.all().items():
            if set(renewed) & set(record.get("follows", ())):
                self._launcher.signal_reload(name)
        return renewed

    def last_lines(self, process: str, count: int) -> list[str]:
        """The last lines of a process's output."""
        return self._launcher.last_lines(process, count)

    def ensure_supervisor(self) -> None:
        """Start the supervisor where it does not run; processes that were applied come up with it."""
        with self._starting:
            if self._refused is not None:
                raise self._refused
            if self.supervisor.answers():
                return
            try:
                self.start_resident()
            except StackError as error:
                # The other steps of this run would each wait as long, for the same answer.
                self._refused = error
                raise

    def start_resident(self) -> None:
        """Start the supervisor, by systemd where a unit of ours is installed, and wait until it answers."""
        self._prepare()
        if os.path.exists(self.unit_file) and os.path.isdir("/run/systemd/system"):
            programs.run(["systemctl", "start", self.unit], timeout_s=60)
        else:
            programs.spawn_detached(self.supervisor_argv, log=f"{self._layout.supervisor_log}.start")
        if not until(self.supervisor.answers, _START_TIMEOUT_S):
            raise StackError(
                _("The supervisor did not start"),
                _("It did not answer within {seconds:.0f} s; it writes to {log}.").format(
                    seconds=_START_TIMEOUT_S, log=self._layout.supervisor_log
                ),
                _("Read that file, mend the cause, and run the command again."),
            )

    def break_off(self) -> None:
        """End the programs that steps have started, and their waits; an installation of packages goes to its end."""
        self._launcher.broken_off = True
        programs.break_off()

    def shut_down(self) -> None:
        """End the supervisor, after every process was stopped."""
        if not self.supervisor.answers():
            return
        pid = int(files.read_text(self._layout.supervisor_pid) or 0)
        self.supervisor.shut_down()
        # Not only until it is silent: on its way out it removes its socket, which may be its successor's by then.
        until(lambda: not self.supervisor.answers() and not programs.alive(pid), _START_TIMEOUT_S)

    def forget(self) -> None:
        """Remove the system users of this stack and its claim on releases; its folders are the caller's to remove."""
        # A build outlives a command that was killed.
        builder = accounts.user_name(self.stack, BUILDER)
        accounts.end_all_of(builder)
        builds.close_caches(self._places, builder)
        builds.prune_releases(self._places, set())
        accounts.remove_users(self.stack)

    @property
    def state(self) -> str:
        """The stack's state folder."""
        return self._places.state

    @property
    def traces(self) -> Traces:
        """By what the next look knows that nothing has changed."""
        return Traces(self._layout.supervisor_socket, (self._layout.launches, self._layout.programs))

    @property
    def supervisor_argv(self) -> list[str]:
        """The command that runs the supervisor in the foreground."""
        # Not bin/supervisord: its first line names the path that the environment was made at.
        python = f"{self._places.environment(SUPERVISOR)}/bin/python"
        return [python, "-I", "-m", "supervisor.supervisord", "-n", "-c", self._layout.supervisor_configuration]

    @property
    def unit(self) -> str:
        """Name of the systemd unit that starts this stack at boot."""
        return f"founder-{self.stack}.service"

    @property
    def unit_file(self) -> str:
        """Where that unit is installed."""
        return f"/etc/systemd/system/{self.unit}"

    def _prepare(self) -> None:
        for folder, mode in (("supervisor", 0o700), ("supervisor/programs", 0o700), ("log", 0o755), ("launch", 0o755)):
            files.ensure_folder(f"{self._places.state}/{folder}", mode=mode)
        text = launch.supervisor_configuration(self._layout, self.stack)
        files.write_atomic(self._layout.supervisor_configuration, text, mode=0o600)
