"""What a commit holds: all that a clean checkout of it would have, its submodules too, as a digest and as a copy."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import IO

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.os.disk import NO_ROOM, refuse_to_fill
from founderstack.world.os.files import cannot_write, ensure_folder, remove_tree
from founderstack.world.os.processes import Result, failure, run
from founderstack.world.os.reaching import Inside
from founderstack.world.os.trees import refuse_too_large
from founderstack.world.source.git import GIT, git, git_names, name_of, owner_uid

_CHECKOUT_S = 600.0
"""Filters of somebody else run in it, and may fetch what they put in the place of a file (Git LFS)."""
_AS_FRESH = (
    "core.hooksPath=/dev/null",
    "core.sparseCheckout=false",
    "core.splitIndex=false",  # its other half would be written beside the founder's own index
    "submodule.recurse=false",
    "advice.detachedHead=false",
)
"""What makes a checkout of all files, and none of the founder's own files change."""
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LARGEST_POINTER = 1024
_SUBMODULE = "160000"


@dataclass(frozen=True)
class _Part:
    """A repository at one of its commits: the app's own, or one that is a submodule in it."""

    git_dir: str
    uid: int
    """Whom git runs as in it."""
    commit: str
    prefix: str
    """Where the source lies in the repository: "" or `app/`."""
    below: str = ""
    """Where its files lie in the source: "" or `vendor/lib/`."""

    def git(self, *arguments: str, index: str = "", tree: str = "/") -> Result:
        """What git answers about this repository; it has a work tree, for a submodule's own may be gone."""
        places = [f"--git-dir={self.git_dir}", f"--work-tree={tree}", "-C", tree]
        settings = [word for setting in _AS_FRESH for word in ("-c", setting)]
        return run(
            [*GIT, *settings, "--literal-pathspecs", *places, *arguments],
            user=name_of(self.uid),
            env={"GIT_INDEX_FILE": index} if index else None,
            timeout_s=_CHECKOUT_S,
            check=False,
            undecodable="surrogateescape",
        )


@dataclass(frozen=True)
class _Entry:
    """A line of `git ls-tree`."""

    mode: str
    id: str
    size: int
    path: str


def digest_of_commit(folder: str, commit: str) -> str:
    """Content address of the commit, the same as that of a clean working tree of it."""
    files = [
        (f"{part.below}{entry.path}", f"{entry.mode} {entry.id}")
        for part, entries in _parts(folder, commit)
        for entry in entries
    ]
    whole = hashlib.blake2b(digest_size=10)
    for path, about in sorted(files):
        whole.update(f"{about}\0{path}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def take_commit(folder: str, commit: str, target: str, room: str) -> None:
    """Lay out a commit's files in the folder `target`, by way of the new folder `room`.

    Git makes the files, as it would in a checkout, and as the checkout's owner; of what is then there nothing but
    files and links is taken. Raises StackError where the commit holds no file, or a submodule or filter is missing.
    """
    parts = [(part, entries) for part, entries in _parts(folder, commit, sizes=True) if entries]
    if not parts:
        raise _empty(folder, commit)
    remove_tree(room)
    ensure_folder(room, mode=0o711)
    try:
        with Inside(target) as copy:
            for number, (part, entries) in enumerate(parts):
                _take(part, entries, f"{room}/{number}", copy)
    finally:
        remove_tree(room)


def copy_file(source: Inside, copy: Inside, path: str, to: str) -> None:
    """Copy one file or link out of one folder into another; raises OSError where it is neither."""
    if stat.S_ISLNK(source.mode(path)):
        copy.make_link(to, source.link(path))
        return
    with source.read(path) as original:
        about = os.fstat(original.fileno())
        _write(copy, to, original, about.st_size, bool(about.st_mode & 0o100))


def _parts(folder: str, commit: str, *, sizes: bool = False) -> Iterator[tuple[_Part, list[_Entry]]]:
    """The repository and its submodules with the files of each, as the commit names them."""
    prefix = git_names(folder, "rev-parse", "--show-prefix").out.removesuffix("\n")
    waiting = [_Part(_git_dir(git(folder, "rev-parse", "--absolute-git-dir")), owner_uid(folder), commit, prefix)]
    for part in waiting:
        entries = _entries(part, sizes=sizes)
        yield part, [entry for entry in entries if entry.mode != _SUBMODULE]
        inner = [entry for entry in entries if entry.mode == _SUBMODULE]
        names = _names_of_submodules(part) if inner else {}
        waiting += [_submodule(folder, part, entry, names) for entry in inner]


def _entries(part: _Part, *, sizes: bool) -> list[_Entry]:
    where = ["--", part.prefix] if part.prefix else []
    listed = part.git("ls-tree", "-r", "-z", "--full-tree", *(["-l"] if sizes else []), part.commit, *where)
    if listed.code != 0:
        raise _refused(part, failure(GIT, listed).why)
    return [_entry(line, part.prefix) for line in listed.out.split("\0") if line]


def _entry(line: str, prefix: str) -> _Entry:
    about, _tab, path = line.partition("\t")
    mode, _kind, name, *size = about.split()
    return _Entry(mode, name, int(size[0]) if size and size[0].isdigit() else 0, path.removeprefix(prefix))


def _names_of_submodules(part: _Part) -> dict[str, str]:
    """What the commit calls its submodules, by their paths."""
    listed = part.git("config", f"--blob={part.commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    pairs = [line.partition("\n") for line in listed.out.split("\0") if line]
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _end, path in pairs}


def _submodule(folder: str, part: _Part, entry: _Entry, names: dict[str, str]) -> _Part:
    """The repository of a submodule: the one that is checked out there, or the one that Git keeps of it."""
    below = f"{part.below}{entry.path}"
    name = names.get(f"{part.prefix}{entry.path}", "")
    found = []
    if os.path.lexists(f"{folder}/{below}/.git"):
        found.append(git(f"{folder}/{below}", "rev-parse", "--absolute-git-dir", user=name_of(part.uid)))
    if name and ".." not in name.split("/"):
        found.append(part.git("rev-parse", "--path-format=absolute", "--git-path", f"modules/{name}"))
    for git_dir in filter(os.path.isdir, map(_git_dir, found)):
        uid = part.uid if part.uid != os.geteuid() else owner_uid(git_dir)
        inner = _Part(git_dir, uid, entry.id, "", f"{below}/")
        if inner.git("cat-file", "-e", f"{entry.id}^{{commit}}").code == 0:
            return inner
    raise StackError(
        _("The submodule {path} is not there at the commit that is wanted").format(path=below),
        _("It is wanted at {commit}, which its repository below {folder} does not hold.").format(
            commit=entry.id[:12], folder=folder
        ),
        _("Run: {command}. Where another commit is checked out than the one you deploy, also: {fetch}.").format(
            command=f"git -C {quote(folder)} submodule update --init --recursive",
            fetch=f"git -C {quote(folder)} fetch --recurse-submodules=yes",
        ),
        exit_code=EXIT_PRECONDITION,
    )


def _git_dir(said: Result) -> str:
    return said.out.removesuffix("\n")


def _take(part: _Part, entries: Sequence[_Entry], room: str, copy: Inside) -> None:
    for entry in entries:
        refuse_too_large(f"{part.below}{entry.path}", entry.size)
    try:
        refuse_to_fill(copy.folder, 2 * sum(entry.size for entry in entries))
        for made in (room, f"{room}/tree"):
            os.mkdir(made, 0o700)
        for made in (f"{room}/tree", room):
            os.chown(made, part.uid, -1)
    except OSError as error:
        raise cannot_write(room, error) from None
    index = f"{room}/index"
    _check_out(part, index, f"{room}/tree")
    with Inside(room) as source:
        try:
            for entry in entries:
                copy_file(source, copy, f"tree/{part.prefix}{entry.path}", f"{part.below}{entry.path}")
            _refuse_pointers(part, entries, source, index)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise cannot_write(copy.folder, error) from None
            raise _refused(part, f"{error.strerror}: {error.filename}") from None


def _check_out(part: _Part, index: str, tree: str) -> None:
    """Make the part's files in a folder of their own, by an index of their own: what the founder has stays as it is."""
    for arguments in (("read-tree", part.commit), ("checkout", "--", part.prefix or ".")):
        said = part.git(*arguments, index=index, tree=tree)
        if said.code != 0:
            raise _refused(part, failure(GIT, said).why)


def _refuse_pointers(part: _Part, entries: Sequence[_Entry], source: Inside, index: str) -> None:
    """Raise StackError for files that are still what Git LFS keeps in their place."""
    small = [entry.path for entry in entries if entry.mode != "120000" and entry.size <= _LARGEST_POINTER]
    paths = [path for path in small if _is_pointer(source, f"tree/{part.prefix}{path}")]
    for path in paths:
        asked = part.git("check-attr", "--cached", "-z", "filter", "--", f"{part.prefix}{path}", index=index)
        if asked.out.split("\0")[2:3] == ["lfs"]:
            raise StackError(
                _("{path} is only the pointer that Git LFS keeps in its place").format(path=f"{part.below}{path}"),
                _("Git LFS is not set up for the checkout's owner, or was told to fetch nothing."),
                _(
                    "Install it (apt install git-lfs), run “git lfs install” and “git lfs pull” as the checkout's "
                    "owner, then run the command again."
                ),
                exit_code=EXIT_PRECONDITION,
            )


def _is_pointer(source: Inside, path: str) -> bool:
    if stat.S_ISLNK(source.mode(path)):
        return False
    with source.read(path) as file:
        return file.read(len(_POINTER)) == _POINTER


def _write(copy: Inside, path: str, content: IO[bytes], size: int, program: bool) -> None:
    refuse_too_large(path, size)
    refuse_to_fill(copy.folder, size)
    with copy.write(path) as written:
        while size and (chunk := content.read(min(size, 2**20))):
            written.write(chunk)
            size -= len(chunk)
        os.fchmod(written.fileno(), 0o755 if program else 0o644)


def _refused(part: _Part, reason: str) -> StackError:
    return StackError(
        _("The files of commit {commit} cannot be taken").format(commit=part.commit[:12]),
        _("Git's checkout of {folder}: {reason}").format(folder=part.below or part.git_dir, reason=reason),
        _("Look at the filters in the repository's configuration and .gitattributes."),
    )


def _empty(folder: str, commit: str) -> StackError:
    return StackError(
        _("Commit {commit} holds no file of the app").format(commit=commit[:12]),
        _("{folder} is empty in it.").format(folder=folder),
        _("Name a commit that holds the app."),
    )
