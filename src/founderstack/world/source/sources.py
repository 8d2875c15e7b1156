"""The source of the app: which files it is made of, in the working tree or in a commit, and a copy of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.process import digest
from founderstack.world.os.files import cannot_write, ensure_folder
from founderstack.world.os.processes import PATH
from founderstack.world.os.reaching import Inside
from founderstack.world.os.trees import digest_of, files_of
from founderstack.world.source.commits import copy_file, digest_of_commit, take_commit
from founderstack.world.source.git import git, git_names


def source_digest(folder: str, ref: str = "", extra: Iterable[str] = ()) -> str:
    """Content address of the source, of the commit `ref` or of the working tree, and of `extra`.

    In a Git work tree its files are the tracked ones and the new ones that are not ignored; elsewhere all of them
    but what is made from others (node_modules, .venv …).
    """
    _require_folder(folder)
    if ref:
        return digest(digest_of_commit(folder, resolve_ref(folder, ref)), *extra)
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
            exit_code=EXIT_USAGE,
        )
    return found.out.strip()


def take_source(folder: str, ref: str, target: str, room: str = "") -> None:
    """Copy the source into the new folder `target`; of a commit where `ref` names one.

    A commit is laid out in the folder `room` first, which the checkout's owner must be able to reach; it is gone then.
    """
    _require_folder(folder)
    ensure_folder(target)
    if ref:
        take_commit(folder, resolve_ref(folder, ref), target, room or f"{target}.checkout")
        return
    try:
        with Inside(folder) as source, Inside(target) as copy:
            for path in _working_files(folder):
                copy_file(source, copy, path, path)
    except OSError as error:
        raise cannot_write(target, error) from None


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
