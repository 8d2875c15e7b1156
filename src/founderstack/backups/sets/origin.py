"""A place that a stack is rebuilt from (a model.rebuild.Origin)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tomllib
from collections.abc import Sequence

from founderstack.backups.sets import proofs
from founderstack.backups.sets.set_store import NOT_READABLE, OpenSet, SetStore, TooNew
from founderstack.backups.sets.streams import CountingSource
from founderstack.locale import _
from founderstack.model.backup import MANIFEST, FoundSet, PartKind
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import ObjectStore, Progress
from founderstack.model.rebuild import State
from founderstack.model.state_folder import StateFolder
from founderstack.world.keys.sealing import Key
from founderstack.world.os import files
from founderstack.world.tar.unpacking import unpack

_UNPACKED = ".rebuild"
_FIRST: tuple[PartKind, ...] = ("settings", "globals", "facts")
"""What is small, and without which nothing comes back."""
_SECRETS = "state/secrets.json"
_LEFT_OUT = ("releases.json",)
"""Of the state: releases were built on the other machine, and begin again here."""


class SetsElsewhere:
    """Sets in a place, and what was made of one of them on this machine so far."""

    def __init__(self, objects: ObjectStore, key: Key, root: str) -> None:
        """`root` is the folder of the states of this machine's stacks."""
        self._objects = objects
        self._key = key
        self._root = root

    @property
    def where(self) -> str:
        """The place's address."""
        return self._objects.where

    def stacks(self) -> Sequence[str]:
        """Names of the stacks that have sets there."""
        names = (one.name.split("/") for one in self._objects.list(""))
        return sorted({parts[0] for parts in names if len(parts) == 4 and parts[1] == "sets" and parts[3] == MANIFEST})

    def sets(self, stack: str) -> Sequence[FoundSet]:
        """The sets of one, newest first; one whose page of contents is damaged or too new is none.

        Raises StackError where the place does not answer: an older set must not pass for the newest.
        """
        store = self.store(stack)
        found = []
        for set_id, names in sorted(store.contents().items(), reverse=True):
            if MANIFEST not in names:
                continue
            try:
                manifest = store.manifest(set_id)
            except (*NOT_READABLE, TooNew):
                continue
            sizes = {name: one.size for name, one in names.items()}
            missing = tuple(file.name for file in manifest.files if sizes.get(file.name) != file.size)
            drills = proofs.kept(store, manifest, names, self._key)
            found.append(FoundSet(manifest, (store.place,), drills.valid, missing, drills.forged))
        return found

    def store(self, stack: str) -> SetStore:
        """The sets of one stack."""
        return SetStore(self._objects, stack)

    def opened(self, one: FoundSet) -> OpenSet:
        """A set, opened with the key."""
        return self.store(one.manifest.stack).opened(one.manifest, self._key)

    @property
    def key(self) -> Key:
        """The key."""
        return self._key

    def state(self, stack: str) -> State:
        """What this machine has of it."""
        folder = self._state(stack)
        noted = files.read_json(StateFolder(folder).rebuild_journal)
        # Backups alone are no stack: they are what the disk of a lost machine leaves. And a rebuild that was killed as
        # it began leaves half of its first note.
        names = os.listdir(folder) if os.path.isdir(folder) else []
        half = f".{os.path.basename(StateFolder(folder).rebuild_journal)}."
        there = any(name != "backups" and not name.startswith(half) for name in names)
        done, refused = tuple(noted.get("done", ())), tuple(noted.get("refused", ()))
        return State(there, folder, str(noted.get("set", "")), str(noted.get("folder", "")), done, refused)

    def try_out(self, one: FoundSet) -> None:
        """Read what is small in a set and needed first."""
        opened = self.opened(one)
        for kind in _FIRST:
            for file in one.manifest.of_kind(kind):
                opened.paper(file)

    def begin(self, one: FoundSet, folder: str) -> None:
        """Note that it has begun; what an attempt with another set has put there may be replaced."""
        stack = one.manifest.stack
        state = self.state(stack)
        if (state.set, state.folder) == (one.manifest.id, folder):
            return
        files.ensure_folder(self._state(stack), mode=0o755)
        if "source" in state.done and state.folder == folder:
            self._set_source_aside(state)
        self._note(stack, set=one.manifest.id, folder=folder, done=[], refused=[])

    @staticmethod
    def _set_source_aside(state: State) -> None:
        """Files of one set must not lie among those of another."""
        for name in os.listdir(state.folder):
            if name.endswith(".toml"):
                source = _source_of(f"{state.folder}/{name}")
                if os.path.isdir(source):
                    os.rename(source, f"{source}.{state.set}")

    def restore_settings(self, one: FoundSet, folder: str) -> str:
        """Put back the stack file with its lock, secrets and certificates.

        Raises StackError where the folder has another stack file already.
        """
        state = self._state(one.manifest.stack)
        unpacked = f"{state}/{_UNPACKED}"
        files.remove_tree(unpacked)
        files.ensure_folder(unpacked, mode=0o700)
        self._unpack(one, "settings", unpacked, _nobody)
        contents = _stack_files(f"{unpacked}/stack", folder)
        wrote = self._refuse_others(one.manifest.stack, contents)
        self._note(one.manifest.stack, wrote=wrote)
        files.ensure_folder(folder)
        for path, content in contents.items():
            files.write_atomic(path, content)
        file = next(path for path in contents if path.endswith(".toml"))
        _move_state(f"{unpacked}/state", state)
        files.remove_tree(unpacked)
        return file

    def secrets_in(self, one: FoundSet) -> str:
        """The file of the secrets as a set holds it, "" where it holds none."""
        opened = self.opened(one)
        for file in one.manifest.of_kind("settings"):
            with tarfile.open(fileobj=io.BytesIO(opened.paper(file))) as packed:
                if _SECRETS in packed.getnames():
                    found = packed.extractfile(_SECRETS)
                    return found.read().decode() if found else ""
        return ""

    def restore_source(self, one: FoundSet, file: str, progress: Progress) -> None:
        """Put back the source of the app, beside the stack file."""
        self._unpack(one, "source", _source_of(file), progress)

    def note(self, stack: str, done: str, refused: Sequence[str] = ()) -> None:
        """Note that a part is done."""
        state = self.state(stack)
        self._note(stack, done=[*state.done, done], refused=[*state.refused, *refused])

    def end(self, stack: str) -> None:
        """Note that all is done."""
        files.remove_tree(StateFolder(self._state(stack)).rebuild_journal)

    def _unpack(self, one: FoundSet, kind: PartKind, folder: str, progress: Progress) -> None:
        opened = self.opened(one)
        for file in one.manifest.of_kind(kind):
            files.ensure_folder(folder)
            with opened.open(file) as source:
                unpack(CountingSource(source, file.about or kind, progress), folder)

    def _note(self, stack: str, **changes: object) -> None:
        path = StateFolder(self._state(stack)).rebuild_journal
        content = {"v": 1, **files.read_json(path), **changes}
        files.write_atomic(path, json.dumps(content) + "\n", mode=0o600)

    def _refuse_others(self, stack: str, contents: dict[str, str]) -> dict[str, str]:
        """Path → digest of what this rebuild has written there; raises StackError where somebody else's file is."""
        wrote: dict[str, str] = dict(files.read_json(StateFolder(self._state(stack)).rebuild_journal).get("wrote", {}))
        for path, content in contents.items():
            there = files.read_text(path)
            if there not in (None, content) and _digest(there or "") != wrote.get(path):
                raise StackError(
                    _("{path} is there already").format(path=path),
                    _("A stack file is never overwritten."),
                    _("Name an empty folder: founder rebuild --into FOLDER …"),
                    exit_code=EXIT_PRECONDITION,
                )
            if there is None or path in wrote:
                wrote[path] = _digest(content)
        return wrote

    def _state(self, stack: str) -> str:
        return os.path.join(self._root, stack)


def _nobody(_about: str, _count: int) -> None:
    """Nobody watches: it takes no time."""


def _stack_files(source: str, folder: str) -> dict[str, str]:
    """Where the stack file and its lock go → what is in them."""
    return {f"{folder}/{name}": files.read_text(f"{source}/{name}") or "" for name in sorted(os.listdir(source))}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _source_of(file: str) -> str:
    """The folder of the app's source, as the stack file says."""
    with open(file, "rb") as opened:
        path = tomllib.load(opened).get("app", {}).get("path", "app")
    return os.path.join(os.path.dirname(file), path)


def _move_state(source: str, state: str) -> None:
    """Put secrets and certificates into the state, over what an earlier attempt put there."""
    for name in sorted(os.listdir(source)):
        if name not in _LEFT_OUT:
            files.remove_tree(f"{state}/{name}")
            os.rename(f"{source}/{name}", f"{state}/{name}")
