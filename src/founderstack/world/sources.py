"""The source of the app: which files it is made of, in the working tree or in a commit, and a copy of them."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable
from typing import IO

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.process import digest
from founderstack.world.disk import refuse_to_fill
from founderstack.world.files import cannot_write, ensure_folder
from founderstack.world.pipes import output_of, readable
from founderstack.world.processes import PATH, Result, run
from founderstack.world.reaching import Inside
from founderstack.world.trees import digest_of, files_of, refuse_too_large

# The repository around the folder may belong to another user, which is no reason to refuse reading it.
_GIT = ("git", "--no-optional-locks", "-c", "safe.directory=*", "-c", "core.fsmonitor=false")
_SILENCE_S = 120.0
"""Git of somebody else, and the filters that it runs, are not waited for longer."""


def source_digest(folder: str, ref: str = "", extra: Iterable[str] = ()) -> str:
    """Content address of the source, of the commit `ref` or of the working tree, and of `extra`.

    In a Git work tree its files are the tracked ones and the new ones that are not ignored; elsewhere all of them
    but what is made from others (node_modules, .venv …).
    """
    _require_folder(folder)
    if ref:
        return digest(_digest_of_commit(folder, ref), *extra)
    return digest(digest_of(folder, _working_files(folder)), *extra)


def resolve_ref(folder: str, ref: str) -> str:
    """The full commit that a branch, a tag or a short commit names."""
    found = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.code != 0:
        known = git(folder, "rev-parse", "--git-dir").code == 0
        raise StackError(
            _("There is no commit {ref}").format(ref=ref),
            _("The Git repository of {folder} does not know it.").format(folder=folder)
            if known
            else _("{folder} is not in a Git repository.").format(folder=folder),
            _("Name a branch, a tag or a commit that `git log` shows."),
            exit_code=EXIT_PRECONDITION,
        )
    return found.out.strip()


def take_source(folder: str, ref: str, target: str) -> None:
    """Copy the source into the new folder `target`; of a commit where `ref` names one."""
    _require_folder(folder)
    ensure_folder(target)
    try:
        if ref:
            _extract(folder, resolve_ref(folder, ref), target)
            return
        with Inside(folder) as source, Inside(target) as copy:
            for path in _working_files(folder):
                _copy(source, copy, path)
    except OSError as error:
        raise cannot_write(target, error) from None
    except tarfile.TarError as error:
        raise StackError(
            _("The files of commit {commit} cannot be taken").format(commit=ref),
            _("Git's archive of {folder}: {reason}.").format(folder=folder, reason=error),
            _("Look at the filters in the repository's configuration and .gitattributes."),
        ) from None


def source_files(folder: str) -> list[str]:
    """Paths of the files that the source is made of, relative to its folder, as it lies there now."""
    _require_folder(folder)
    return _working_files(folder)


def _require_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        raise StackError(
            _("The app's folder {folder} is missing").format(folder=folder),
            _("There is no such folder."),
            _("Set the app's path in founder.toml to the folder that holds it."),
            exit_code=EXIT_PRECONDITION,
        )


def _working_files(folder: str) -> list[str]:
    if in_work_tree(folder):
        listed = git_names(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = {name for name in listed.out.split("\0") if name}
        with Inside(folder) as inside:
            present = [path for name in names for path in _present(folder, inside, name)]
        # None where the repository around it ignores the whole folder.
        if listed.code == 0 and present:
            return sorted(present)
    return list(files_of(folder))


def _present(folder: str, inside: Inside, name: str) -> list[str]:
    """The files that a name of Git's stands for: none where it is gone, no file any more, or behind a link."""
    name = name.rstrip("/")  # so Git lists an untracked folder that is a repository of its own
    try:
        mode = inside.mode(name)
    except OSError:
        return []
    if stat.S_ISDIR(mode):
        # A submodule, or such a folder: Git lists it as one name.
        return [os.path.join(name, inner) for inner in files_of(os.path.join(folder, name))]
    return [name] if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else []


def in_work_tree(folder: str) -> bool:
    """True where the folder lies in a checkout, and there is a git to ask."""
    import shutil

    if shutil.which("git", path=PATH) is None:
        return False
    return git(folder, "rev-parse", "--is-inside-work-tree").out.strip() == "true"


def _digest_of_commit(folder: str, ref: str) -> str:
    import hashlib

    listed = git_names(folder, "ls-tree", "-r", "-z", resolve_ref(folder, ref))
    whole = hashlib.blake2b(digest_size=10)
    entries = [line.partition("\t") for line in listed.out.split("\0") if line]
    for about, _tab, path in sorted(entries, key=lambda entry: entry[2]):
        mode, kind, blob = about.split()
        if kind == "blob":
            whole.update(f"{mode} {blob}\0{path}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _extract(folder: str, commit: str, target: str) -> None:
    """Lay out the files and links of a commit. What runs as somebody else says what it likes, and what it says is
    believed of nothing but those: no device, no other owner, no way out of `target`."""
    argv = [*_GIT, "-C", folder, "archive", "--format=tar", commit]
    with (
        output_of(argv, user=_owner(folder), silence_s=_SILENCE_S) as said,
        tarfile.open(fileobj=readable(said), mode="r|") as archive,
        Inside(target) as copy,
    ):
        for member in archive:
            if member.issym():
                copy.make_link(member.name, member.linkname)
            elif member.isreg() and (content := archive.extractfile(member)):
                _write(copy, member.name, content, member.size, bool(member.mode & 0o100))
            elif not member.isdir():
                raise tarfile.ReadError(_("{path} is neither a file nor a link").format(path=member.name))
    if not os.listdir(target):
        raise StackError(
            _("Commit {commit} holds no file of the app").format(commit=commit[:12]),
            _("{folder} is empty in it.").format(folder=folder),
            _("Name a commit that holds the app."),
        )


def _copy(source: Inside, copy: Inside, path: str) -> None:
    if stat.S_ISLNK(source.mode(path)):
        copy.make_link(path, source.link(path))
        return
    with source.read(path) as original:
        about = os.fstat(original.fileno())
        _write(copy, path, original, about.st_size, bool(about.st_mode & 0o100))


def _write(copy: Inside, path: str, content: IO[bytes], size: int, program: bool) -> None:
    refuse_too_large(path, size)
    refuse_to_fill(copy.folder, size)
    with copy.write(path) as written:
        while size and (chunk := content.read(min(size, 2**20))):
            written.write(chunk)
            size -= len(chunk)
        os.fchmod(written.fileno(), 0o755 if program else 0o644)


def git(folder: str, *arguments: str) -> Result:
    """What git answers in that folder, as the owner of the checkout."""
    return run([*_GIT, "-C", folder, *arguments], user=_owner(folder), check=False)


def git_names(folder: str, *arguments: str) -> Result:
    """The same where names of files are in the answer: they are bytes, and need not be UTF-8."""
    return run([*_GIT, "-C", folder, *arguments], user=_owner(folder), check=False, undecodable="surrogateescape")


def _owner(folder: str) -> str:
    """Whom git runs as: root must not obey what another user wrote into the checkout's configuration."""
    import pwd

    if os.geteuid() != 0 or (uid := _first_of_others(os.path.realpath(folder))) == 0:
        return ""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # of a user whom only the host of this container knows
        return str(uid)


def _first_of_others(folder: str) -> int:
    """The user, if not root, who owns the folder, the repository around it, or a folder between them."""
    here = folder
    while True:
        there = [path for path in (here, f"{here}/.git", f"{here}/.git/config") if os.path.lexists(path)]
        owners = [os.lstat(path).st_uid for path in there]
        if (found := next(filter(None, owners), 0)) or len(there) > 1 or here == "/":
            return found
        here = os.path.dirname(here)
