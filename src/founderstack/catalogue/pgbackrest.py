"""Backups by pgBackRest: the whole server, its log of changes as it is written, and any moment in between."""

from __future__ import annotations

from urllib.parse import urlsplit

from founderstack.catalogue import _backup
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Provides, View
from founderstack.model.process import secret
from founderstack.model.words import Archive, Database

_PROGRAM = "/usr/bin/pgbackrest"
STANZA = "main"


def tasks(view: View) -> tuple[p.Task, ...]:
    data = view.places.data("pgbackrest")
    return (
        p.Task(
            name="pgbackrest/packages",
            component="pgbackrest",
            summary=N_("pgBackRest from the distribution"),
            action=p.Install(packages=("pgbackrest",), provides=(_PROGRAM,)),
        ),
        p.Task(
            name="pgbackrest/configuration",
            component="pgbackrest",
            summary=N_("where pgBackRest keeps what it takes"),
            action=p.Run(
                commands=(),
                account=view.one(Database).account,
                files=(p.File(_configuration_file(view), _configuration(view)),),
                folders=(p.Folder(data), p.Folder(f"{data}/lock"), p.Folder(f"{data}/restore")),
            ),
            needs=("pgbackrest/packages",),
        ),
    )


def archive(view: View) -> tuple[Archive, ...]:
    """Segments go to every repository at once; the folder's marker says from when on they are wanted."""
    options = (f"--config={_configuration_file(view)}", f"--stanza={STANZA}")
    return (Archive(command=(_PROGRAM, *options, "archive-push"), folder=view.places.data("pgbackrest")),)


def _configuration(view: View) -> str:
    """pgbackrest.conf: encrypted repositories, and nothing of its own outside its folder."""
    settings, data = view.settings, view.places.data("pgbackrest")
    server = view.endpoint("database")
    folder = settings.folder or view.places.files.backups
    of_the_server: dict[str, object] = {
        "pg1-path": view.one(Database).folder,
        "pg1-socket-path": server.socket,
        "pg1-port": server.port,
        "pg1-user": "postgres",
    }
    of_all: dict[str, object] = {
        "lock-path": f"{data}/lock",
        # A restore empties it, and the usual one is another user's.
        "spool-path": f"{data}/restore",
        "log-level-file": "off",
        "log-level-console": "warn",
        "log-level-stderr": "off",
        "compress-type": "zst",
        "start-fast": "y",
        "process-max": max(1, view.machine.cores // 2),
        "io-timeout": 10,
        "archive-timeout": 120,
        **_repository(1, {"path": f"{folder}/pgbackrest-{view.stack.name}"}),
        **(_repository(2, _bucket(view)) if _leaves(view) else {}),
    }
    sections = (("global", of_all), (STANZA, of_the_server))
    lines = [[f"[{name}]", *(f"{key}={value}" for key, value in options.items())] for name, options in sections]
    return "\n".join(line for section in lines for line in section) + "\n"


def _repository(number: int, options: dict[str, object]) -> dict[str, object]:
    """Options of one repository. What it keeps is decided by the sets that are kept, so it expires nothing itself."""
    common = {
        "cipher-type": "aes-256-cbc",
        # The oldest key of the stack: it stays the same when a newer one is made, and the kit tells it.
        "cipher-pass": secret(_backup.IDENTITY, "oldest"),
        "retention-full": 9999999,
        "bundle": "y",
    }
    return {f"repo{number}-{name}": value for name, value in {**options, **common}.items()}


def _leaves(view: View) -> bool:
    """True where there is an S3 over TLS and the keys to it; it speaks no other."""
    known = _backup.S3_KEY in view.secret_digests and _backup.S3_SECRET in view.secret_digests
    settings = view.settings
    return bool(settings.s3_bucket and settings.s3_endpoint.startswith("https://") and known)


def _bucket(view: View) -> dict[str, object]:
    settings = view.settings
    endpoint = urlsplit(settings.s3_endpoint)
    prefix = f"/{settings.s3_prefix}" if settings.s3_prefix else ""
    options: dict[str, object] = {
        "type": "s3",
        "path": f"{prefix}/{view.stack.name}/pgbackrest",
        "s3-bucket": settings.s3_bucket,
        "s3-endpoint": endpoint.hostname,
        "s3-region": settings.s3_region,
        "s3-key": secret(_backup.S3_KEY),
        "s3-key-secret": secret(_backup.S3_SECRET),
        # By path: every server understands it, and a certificate names the server, not each bucket.
        "s3-uri-style": "path",
        "storage-port": endpoint.port or 443,
    }
    return {**options, "storage-ca-file": settings.s3_ca} if settings.s3_ca else options


def _configuration_file(view: View) -> str:
    return f"{view.places.etc('pgbackrest')}/pgbackrest.conf"


COMPONENT = Component(
    name="pgbackrest",
    summary=N_("Backups by pgBackRest: back to any moment, for databases of any size"),
    role="backup",
    optional=True,
    rank=1,
    phase=2,
    backup=NoBackup("what it keeps are the backups themselves"),
    settings=_backup.BackupSettings,
    processes=lambda view: (),
    tasks=tasks,
    provides=(Provides(Archive, archive),),
    needs=("database",),
    ram_mib=0,
    replaces=("point-in-time recovery of Supabase, Neon and RDS",),
    alternatives=("dump",),
    secrets=(_backup.IDENTITY,),
    given=(_backup.S3_KEY, _backup.S3_SECRET),
)
