"""TCP ports as a stack may use them: free, its own already, or another stack's."""

from __future__ import annotations

import os

from founderstack.locale import _
from founderstack.model.state_folder import StateFolder
from founderstack.runtimes.host.layout import Layout
from founderstack.world.net import network
from founderstack.world.os import files
from founderstack.world.os.processes import parent


class StackPorts:
    """What one stack may listen on (an operations.stack.site.Ports)."""

    def __init__(self, root: str, state: str, address: str) -> None:
        self._root = root
        self._state = state
        self._address = address
        self._reserved: frozenset[int] | None = None

    def usable(self, port: int) -> bool:
        """True where it can be bound or is held by this stack, and no other stack has chosen it."""
        if port in self._of_other_stacks():
            return False
        return network.can_bind(port, self._address) or self._is_ours(port)

    def holder(self, port: int) -> str:
        """Who listens on a port, or why it may not be bound."""
        if port in self._of_other_stacks():
            return _("another stack on this machine")
        found = network.holder(port)
        if found is None:
            return _("a program of another user")
        return (
            f"{found.name} (pid {found.pid}, {found.user})"
            if found.pid
            else _("a program of {user}").format(user=found.user)
        )

    def _is_ours(self, port: int) -> bool:
        """True where the listener descends from this stack's supervisor."""
        supervisor = (files.read_text(Layout(self._state).supervisor_pid) or "").strip()
        found = network.holder(port)
        pid = found.pid if found else 0
        while pid > 1:
            if str(pid) == supervisor:
                return True
            pid = parent(pid)
        return False

    def _of_other_stacks(self) -> frozenset[int]:
        if self._reserved is None:
            self._reserved = frozenset(self._read_reserved())
        return self._reserved

    def _read_reserved(self) -> list[int]:
        try:
            stacks = os.listdir(self._root)
        except FileNotFoundError:
            return []
        ports: list[int] = []
        for name in stacks:
            if f"{self._root}/{name}" != self._state:
                ports.extend(files.read_json(StateFolder(f"{self._root}/{name}").about).get("ports", []))
        return ports
