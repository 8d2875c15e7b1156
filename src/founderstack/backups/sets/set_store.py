"""The sets of one stack in one place: a folder or a bucket."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from founderstack.backups.sets import documents
from founderstack.locale import _
from founderstack.model.backup import MANIFEST, Manifest, PartKind, SetFile
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import ObjectStore, Source, StoredObject
from founderstack.world.keys.sealing import ENDING, Key
from founderstack.world.objects.folder import CountedSource, ObjectMissing, ObjectUnreadable

_CHUNK = 1024 * 1024
_LARGEST_PAPER = 64 * 1024 * 1024

Passed = Callable[[int], None]
"""Told how many bytes have passed."""


class Damaged(StackError):
    """What was read is not what was written."""


class TooNew(StackError):
    """A later version of this tool has written it."""


NOT_READABLE = (Damaged, ObjectMissing, ObjectUnreadable)
"""What is wrong with one object, and says nothing of the place that it lies in."""


def sealed_by(manifest: Manifest, key: Key) -> bool:
    """True where it is as somebody with this key has written it."""
    return key.made(manifest.seal, documents.to_seal(manifest))


def without_page(names: Iterable[str]) -> bool:
    """True where sealed files lie without a page of contents: they are somebody's, unless we were killed there."""
    held = tuple(names)
    return MANIFEST not in held and any(name.endswith(ENDING) for name in held)


def nothing_to_tell(_count: int) -> None:
    """Nobody wants to know how far it is."""


class SetStore:
    """Lists, reads, writes and removes sets. Listing needs no key; opening a set does."""

    def __init__(self, objects: ObjectStore, stack: str) -> None:
        self.objects = objects
        self._root = f"{stack}/sets/"

    @property
    def place(self) -> str:
        """The place's name."""
        return self.objects.name

    def contents(self) -> Mapping[str, Mapping[str, StoredObject]]:
        """Everything that lies in the place: set id → name below the set → object. Also of what is no set."""
        found: dict[str, dict[str, StoredObject]] = {}
        for one in self.objects.list(self._root):
            set_id, _slash, name = one.name[len(self._root) :].partition("/")
            found.setdefault(set_id, {})[name] = one
        return found

    def manifest(self, set_id: str) -> Manifest:
        """A set's page of contents, as it lies there; raises StackError where it is missing, damaged or too new."""
        name = self._name(set_id, MANIFEST)
        try:
            found = documents.read(Manifest, self._paper(name))
        except documents.LaterFormat:
            raise _too_new(name) from None
        except ValueError:
            raise _damaged(name) from None
        if found.id != set_id:
            raise _damaged(name)
        return found

    def paper(self, set_id: str, name: str) -> bytes:
        """A small file beside the sealed ones, as it lies there; raises StackError where it is missing or is none."""
        return self._paper(self._name(set_id, name))

    def write(self, set_id: str, name: str, content: bytes) -> None:
        """Put a small file beside the sealed ones."""
        self._write(self._name(set_id, name), content)

    def begin(self, set_id: str, key: Key) -> NewSet:
        """A set to write to."""
        return NewSet(self.objects, f"{self._root}{set_id}/", key)

    def opened(self, manifest: Manifest, key: Key) -> OpenSet:
        """A set to read from; raises StackError where its manifest was not written with this key."""
        if not sealed_by(manifest, key):
            raise _not_ours(self._name(manifest.id, MANIFEST))
        return OpenSet(self.objects, f"{self._root}{manifest.id}/", manifest, key)

    def copy(self, manifest: Manifest, target: SetStore, passed: Passed = nothing_to_tell) -> None:
        """Bring a whole set to another place; what is there already is not sent again."""
        for file in manifest.files:
            name = self._name(manifest.id, file.name)
            there = target.objects.stat(name)
            if there is not None and there.size == file.size:
                passed(file.size)
                continue
            with self.objects.open(name) as source:
                digested = _Digested(source, passed)
                target.objects.put(name, _Whole(digested, file, name))
        target._write(self._name(manifest.id, MANIFEST), documents.written(manifest))

    def damage(self, manifest: Manifest, passed: Passed = nothing_to_tell) -> tuple[str, ...]:
        """Names of the set's files that are missing or not as they were written; reads all of them, needs no key."""
        found = []
        for file in manifest.files:
            name = self._name(manifest.id, file.name)
            there = self.objects.stat(name)
            if there is None or there.size != file.size or self._digest(name, passed) != file.sha256:
                found.append(file.name)
        return tuple(found)

    def remove(self, set_id: str) -> None:
        """Remove a set, or what was left of one: its manifest first, so that it never looks whole again."""
        self.objects.delete([self._name(set_id, MANIFEST)])
        self.objects.delete([one.name for one in self.objects.list(f"{self._root}{set_id}/")])

    def tidy(self) -> None:
        """Drop what killed backups began to write and that is no file yet; only while no other is taken."""
        self.objects.tidy(self._root)

    def _digest(self, name: str, passed: Passed) -> str:
        with self.objects.open(name) as source:
            digested = _Digested(source, passed)
            while digested.read(_CHUNK):
                pass
        return digested.sha256

    def _paper(self, name: str) -> bytes:
        with self.objects.open(name) as source:
            parts = []
            while chunk := source.read(_CHUNK):
                parts.append(chunk)
                if len(parts) * _CHUNK > _LARGEST_PAPER:
                    raise _damaged(name)
        return b"".join(parts)

    def _write(self, name: str, content: bytes) -> None:
        self.objects.put(name, io.BytesIO(content))

    def _name(self, set_id: str, name: str) -> str:
        return f"{self._root}{set_id}/{name}"


class NewSet:
    """A set that is being written (a model.protocols.SetWriter)."""

    def __init__(self, objects: ObjectStore, prefix: str, key: Key) -> None:
        self._objects = objects
        self._prefix = prefix
        self._key = key
        self.files: tuple[SetFile, ...] = ()

    def add(self, name: str, kind: PartKind, about: str, source: Source) -> SetFile:
        """Seal a file into the set."""
        plain = CountedSource(source)
        with self._key.sealed(plain) as stream:
            sealed = _Digested(stream, nothing_to_tell)
            self._objects.put(f"{self._prefix}{name}{ENDING}", sealed)
        file = SetFile(name + ENDING, kind, about, sealed.bytes, sealed.sha256, plain.bytes)
        self.files = (*self.files, file)
        return file

    def remove(self, file: SetFile) -> None:
        """Take a file out again."""
        self._objects.delete([f"{self._prefix}{file.name}"])
        self.files = tuple(one for one in self.files if one != file)

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the page of contents, which makes it a set; returns it with its seal."""
        whole = replace(manifest, files=self.files, seal="")
        whole = replace(whole, seal=self._key.mark(documents.to_seal(whole)))
        self._objects.put(f"{self._prefix}{MANIFEST}", io.BytesIO(documents.written(whole)))
        return whole

    def abandon(self) -> None:
        """Remove what was written."""
        self._objects.delete([one.name for one in self._objects.list(self._prefix)])


class OpenSet:
    """A set that is being read."""

    def __init__(self, objects: ObjectStore, prefix: str, manifest: Manifest, key: Key) -> None:
        self._objects = objects
        self._prefix = prefix
        self._key = key
        self.manifest = manifest

    @property
    def place(self) -> str:
        """Where it lies."""
        return self._objects.name

    @contextmanager
    def open(self, file: SetFile) -> Iterator[Source]:
        """A file's bytes, unsealed and, once read to the end, checked."""
        name = f"{self._prefix}{file.name}"
        with self._objects.open(name) as raw:
            digested = _Digested(raw, nothing_to_tell)
            with self._key.unsealed(digested, name) as plain:
                yield plain
            if digested.at_end and digested.sha256 != file.sha256:
                raise _damaged(name)

    def paper(self, file: SetFile) -> bytes:
        """A small file, whole and checked."""
        parts = []
        with self.open(file) as source:
            while chunk := source.read(_CHUNK):
                parts.append(chunk)
        return b"".join(parts)


class _Digested:
    """Counts and digests what is read."""

    def __init__(self, source: Source, passed: Passed) -> None:
        self._source = source
        self._passed = passed
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.at_end = False

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self.at_end = not found and size != 0
        self._digest.update(found)
        self.bytes += len(found)
        self._passed(len(found))
        return found

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Whole:
    """Refuses to end where what was read is not what the manifest says: a damaged file is never copied."""

    def __init__(self, source: _Digested, file: SetFile, name: str) -> None:
        self._source = source
        self._file = file
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        if self._source.at_end and self._source.sha256 != self._file.sha256:
            raise _damaged(self._name)
        return found


def _damaged(name: str) -> Damaged:
    return Damaged(
        _("{name} is damaged").format(name=name),
        _("What was read is not what was written."),
        _("Take another set: founder backups"),
    )


def _too_new(name: str) -> TooNew:
    return TooNew(
        _("{name} was written by a later version of Founder Stack").format(name=name),
        _("This version does not know its format."),
        _("Use that version, or a later one, on this machine as well."),
        exit_code=EXIT_PRECONDITION,
    )


def _not_ours(name: str) -> StackError:
    return StackError(
        _("{name} was not written with this stack's key").format(name=name),
        _("It was taken after the key was made anew, another stack made it, or somebody changed it."),
        _("Give the key on the newest page of “founder kit --with-secrets” of that stack, or take another set."),
        exit_code=EXIT_PRECONDITION,
    )
