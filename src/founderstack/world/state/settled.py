"""Remembers that a stack is as wanted, and tells the machine's other stacks what it holds."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from founderstack import locale
from founderstack.locale import N_
from founderstack.model.errors import StackError
from founderstack.model.stack import Places, Stack
from founderstack.model.state_folder import StateFolder
from founderstack.world.os import ambient, files
from founderstack.world.os.ambient import state_root
from founderstack.world.os.processes import all_pids, command_line
from founderstack.world.state import receipt


@dataclass(frozen=True)
class Traces:
    """Where a runtime can be asked what runs, and what it has written that must stay as it is."""

    socket: str
    folders: tuple[str, ...]


class Settled:
    """Remembers that everything is as wanted, for the next look; forgets it before a change."""

    def __init__(
        self, stack: Stack, where: Places, lock_file: str, ports: Callable[[], Iterable[int]], runtime: Traces
    ) -> None:
        self._stack = stack
        self._places = where
        self._lock_file = lock_file
        self._ports = ports
        self._runtime = runtime
        self._path = receipt.path_for(state_root(), stack.file)

    def forget(self) -> None:
        """What was known to hold no longer does; also tells the machine's other stacks which ports are ours,
        and the agent how its owner reaches the network."""
        files.remove_tree(self._path)
        about = {
            "v": 1,
            "file": self._stack.file,
            "app": "app" in self._stack.parts,
            "tool": self._places.package_digest,
            "language": locale.language(),
            "ports": sorted(self._ports()),
        }
        files.ensure_folder(self._places.state, mode=0o755)
        files.write_atomic(self._places.files.about, json.dumps(about))
        # A proxy's address may hold a password.
        downloads = json.dumps(ambient.download_environment())
        files.write_atomic(self._places.files.downloads, downloads, mode=0o600)

    def remember(self, processes: Sequence[str]) -> None:
        """Write the receipt, and remove copies of the tool that no stack uses any more.

        What was done is done where it cannot be written: the next look takes longer.
        """
        self.forget()
        self._prune_tools()
        with suppress(StackError):
            self._write(processes)

    def _write(self, processes: Sequence[str]) -> None:
        lies = self._places.files
        applied = sorted(files.list_files(lies.applied))
        generated = [
            path
            for folder in (f"{self._places.state}/etc", *self._runtime.folders)
            for path in sorted(files.list_files(folder))
            if not path.endswith("/group")
        ]
        known = [json.loads(files.read_text(path) or "{}") for path in applied]
        count = len(processes)
        files.ensure_folder(os.path.dirname(self._path), mode=0o755)
        files.write_atomic(
            self._path,
            receipt.text(
                files=[
                    self._stack.file,
                    self._lock_file,
                    lies.secrets,
                    *(path for path in (lies.releases,) if os.path.exists(path)),
                    *applied,
                    *generated,
                ],
                package=self._places.package,
                runtime=self._runtime.socket,
                verdict=lies.verdict,
                programs=processes,
                listeners=[record["ready"]["target"] for record in known if record],
                said={
                    language: locale.translator(language)(_NO_CHANGES).format(count=count)
                    for language in locale.LANGUAGES
                },
            ),
            mode=0o600,
        )

    def _prune_tools(self) -> None:
        abouts = [files.read_json(path) for path in glob.glob(StateFolder(f"{state_root()}/*").about)]
        used = {f"tool-{about['tool']}" for about in abouts if "tool" in about}
        left = [path for path in glob.glob(f"{self._places.shared}/venvs/tool-*") if os.path.basename(path) not in used]
        # A backup or a drill that a former copy has begun imports from it until it ends.
        running = [" ".join(command_line(pid)) for pid in all_pids()] if left else []
        for path in left:
            if not any(f"{path}/" in line for line in running):
                files.remove_tree(path)


_NO_CHANGES = N_("No changes ({count} services)")
