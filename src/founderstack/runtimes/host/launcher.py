"""Starts, changes and stops single processes under the supervisor."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from founderstack.locale import _
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.model.process import Around, Command, File, Instance, Probe, Process
from founderstack.model.protocols import Clock
from founderstack.model.record import identity_of
from founderstack.model.stack import Machine
from founderstack.runtimes.host import endings, launch, patience, rings
from founderstack.runtimes.host.commands import Fill, around_restart, run_command
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.placer import Owner, Placer
from founderstack.runtimes.host.records import Record, Records, around_of, probe_of, process_record
from founderstack.runtimes.host.supervisor import Supervisor
from founderstack.runtimes.host.unready import not_ready
from founderstack.world.net import network, probes
from founderstack.world.os import files, processes as programs

LOG_LINES = 15
_LINES_OF_LIVES = 60
_POLL_S = 0.05
_CHECK_TIMEOUT_S = 30


class Launcher:
    """Carries out what one step asks of one process."""

    def __init__(
        self,
        stack: str,
        layout: Layout,
        machine: Machine,
        placer: Placer,
        supervisor: Supervisor,
        fill: Fill,
        clock: Clock,
        load: Callable[[], float] = patience.load,
    ) -> None:
        self._stack = stack
        self._layout = layout
        self._machine = machine
        self._placer = placer
        self._supervisor = supervisor
        self._fill = fill
        self._clock = clock
        self._load = load
        self.records = Records(layout.records)
        self.broken_off = False
        """Set where the command is interrupted: no wait goes on."""
        self._numbering = threading.Lock()
        """Held from the choice of a relay's number until it is written down, so that no two instances get one."""

    def start(self, process: Process, instance: Instance) -> None:
        """Write all that the process reads, start it and return when it is ready.

        An instance of a ring that does not get ready is taken away again, so that nothing of it is left.
        """
        before = self.records.get(process.name)
        with self._numbering:
            relay_number = self._relay_number(process, before)
            placed = rings.with_relay(process, relay_number)
            self.records.put(process.name, process_record(placed, instance, relay_number) | {"applied": False})
        self._write(placed, instance, before)
        if self._supervisor.knows(process.name):
            self._supervisor.stop(process.name)
            self._supervisor.remove(process.name)
        for socket in placed.sockets:
            files.remove_tree(socket)  # the launch script cannot where another user, now gone, has left it in /tmp
        self._supervisor.add(process.name)
        try:
            self._wait_ready(placed)
        except StackError:
            if process.ring:
                self.stop(process.name)
            raise
        self.records.put(process.name, process_record(placed, instance, relay_number))

    def restart(self, process: Process, instance: Instance) -> None:
        """Stop the process as it was and start it as it shall be; it runs on until all is written."""
        with self._callers_held(process.name, process.around):
            self.start(process, instance)

    def reload(self, process: Process, instance: Instance) -> None:
        """Write changed files and tell the process to read them again; its pid stays.

        Raises StackError with the program's words where it does not take them; the files are then what they were.
        """
        before = self.records.get(process.name)
        relay_number = self._relay_number(process, before)
        placed = rings.with_relay(process, relay_number)
        kept = {file: files.read_text(file.path) for file in placed.files}
        self._write_files(placed, instance, before)
        if process.check and (refusal := self._refusal(process)):
            self._put_back(kept, self._placer.owner("" if process.privileged else process.user))
            raise refusal
        if process.reload_signal:
            self._signal(process.name, process.reload_signal)
        self._wait_ready(placed)
        self.records.put(process.name, process_record(placed, instance, relay_number))

    def signal_reload(self, name: str) -> None:
        """Have an applied process read its files again, if it knows how."""
        signal = str(self._record(name).get("reload_signal", ""))
        if signal:
            self._signal(name, signal)

    def again(self, name: str) -> None:
        """Stop and start a process as it was applied, and return when it is ready."""
        record = self._record(name)
        with self._callers_held(name, around_of(record)):
            self.pause(name)
            self.resume(name)
        self.records.put(name, record)

    @contextmanager
    def _callers_held(self, name: str, arounds: Sequence[Around]) -> Iterator[None]:
        """Hold back the callers of a process; where the command is killed meanwhile, the next `up` begins it anew."""
        if not arounds:
            yield
            return
        self.records.put(name, {**self._record(name), "applied": False})
        running = {status.name for status in self._supervisor.statuses() if status.pid}
        with around_restart(arounds, running.__contains__, self._run_as):
            yield

    def _run_as(self, command: Command, account: str) -> None:
        run_command(command, self._placer.owner(account).user, self._fill)

    def pause(self, name: str) -> None:
        """Stop a process and leave everything of it in its place."""
        self._record(name)
        endings.end(self._stack, self._supervisor, self.records, name)

    def resume(self, name: str) -> None:
        """Start a process as it was applied, and return when it is ready."""
        record = self._record(name)
        self._supervisor.start(name)
        self._wait(name, probe_of(record))

    def stop(self, name: str) -> None:
        """Let a replaced instance of a ring finish what it has begun, then stop and forget the process.

        One that its ring still points to goes together with everything else: whoever it serves is not let wait.
        """
        record = self.records.get(name)
        if record is not None and record.get("ring") and not rings.points_to(self._layout, record):
            self._drain(record)
        if self._supervisor.knows(name):
            endings.end(self._stack, self._supervisor, self.records, name)
            self._supervisor.remove(name)
        files.remove_tree(f"{self._layout.programs}/{name}.conf")
        files.remove_tree(self._layout.launch(name))
        if record is not None and record.get("ring") and record.get("relay") is None:
            files.remove_tree(str(record.get("socket", "")) or self._layout.launch(name))
        self.records.forget(name)

    def _record(self, name: str) -> Record:
        record = self.records.get(name)
        if record is None:
            raise StackError(
                _("There is no process “{name}”").format(name=name),
                _("Nothing of that name was started."),
                _("“founder status” lists the names."),
                exit_code=EXIT_USAGE,
            )
        return record

    def _write(self, process: Process, instance: Instance, before: Record | None) -> None:
        owner = self._placer.owner("" if process.privileged else process.user)
        launch_folder = self._layout.launch(process.name)
        files.ensure_folder(launch_folder, mode=0o750, group=owner.group)
        for folder in process.folders:
            self._placer.ensure_folder(folder, owner, instance=bool(process.socket))
        self._write_files(process, instance, before)
        home = process.folders[0].path if process.folders else process.cwd
        environment = self._fill(launch.environment(process, home))
        files.write_atomic(f"{launch_folder}/env", environment, mode=0o400, owner=owner.user)
        script = launch.script(process, self._layout, owner.user, root=self._machine.root)
        files.write_atomic(f"{launch_folder}/run", script, mode=0o644)
        if files.read_text(f"{launch_folder}/group") is None:
            files.write_atomic(f"{launch_folder}/group", "", mode=0o600, owner=owner.user)
        section = launch.program(process, self._layout, owner.user, root=self._machine.root)
        files.write_atomic(f"{self._layout.programs}/{process.name}.conf", section, mode=0o644)

    def _write_files(self, process: Process, instance: Instance, before: Record | None) -> None:
        """Write what changed. A file whose digest is the applied one is left alone."""
        applied = before.get("parts", {}) if before and before.get("applied", True) else {}
        owner = self._placer.owner("" if process.privileged else process.user)
        for file in process.files:
            part = f"file:{file.path.rsplit('/', 1)[-1]}"
            if applied.get(part) == instance.parts[part] and os.path.exists(file.path):
                continue
            self._placer.write_file(file, owner)

    def _refusal(self, process: Process) -> StackError | None:
        """Why the program would not take its files as they are now."""
        user = self._placer.owner("" if process.privileged else process.user).user
        command = [*launch.privileges(process, user, root=self._machine.root), *process.check]
        said = programs.run(command, cwd=process.cwd, timeout_s=_CHECK_TIMEOUT_S, check=False)
        if said.code == 0:
            return None
        return StackError(
            _("{name} does not take its new configuration").format(name=process.name),
            programs.failure(process.check, said).why,
            _("It goes on with the one it has. Mend what it names, then run the command again."),
        )

    def _put_back(self, kept: Mapping[File, str | None], owner: Owner) -> None:
        for file, content in kept.items():
            if content is None:
                files.remove_tree(file.path)
            else:
                self._placer.place(file, content, owner)

    def _relay_number(self, process: Process, before: Record | None) -> int | None:
        """The number that the instance has, or one that no other has, where it listens on a TCP port."""
        if process.relay is None:
            return None
        if before is not None and before.get("relay") is not None:
            return int(before["relay"])
        used = {record.get("relay") for name, record in self.records.all().items() if name != process.name}
        first_port, count = process.relay.first_port, len(process.relay.sockets)
        for number in range(count):
            if number not in used and network.can_bind(first_port + number):
                return number
        raise StackError(
            _("No port is free for {name}").format(name=process.identity.spoken(_(process.card.title))),
            _("All ports from {first} to {last} are taken.").format(first=first_port, last=first_port + count - 1),
            _("Stop programs that listen on them, then run the command again."),
        )

    def _wait_ready(self, process: Process) -> None:
        self._wait(process.name, process.ready)

    def _wait(self, name: str, probe: Probe) -> None:
        began, lives = self._clock.monotonic(), set[int]()
        while True:
            answer = probes.check(probe, self._fill)
            if answer.ok:
                return
            record = self.records.get(name) or {"name": name}
            self._go_on(identity_of(record).spoken())
            given_up = self._supervisor.ends_always(name, lives, 1 + launch.retries(bool(record.get("ring"))))
            waited = patience.waited_s(probe.timeout_s, self._load(), self._machine.cores)
            if given_up or self._clock.monotonic() > began + waited:
                late = "" if given_up else answer.error
                raise not_ready(record, self.last_lines(name, _LINES_OF_LIVES), late, waited)
            self._clock.wait(_POLL_S)

    def _go_on(self, what: str) -> None:
        if self.broken_off:
            why, fix = _("The command was interrupted."), _("Run the same command again to go on where it stopped.")
            raise StackError(_("{name} was not waited for").format(name=what), why, fix)

    def last_lines(self, name: str, count: int = LOG_LINES) -> list[str]:
        """The last lines of a process's output."""
        text = files.read_text(self._layout.output(name)) or ""
        return text.splitlines()[-count:]

    def _drain(self, record: Record) -> None:
        """Wait until nobody is connected any more, seen three times, or until its time is over."""
        deadline = self._clock.monotonic() + float(record.get("drain_s", 0))
        quiet = 0
        while quiet < 3 and self._clock.monotonic() < deadline:
            self._go_on(str(record["socket"]))
            port = int(record.get("port") or 0)
            busy = network.tcp_connections(port) if port else network.unix_connections(str(record["socket"]))
            quiet = 0 if busy else quiet + 1
            self._clock.wait(_POLL_S)

    def _signal(self, name: str, signal: str) -> None:
        for status in self._supervisor.statuses():
            if status.name == name and status.pid:
                programs.signal(status.pid, signal)
