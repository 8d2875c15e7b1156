"""Supervisor's XML-RPC over its Unix socket."""

from __future__ import annotations

import threading
import xmlrpc.client
from collections.abc import Sequence
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.protocols import ProcessStatus
from founderstack.runtimes.host.quick import CONDITIONS
from founderstack.world.net.unix_http import NO_ANSWER, UnixConnection

_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 700.0
"""Longer than any process may take to stop."""

# Faults of supervisor's own (supervisor.xmlrpc.Faults) that mean that the wish holds already.
_ALREADY_ADDED, _BAD_NAME, _NOT_RUNNING, _ALREADY_STARTED, _STILL_RUNNING = 90, 10, 70, 60, 91


class Supervisor:
    """The calls that the runtime needs; each may be repeated."""

    def __init__(self, socket_path: str) -> None:
        self._socket = socket_path
        # supervisord reads its whole configuration for each change: one change at a time.
        self._changing = threading.Lock()

    def answers(self) -> bool:
        """True where the supervisor is there and takes calls."""
        try:
            self._call("supervisor.getState")
        except NO_ANSWER:
            return False
        return True

    def statuses(self) -> Sequence[ProcessStatus]:
        """All programs; none where the supervisor is not running. Raises StackError where it hangs: they may run."""
        try:
            found: list[dict[str, Any]] = self._call("supervisor.getAllProcessInfo")
        except TimeoutError:
            raise silent() from None
        except NO_ANSWER:
            return ()
        return tuple(
            ProcessStatus(
                name=program["name"],
                condition=CONDITIONS.get(program["statename"], "failing"),
                pid=program["pid"],
                since=float(program["start"] if program["statename"] == "RUNNING" else program["stop"]),
                detail=program["statename"].lower(),
            )
            for program in found
        )

    def fatal(self) -> Sequence[str]:
        """Programs that the supervisor has given up on."""
        return tuple(status.name for status in self.statuses() if status.detail == "fatal")

    def ends_always(self, name: str, lives: set[int], most: int) -> bool:
        """True where it was given up on, or has ended after each of `most` lives: the supervisor itself goes on for
        ever with what lives for a second. `lives` keeps their pids between the calls.
        """
        try:
            statuses = self.statuses()
        except StackError:  # silent for the moment: whoever waits has a deadline
            return False
        for status in statuses:
            if status.name == name:
                lives |= {status.pid} - {0}
                return status.detail == "fatal" or len(lives) > most
        return False

    def add(self, name: str) -> None:
        """Take up the program whose configuration file was just written, and start it."""
        with self._changing:
            self._call("supervisor.reloadConfig")
            if not self._accepted("supervisor.addProcessGroup", name, allowing=_ALREADY_ADDED):
                # It was there with an older configuration.
                self._remove(name)
                self._call("supervisor.addProcessGroup", name)
        self.start(name)

    def start(self, name: str) -> None:
        """Start a program that is known already."""
        self._accepted("supervisor.startProcess", name, False, allowing=_ALREADY_STARTED)

    def stop(self, name: str) -> None:
        """Stop a program and return when it has ended."""
        self._accepted("supervisor.stopProcess", name, True, allowing=_NOT_RUNNING)

    def remove(self, name: str) -> None:
        """Forget a stopped program."""
        with self._changing:
            self._remove(name)

    def knows(self, name: str) -> bool:
        """True where the program is under supervision, in whatever condition."""
        return any(status.name == name for status in self.statuses())

    def shut_down(self) -> None:
        """End the supervisor and whatever it still runs."""
        self._call("supervisor.shutdown")

    def _remove(self, name: str) -> None:
        if not self._accepted("supervisor.removeProcessGroup", name, allowing=_STILL_RUNNING):
            self.stop(name)
            self._accepted("supervisor.removeProcessGroup", name, allowing=_BAD_NAME)

    def _accepted(self, method: str, *arguments: Any, allowing: int) -> bool:
        """False where the answer is the allowed fault, or that the program is not there (any more)."""
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in (allowing, _BAD_NAME):
                return False
            raise StackError(
                _("The supervisor refused “{call}”").format(call=f"{method.split('.')[1]} {arguments[0]}"),
                fault.faultString,
                _("Run “founder logs” and look at the last lines of that process."),
            ) from fault
        return True

    def _call(self, method: str, *arguments: Any) -> Any:
        timeout_s = _STOP_TIMEOUT_S if "stop" in method else _TIMEOUT_S
        connection = UnixConnection(self._socket, timeout_s)
        try:
            body = xmlrpc.client.dumps(arguments, method)
            connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
            answer = connection.getresponse().read()
        finally:
            connection.close()
        (result,), _method = xmlrpc.client.loads(answer)
        return result


def silent() -> StackError:
    """The error of a supervisor that took a question and left it unanswered."""
    return StackError(
        _("The supervisor does not answer"),
        _("It took the question and was silent for too long, so nobody knows what runs."),
        _("See what keeps the machine busy (top), then run the command again."),
    )
