"""What a set is made of besides the databases: components' files, settings, the app's source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from founderstack.backups.buckets.part import Objects
from founderstack.backups.sets.streams import CountingSource, attempt
from founderstack.locale import _
from founderstack.model.backup import PartKind
from founderstack.model.errors import StackError, showable
from founderstack.model.protocols import Progress, Server, SetWriter, Source
from founderstack.world.tar.packing import TarContents, packed, tops_of

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
    """Where they come from, "" for several; a component's go back to it, its data folder."""
    names: tuple[str, ...] = ()
    """The folders and files in it that are taken, and nothing else."""
    account: str = ""
    """System user whose they are."""
    databases: tuple[str, ...] = ()
    """Names of the SQLite files among them."""
    by_name: bool = False
    """Only put in the place of what is used where they are asked for by name."""
    log: tuple[str, str] = ("", "")
    """(database, table) of a log among them that only grows; see model.backup.Backup."""


@dataclass(frozen=True)
class Contents:
    """All that a stack would miss."""

    server: Server | None
    """None where the stack has no database."""
    major: str
    files: tuple[Files, ...]
    objects: tuple[Objects, ...] = ()

    def pack(self, out: SetWriter, scratch: str, progress: Progress) -> ArchiveNotes:
        """Add every archive to the set. One that cannot be made is named, and the others are there."""
        notes: list[str] = []
        lacks: list[str] = []
        outside: list[str] = []
        tops = tuple(top for files in self.files if files.folder for top in tops_of(files.folder, files.names))
        for files in self.files:
            packing = TarContents(files.entries(), scratch, files.databases, tops=tops if files.folder else ())
            with packed(packing) as stream:
                lacks += _added(out, files.name, files.kind, files.about, stream, progress)
            notes += [f"{files.about}: {name}" if files.about else name for name in packing.changed]
            lacks += packing.untaken
            outside += packing.outside
            if further := packing.leaving - len(packing.outside):
                more = _("{count} more links of {name} lead out of what is backed up.")
                outside.append(more.format(count=further, name=files.about))
        for objects in self.objects:
            with objects.packed() as (stream, packed_objects):
                lacks += _added(out, objects.name, "objects", objects.about, stream, progress)
            notes += [f"{objects.about}: {name}" for name in packed_objects.gone]
        return ArchiveNotes(*(tuple(map(showable, told)) for told in (notes, lacks, outside)))


@dataclass(frozen=True)
class ArchiveNotes:
    """What is to be said of archives that were made."""

    notes: tuple[str, ...] = ()
    """Names of files and objects that were changing all the time."""
    lacks: tuple[str, ...] = ()
    """What is not in them although it should be, each in a sentence."""
    outside: tuple[str, ...] = ()
    """Links that lead out of what is backed up, each in a sentence."""


def _added(
    out: SetWriter, name: str, kind: PartKind, about: str, stream: Source, progress: Progress
) -> tuple[str, ...]:
    """Add one archive; why it is not in the set, where what it is made of cannot be read."""
    source = CountingSource(stream, about or kind, progress)
    outcome = attempt(out, lambda part: part.add(name, kind, about, source))
    if isinstance(outcome, StackError):
        return (_("{name} is not in it. {what}: {why}").format(name=name, what=outcome.what, why=outcome.why),)
    return ()
