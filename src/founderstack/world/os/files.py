"""Files and folders: whole or not at all, with the mode and the owner they need."""

from __future__ import annotations

import errno
import os
import stat
import threading
from contextlib import suppress
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.disk import NO_ROOM as NO_ROOM, free_mib as free_mib, no_room
from founderstack.world.os.walking import empty, walk

_TEMPORARY = ".new"


def write_atomic(path: str, content: str | bytes, *, mode: int = 0o644, owner: str = "", group: str = "") -> bool:
    """True when the file was written, False when it was the same already: content, mode and owner.

    A reader sees the old file or the new one, also after a power cut. On any failure the old file is as it was and
    nothing temporary stays. Raises StackError when the disk is full or the folder may not be written.
    """
    raw = content.encode() if isinstance(content, str) else content
    uid, gid = _uid(owner), _gid(group)
    if _same(path, raw, mode, uid, gid):
        return False
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}-{threading.get_native_id()}{_TEMPORARY}")
    try:
        _remove_leftovers(folder, name)
        _write_synced(temporary, raw, mode, uid, gid)
        os.replace(temporary, path)
        _sync_folder(folder)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with suppress(OSError):  # what failed first is what is told
            _unlink(temporary)
    return True


def ensure_folder(path: str, *, mode: int = 0o755, owner: str = "", group: str = "") -> bool:
    """True when the folder was made or changed; its missing parents are made with mode 0755."""
    uid, gid = _uid(owner), _gid(group)
    try:
        made = _make_folder(path)
        # O_NOFOLLOW: a process's user must not lead root's chown elsewhere through a symlink it planted.
        follow = 0 if _link_of_ours(path) else os.O_NOFOLLOW
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | follow)
        try:
            now = os.fstat(folder)
            wanted = (uid if uid >= 0 else now.st_uid, gid if gid >= 0 else now.st_gid)
            if wanted != (now.st_uid, now.st_gid):
                os.fchown(folder, *wanted)
            if stat.S_IMODE(now.st_mode) != mode:
                os.fchmod(folder, mode)
        finally:
            os.close(folder)
    except OSError as error:
        raise cannot_write(path, error) from None
    return made or wanted != (now.st_uid, now.st_gid) or stat.S_IMODE(now.st_mode) != mode


def swap_link(link: str, target: str) -> None:
    """Point the symlink at `target` in one step: who opens it gets the old one or the new one, never nothing."""
    temporary = f"{link}.{os.getpid()}-{threading.get_native_id()}{_TEMPORARY}"
    try:
        _unlink(temporary)
        os.symlink(target, temporary)
        os.replace(temporary, link)
    except OSError as error:
        raise cannot_write(link, error) from None
    finally:
        with suppress(OSError):  # what failed first is what is told
            _unlink(temporary)


def read_text(path: str) -> str | None:
    """The file's text, None where there is none; raises StackError when it cannot be read or is not UTF-8."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise StackError(
            _("{path} cannot be read").format(path=path),
            _("It is not a UTF-8 text."),
            _("Put the right file there, or remove it."),
        ) from None
    except OSError as error:
        raise StackError(
            _("{path} cannot be read").format(path=path),
            f"{error.strerror}.",
            _("Make it readable for the user who runs this command, or run it as root (sudo)."),
        ) from None


def remove_tree(path: str) -> None:
    """Remove a folder and all in it, or a file; nothing to do where there is none."""
    try:
        if os.path.islink(path) or not os.path.isdir(path):
            _unlink(path)
            return
        if os.geteuid() != 0:
            os.chmod(path, 0o700)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            empty(folder)
        finally:
            os.close(folder)
        os.rmdir(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(path, error) from None


def readable_by_others(path: str) -> str:
    """ "" where every user can read `path`, else the first folder on the way, or the file, that keeps them out."""
    real = os.path.realpath(path)
    parents = [real[:end] or "/" for end, letter in enumerate(real) if letter == "/"]
    for folder in parents:
        if not _allows(folder, stat.S_IXOTH):
            return folder
    needed = stat.S_IROTH | (stat.S_IXOTH if os.path.isdir(real) else 0)
    return "" if _allows(real, needed) else real


def cannot_write(path: str, error: OSError) -> StackError:
    """The error that a person reads for a failed write: a full disk, no rights, or what the system says."""
    what = _("{path} cannot be written").format(path=path)
    if error.errno in NO_ROOM:
        return no_room(path, error)
    if error.errno in (errno.EACCES, errno.EPERM):
        return StackError(
            what,
            _("The user who runs this command may not write there."),
            _("Run the command as root (sudo), or set FOUNDER_HOME to a folder of your own."),
        )
    return StackError(
        what, f"{error.strerror}.", _("Cure that on the disk or in the path, then run the command again.")
    )


def _allows(path: str, bits: int) -> bool:
    try:
        return os.stat(path).st_mode & bits == bits
    except OSError:
        return False


def _same(path: str, raw: bytes, mode: int, uid: int, gid: int) -> bool:
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size != len(raw) or stat.S_IMODE(found.st_mode) != mode:
            return False
        if uid not in (-1, found.st_uid) or gid not in (-1, found.st_gid):
            return False
        with open(path, "rb") as file:
            return file.read() == raw
    except OSError:
        return False


def _write_synced(path: str, raw: bytes, mode: int, uid: int, gid: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        left = memoryview(raw)
        while left:
            left = left[os.write(file, left) :]
        if (uid, gid) != (-1, -1):
            os.fchown(file, uid, gid)
        os.fchmod(file, mode)
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: str) -> None:
    opened = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove_leftovers(folder: str, name: str) -> None:
    """Remove what writers of this file left that were killed in the middle; they may hold a secret."""
    for found in os.listdir(folder or "."):
        if found.startswith(f".{name}.") and found.endswith(_TEMPORARY):
            pid = found[len(name) + 2 : -len(_TEMPORARY)].partition("-")[0]
            if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                _unlink(os.path.join(folder, found))


def _make_folder(path: str) -> bool:
    if os.path.isdir(path):
        return False
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent) and _make_folder(parent):
        os.chmod(parent, 0o755)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        # Somebody else made it in between; anything but a folder is refused where it is opened.
        return False
    return True


def _link_of_ours(path: str) -> bool:
    found = os.lstat(path)
    return stat.S_ISLNK(found.st_mode) and found.st_uid in (0, os.geteuid())


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return


def _uid(owner: str) -> int:
    import pwd

    try:
        return pwd.getpwnam(owner).pw_uid if owner else -1
    except KeyError:
        raise _no_account(owner) from None


def _gid(group: str) -> int:
    import grp

    try:
        return grp.getgrnam(group).gr_gid if group else -1
    except KeyError:
        raise _no_account(group) from None


def _no_account(name: str) -> StackError:
    return StackError(
        _("The system user or group {name} is missing").format(name=name),
        _("A process of the stack runs as this user, and somebody has removed it."),
        _("Run: founder up"),
    )


def list_files(folder: str) -> list[str]:
    """Paths of all files below a folder, links left out; none where there is no folder."""
    return [
        os.path.join(current, name)
        for current, _folders, names in walk(folder)
        for name in names
        if not os.path.islink(os.path.join(current, name))
    ]


def read_json(path: str) -> dict[str, Any]:
    """The object in a file of ours that can be made anew; empty where it is missing or damaged."""
    import json

    try:
        found = json.loads(read_text(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
