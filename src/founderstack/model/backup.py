"""What a component declares about the data it would miss, and what a backup set is.

A *set* is everything that one backup took, under one prefix of a place: sealed files, `manifest.json`, written last,
which makes it a set, and a `proof-….json` for each drill. Without a manifest it is what a killed backup left, to be
collected, where this machine noted that it began it; else its manifest was lost, and it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from founderstack.locale import N_

FORMAT = 1
NOT_AWAY = N_("No copy leaves this machine: if it is lost, so are its backups.")
NOT_YET = N_("There is no backup yet.")
MANIFEST = "manifest.json"
IDENTITY = "backup.identity"
"""The secret that sets are sealed for; made at set-up, printed by `founder kit --with-secrets`."""
S3_KEY, S3_SECRET = "backup.s3_key", "backup.s3_secret"
"""What the founder gives by `founder secrets set`, never generated."""


THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def leaves(endpoint: str, bucket: str) -> bool:
    """True where copies leave the machine: a server on this one is lost with it."""
    return bool(bucket) and urlsplit(endpoint).hostname not in THIS_MACHINE


@dataclass(frozen=True)
class Backup:
    """Data that a backup set must hold, and the kind of engine that can take it."""

    kind: Literal["postgres", "files", "objects"]
    """How it is taken: by the engine that fills the role `backup`, as a copy of folders, or object by object through
    the S3 that the component declares as its `objects`."""
    what: str
    """What a person would lose without it, in a few words."""
    folders: tuple[str, ...] = (".",)
    """For `files`: what to copy, relative to the component's data folder."""
    exclude: tuple[str, ...] = ()
    """Patterns of names (as in a shell) below those folders that can be made anew and are left out."""
    databases: tuple[str, ...] = ()
    """For `files`: the SQLite files among them, relative to the data folder; they are copied as of one moment. All
    other files are bytes, whatever they hold."""
    account: str = ""
    """Whose data folder it is where that is not the component's own: the account that its processes run as."""
    by_name: bool = False
    """True where a restore in place leaves it as it is unless it is asked for by name: who may sign in, and what was
    done, must not go back with somebody's rows."""
    log: tuple[str, str] = ("", "")
    """(database, table) of a log that only grows, (number, at, user, address, action, detail) in one of `databases`: a
    restore puts it back with all that it holds now, and enters who restored what."""


@dataclass(frozen=True)
class NoBackup:
    """The stated reason why a component holds nothing worth keeping."""

    reason: str


PartKind = Literal["dump", "globals", "facts", "files", "objects", "settings", "source"]
"""A database; the server's roles; what to compare a restore with; a component's files; its buckets; secrets,
stack file, lock, releases and certificates; the app's source. The last two are what `founder rebuild` needs."""


@dataclass(frozen=True)
class SetFile:
    """One sealed file of a set."""

    name: str
    """Its path below the set's prefix, `database/app.dump.age`."""
    kind: PartKind
    about: str
    """What it holds: the database's name, the component's name, or ""."""
    size: int
    """Bytes as stored."""
    sha256: str
    """Of the bytes as stored, so that damage is found without the key."""
    plain_size: int = 0
    """Bytes before sealing."""


@dataclass(frozen=True)
class Manifest:
    """The page of contents of a set. It names no table and holds no value of anybody's."""

    id: str
    """`20261124T033000Z-4f1c9a`: sorts by time."""
    stack: str
    taken_at: float
    """Seconds since the epoch of the moment that the data stands for: when the snapshot was taken."""
    seconds: float
    """How long it took."""
    engine: str
    """Component that took it: `dump`, `pgbackrest`."""
    kind: str
    """What the engine calls it: `full`, `diff`, `incr`."""
    files: tuple[SetFile, ...]
    tool: str = ""
    """Version of this tool."""
    os: str = ""
    """`debian:12`."""
    host: str = ""
    major: str = ""
    """PostgreSQL's major version, "" where the stack has no database."""
    repository: Mapping[str, str] = field(default_factory=dict)
    """What an engine with a repository of its own needs to find this backup there again; {} for `dump`."""
    problem: str = ""
    """What an engine with a repository of its own could not do, so that there is only a dump; "" where it did all."""
    lacks: tuple[str, ...] = ()
    """What the set does not hold although it should, each in a sentence that names it."""
    notes: tuple[str, ...] = ()
    """Names of files and objects that changed again and again, or were removed, while they were read."""
    outside: tuple[str, ...] = ()
    """Links of the set that lead out of what is backed up, each in a sentence: what lies there is in no set."""
    replaced_by: str = ""
    """Of a safety set: the id of the set that a restore was about to put in the place of what this one holds, or the
    moment; "" for every other set."""
    seal: str = ""
    """Keyed digest of all of the above, so that only whoever has the key can have written it."""

    @property
    def size(self) -> int:
        """Bytes stored, all files together."""
        return sum(file.size for file in self.files)

    def of_kind(self, kind: PartKind) -> tuple[SetFile, ...]:
        """The files of one kind."""
        return tuple(file for file in self.files if file.kind == kind)


@dataclass(frozen=True)
class Table:
    """What was in a table, as seen inside the snapshot that the dump was taken from."""

    name: str
    """`schema.table`, quoted as SQL quotes it."""
    rows: int
    digest: str
    """Sum of a hash of each row as text: the same whatever order the rows come in."""


@dataclass(frozen=True)
class DatabaseFacts:
    """One database inside its snapshot, and what is needed to create it again."""

    name: str
    owner: str
    encoding: str
    collate: str
    ctype: str
    tables: tuple[Table, ...]
    grants: tuple[tuple[str, str, bool], ...] = ()
    """Rights on the database itself: (grantee or "" for everybody, privilege, with grant option)."""
    settings: tuple[tuple[str, str], ...] = ()
    """`ALTER DATABASE … SET`: (role or "", `name=value`)."""
    objects: str = ""
    """Digest of owners and rights of everything in it."""
    tablespaces: tuple[str, ...] = ()
    """Where something of it lies besides the usual place."""
    locale: tuple[str, str, str] = ("c", "", "")
    """Provider as pg_database has it (`c`, `i`, `b`), its locale and its rules."""
    limit: int = -1
    """How many may connect, -1 for any number."""
    template: bool = False
    """True where everybody may copy it."""
    size: int = field(default=0, compare=False)
    """Bytes that it took on the disk; 0 in sets that were taken before this was noted."""


@dataclass(frozen=True)
class Facts:
    """What a restored copy is compared with."""

    databases: tuple[DatabaseFacts, ...] = ()
    roles: str = ""
    """Digest of roles, their attributes and memberships; passwords are not in it."""
    server: str = ""
    """Full version of the server."""


@dataclass(frozen=True)
class Proof:
    """The outcome of restoring a set to see whether it can be."""

    set: str
    at: float
    ok: bool
    seconds: float
    """How long the restore took, until the copy answered: the RTO that was measured."""
    loss_s: float = 0.0
    """Age of the set's data when the drill began: what could have been lost then, the RPO."""
    problems: tuple[str, ...] = ()
    """What did not agree, each in a sentence that names the file, the table or the role."""
    place: str = ""
    """Where the set was read from."""
    compared_s: float = 0.0
    """Seconds that comparing the copy with what was dumped took, after it answered."""
    of: str = ""
    """Seal of the set's page of contents: what was restored."""
    refused: tuple[str, ...] = ()
    """Settings that the server of the drill refused, in words; all else came back."""
    seal: str = ""
    """Keyed digest of all of the above."""


@dataclass(frozen=True)
class FoundSet:
    """A set as it lies in one or more places."""

    manifest: Manifest
    places: tuple[str, ...]
    """Names of the places that hold it: `local`, `s3`."""
    proofs: tuple[Proof, ...] = ()
    """Newest last."""
    missing: tuple[str, ...] = ()
    """`place: file` for each file that is not there, or not of its size."""
    forged: tuple[str, ...] = ()
    """`place: file` for each drill that is none of this set: it proves nothing."""

    @property
    def proof(self) -> Proof | None:
        """The newest drill, None before the first."""
        return self.proofs[-1] if self.proofs else None
