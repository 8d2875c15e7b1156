"""Where the host runtime keeps what it needs, below the stack's state folder."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.model.state_folder import StateFolder
from founderstack.runtimes.host.quick import socket_of


@dataclass(frozen=True)
class Layout:
    """Paths of one stack's runtime."""

    state: str

    @property
    def supervisor_configuration(self) -> str:
        return f"{self.state}/supervisor/supervisord.conf"

    @property
    def supervisor_socket(self) -> str:
        return socket_of(self.state)

    @property
    def supervisor_pid(self) -> str:
        return f"{self.state}/supervisor/supervisord.pid"

    @property
    def supervisor_log(self) -> str:
        return f"{self.state}/supervisor/supervisord.log"

    @property
    def programs(self) -> str:
        """Folder with one configuration file for each supervised program."""
        return f"{self.state}/supervisor/programs"

    @property
    def records(self) -> str:
        """Folder with one record for each applied process."""
        return StateFolder(self.state).applied

    @property
    def tasks(self) -> str:
        """Folder with one record for each task that was done."""
        return f"{self.state}/tasks"

    @property
    def slots(self) -> str:
        """Folder with one folder for each ring."""
        return f"{self.state}/slots"

    def output(self, process: str) -> str:
        """What a process writes to its output, rotated by the supervisor."""
        return StateFolder(self.state).output(process)

    def launch(self, process: str) -> str:
        """Folder of what starts a process: its script, its environment, its process group."""
        return f"{self.launches}/{process}"

    @property
    def launches(self) -> str:
        """Folder with one folder for what starts each process."""
        return f"{self.state}/launch"
