"""What `founder destroy` leaves of a stack: its sets on this machine, and the key that opens them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from founderstack.backups.sets.set_store import SetStore, without_page
from founderstack.locale import _
from founderstack.model.backup import MANIFEST
from founderstack.model.errors import StackError
from founderstack.model.state_folder import StateFolder
from founderstack.world.objects.folder import FolderStore
from founderstack.world.os import files
from founderstack.world.os.walking import walk

KEY = "key"


@dataclass(frozen=True)
class SetLocations:
    """The sets in a stack's own state, and where others lie that a destroy does not reach."""

    folder: str
    ids: tuple[str, ...]
    """Newest first."""
    bytes: int
    elsewhere: tuple[str, ...]


def lying(state: str, stack: str, settings: Any) -> SetLocations:
    """What there is; `settings` are those of `[backup]`, None where the stack makes none."""
    folder = StateFolder(state).backups
    found = SetStore(FolderStore(folder), stack).contents()
    sizes = {
        set_id: sum(file.size for file in names.values())
        for set_id, names in found.items()
        if MANIFEST in names or without_page(names)
    }
    bucket = f"s3://{settings.s3_bucket}" if settings and settings.s3_bucket else ""
    elsewhere = tuple(filter(None, (settings.folder if settings else "", bucket)))
    return SetLocations(folder, tuple(sorted(sizes, reverse=True)), sum(sizes.values()), elsewhere)


def kept_folder(state: str, now: float) -> str:
    """Where what a destroy keeps lies: beside the state, so that a later stack of that name knows nothing of it."""
    return f"{state}.backups-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"


def keeping(found: SetLocations, kept: str, key: str, *, sets: bool) -> Callable[[], None]:
    """What moves the sets to `kept`, where they shall stay, with their key; nothing where no set is left anywhere.

    They are their owner's alone then: the stack's users are removed, and their numbers may become somebody else's.
    """

    def keep() -> None:
        if sets and found.ids:
            _move(found.folder, kept)
        elif not found.elsewhere:
            return
        if key:
            files.ensure_folder(kept, mode=0o700)
            files.write_atomic(f"{kept}/{KEY}", key + "\n", mode=0o600)

    return keep


def _move(folder: str, kept: str) -> None:
    try:
        os.rename(folder, kept)
    except OSError as error:
        raise StackError(
            _("The backups in {folder} cannot be moved aside").format(folder=folder),
            error.strerror or str(error),
            _("Copy them to another place, then repeat it with: --backups"),
        ) from None
    for current, _folders, names in walk(kept):
        for path in (current, *(os.path.join(current, name) for name in names)):
            os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
