"""Git, as the owner of a checkout would run it."""

from __future__ import annotations

import os

from founderstack.world.os.processes import Result, run

# The repository around the folder may belong to another user, which is no reason to refuse reading it.
GIT = ("git", "--no-optional-locks", "-c", "safe.directory=*", "-c", "core.fsmonitor=false")


def git(folder: str, *arguments: str, user: str = "") -> Result:
    """What git answers in that folder, as the owner of the checkout, or as `user`."""
    return run([*GIT, "-C", folder, *arguments], user=user or owner(folder), check=False)


def git_names(folder: str, *arguments: str) -> Result:
    """The same where names of files are in the answer: they are bytes, and need not be UTF-8."""
    return run([*GIT, "-C", folder, *arguments], user=owner(folder), check=False, undecodable="surrogateescape")


def owner(folder: str) -> str:
    """Whom git runs as: root must not obey what another user wrote into the checkout's configuration."""
    return name_of(owner_uid(folder))


def owner_uid(folder: str) -> int:
    """The same as a number; this user's own where there is no other to run it as."""
    return (os.geteuid() == 0 and _first_of_others(os.path.realpath(folder))) or os.geteuid()


def name_of(uid: int) -> str:
    """A user as programs are told to run as one; "" for this user."""
    import pwd

    if uid == os.geteuid():
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
