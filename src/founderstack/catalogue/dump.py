"""Backups as dumps: each database by pg_dump, inside one snapshot, with roles, owners and rights."""

from __future__ import annotations

from founderstack.catalogue import _backup
from founderstack.locale import N_
from founderstack.model.backup import IDENTITY, S3_KEY, S3_SECRET, NoBackup
from founderstack.model.component import Component

COMPONENT = Component(
    name="dump",
    summary=N_("Backups by pg_dump: simple, and restorable on any later PostgreSQL"),
    role="backup",
    optional=True,
    phase=1,
    backup=NoBackup("what it keeps are the backups themselves"),
    settings=_backup.BackupSettings,
    processes=lambda view: (),
    ram_mib=0,
    replaces=("the backups of Supabase, Neon and RDS",),
    secrets=(IDENTITY,),
    given=(S3_KEY, S3_SECRET),
)
