"""Where the tool keeps things on this machine."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat

import founderstack
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.stack import Places
from founderstack.world.os.ambient import state_root
from founderstack.world.os.machine import readable_python
from founderstack.world.os.walking import walk


def places(stack_name: str) -> Places:
    """The folders of a stack, and the interpreter its processes run on; raises StackError where there is none.

    And where somebody else could put other things in their place, which would then run with the rights of this user.
    """
    root = state_root()
    for folder in (root, os.path.join(root, stack_name)):
        _refuse_others(folder)
    package = package_folder()
    return Places(
        state=os.path.join(root, stack_name),
        shared=os.path.join(root, "shared"),
        python=readable_python(),
        package=package,
        package_digest=_content_digest(package),
    )


def package_folder() -> str:
    """The folder of this tool's own package."""
    return os.path.dirname(founderstack.__file__)


def _refuse_others(folder: str) -> None:
    try:
        found = os.stat(folder)
    except OSError:
        return  # made by us, closed to others, when it is needed
    if found.st_uid in (0, os.geteuid()) and not found.st_mode & stat.S_IWOTH:
        return
    raise StackError(
        _("{path} is not safe to keep a stack in").format(path=folder),
        _("Other users may change what lies there, and with it what runs with your rights."),
        _("Set FOUNDER_HOME to a folder of your own, or run: chown {user} {path} && chmod 755 {path}").format(
            user=os.geteuid(), path=shlex.quote(folder)
        ),
        exit_code=EXIT_PRECONDITION,
    )


def _content_digest(folder: str) -> str:
    """Digest of the names and contents of all files of a package; two copies of the same version have the same."""
    mark = hashlib.blake2b(digest_size=6)
    for current, folders, names in walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(current, name)
            mark.update(os.path.relpath(path, folder).encode())
            with open(path, "rb") as file:
                mark.update(file.read())
    return mark.hexdigest()
