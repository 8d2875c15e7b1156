"""What a set is made of besides the databases: components' files, settings, the app's source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from founderstack.backups.objects import Objects
from founderstack.backups.streams import Told
from founderstack.model.backup import PartKind
from founderstack.model.protocols import Progress, Server, SetWriter
from founderstack.world.archives import Packing, packed

Entries = Callable[[], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Files:
    """Files that go into one archive."""

    name: str
    """Of the archive in the set, `files/app.tar`."""
    kind: PartKind
    about: str
    """The component's name, or ""."""
    entries: Entries
    """(name in the archive, path), looked up when the archive is made."""
    folder: str = ""
    """Where they come from and go back to, for a component's: its data folder."""
    names: tuple[str, ...] = ()
    """The folders and files in it that are taken, and nothing else."""
    account: str = ""
    """System user whose they are."""


@dataclass(frozen=True)
class Contents:
    """All that a stack would miss."""

    server: Server | None
    """None where the stack has no database."""
    major: str
    files: tuple[Files, ...]
    objects: tuple[Objects, ...] = ()

    def pack(self, out: SetWriter, scratch: str, progress: Progress) -> tuple[str, ...]:
        """Add every archive to the set; names of files and objects that were changing all the time."""
        notes = [name for files in self.files for name in _packed(files, out, scratch, progress)]
        return (*notes, *(name for objects in self.objects for name in objects.pack(out, progress)))


def _packed(files: Files, out: SetWriter, scratch: str, progress: Progress) -> Iterator[str]:
    packing = Packing(files.entries(), scratch)
    with packed(packing) as stream:
        out.add(files.name, files.kind, files.about, Told(stream, files.about or files.kind, progress))
    yield from (f"{files.about}: {name}" if files.about else name for name in packing.changed)
