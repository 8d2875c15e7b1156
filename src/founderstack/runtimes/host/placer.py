"""Puts files and folders where processes find them, with the owner and the mode that keep others out."""

from __future__ import annotations

import os
from dataclasses import dataclass

from founderstack.model.process import File, Folder, secrets_in
from founderstack.model.stack import Machine
from founderstack.runtimes.host.commands import Fill
from founderstack.world.os import accounts, files


@dataclass(frozen=True)
class Owner:
    """A system user and its group; an empty group leaves it as it is."""

    user: str
    group: str


class Placer:
    """Writes for one stack; `fill` puts secrets in the place of their references."""

    def __init__(self, stack: str, machine: Machine, fill: Fill) -> None:
        self._stack = stack
        self._machine = machine
        self._fill = fill

    def owner(self, account: str) -> Owner:
        """The system user of an account, made where it is missing; "" is the owner of the stack."""
        if not account:
            return Owner(self._machine.user, "")
        return Owner(accounts.ensure_user(self._stack, account), accounts.group_name(self._stack, account))

    def write_file(self, file: File, owner: Owner) -> None:
        """Write one generated file: its process's user's alone where it holds a secret, root's otherwise."""
        files.ensure_folder(os.path.dirname(file.path), mode=0o755 if file.public else 0o750, group=owner.group)
        self.place(file, self._fill(file.content), owner)

    def place(self, file: File, content: str, owner: Owner) -> None:
        """The same with a content in which nothing is left to fill in."""
        if any(secrets_in(file.content)):
            files.write_atomic(file.path, content, mode=0o400, owner=owner.user)
        else:
            files.write_atomic(file.path, content, mode=0o755 if file.executable else 0o644)

    def ensure_folder(self, folder: Folder, owner: Owner, *, instance: bool = False) -> None:
        """Make a folder of the process's user, with the group of whoever else may enter it.

        What an instance of a ring makes in there belongs to that group too, above all its socket.
        """
        if folder.enter:
            mode, group = 0o2750 if instance else 0o750, self.owner(folder.enter).group
            files.ensure_folder(folder.path, mode=mode, owner=owner.user, group=group)
        else:
            files.ensure_folder(folder.path, mode=0o700, owner=owner.user, group=owner.group)
