"""System users and groups: one for each component of each stack where root, the caller's own otherwise."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Collection, Iterable, Iterator

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.stack import system_user
from founderstack.world.os.ambient import state_root
from founderstack.world.os.clock import SystemClock, until
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.process_table import elsewhere
from founderstack.world.os.processes import Result, alive, all_pids, run, signal

_LOCK_WAIT_S = 30
_NOBODY_HOME = ("--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin")
_LOCK = "/run/founder-stack-accounts.lock"
# Exit codes of useradd(8), groupadd(8), usermod(8), userdel(8) and groupdel(8): passwd or group cannot be updated.
_CANNOT_UPDATE = (1, 10)
_IN_USE = 8
"""Of userdel: the user runs something."""
_ENDING_S = 10
_ROUNDS = 50


def user_name(stack: str, component: str) -> str:
    """The user that a component of a stack runs as; its group has the same name."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return system_user(stack, component)


def group_name(stack: str, component: str) -> str:
    """The group of a component of a stack; the caller's own where not root."""
    if os.geteuid() != 0:
        return grp.getgrgid(os.getegid()).gr_name
    return user_name(stack, component)


def ensure_user(stack: str, component: str, groups: Iterable[str] = ()) -> str:
    """The component's user, made where it is missing: a system user without a shell, a home or a password.

    `groups` are components of the same stack whose group it joins besides its own; it leaves those of them that are
    no longer named. Does nothing where not root.
    """
    name = user_name(stack, component)
    if os.geteuid() != 0:
        return name
    mark = _mark(stack, component)
    wanted = {user_name(stack, other) for other in groups} - {name}
    # groupadd and useradd look before they take their own lock: two at once would both make it, and the second
    # group would lose the members of the first.
    with stack_lock(_LOCK, command=_("set-up of a system user"), wait_s=_LOCK_WAIT_S):
        for group in sorted({name} | wanted):
            if not _found(grp.getgrnam, group):
                _edit(["groupadd", "--system", group])
        if not _found(pwd.getpwnam, name):
            _edit(["useradd", *_NOBODY_HOME, "--comment", mark, "--gid", name, name])
        _refuse_foreign(name, mark)
        if {group.gr_name for group in grp.getgrall() if name in group.gr_mem} != wanted:
            _edit(["usermod", "--groups", ",".join(sorted(wanted)), name])
    return name


def remove_users(stack: str) -> None:
    """Remove the users and groups of every component of this stack; nothing to do where not root.

    What a process that was stopped has left behind, and still runs as one of them, is ended.
    """
    if os.geteuid() != 0:
        return
    with stack_lock(_LOCK, command=_("removal of system users"), wait_s=_LOCK_WAIT_S):
        for account in pwd.getpwall():
            if account.pw_gecos.startswith(_mark(stack, "")):
                _remove_user(account.pw_name)
        used = {account.pw_gid for account in pwd.getpwall()}
        for group in grp.getgrall():
            # A group that another stack's name makes look like ours has its user, or comes back with it.
            if group.gr_name.startswith(f"f-{stack}-") and group.gr_gid not in used and not group.gr_mem:
                _edit(["groupdel", group.gr_name])


def end_all_of(user: str) -> None:
    """Kill whatever still runs here as `user`, a user that exists for one purpose; nothing where that is the caller.

    Another root folder or another space of process numbers is somebody else's, who may use the same number for a user.
    Raises StackError when something is left.
    """
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        return
    if uid == os.geteuid() or uid == 0:
        return
    deadline = SystemClock().monotonic() + _ENDING_S
    while not _swept(uid):
        if SystemClock().monotonic() > deadline:
            raise StackError(
                _("Processes of {user} cannot be ended").format(user=user),
                _("Still running: {pids}.").format(pids=", ".join(str(pid) for pid in _of(uid))),
                _("End them, or start the machine anew, then run the command again."),
            )


def _swept(uid: int) -> bool:
    """True where nothing of the user was found; else all of it was stopped, then killed.

    Stopped first, and looked for until nobody is new: what forks faster than it is killed would get away.
    """
    stopped: set[int] = set()
    for _round in range(_ROUNDS):
        fresh = {pid for pid in _of(uid, but=stopped) if signal(pid, "STOP")}
        if not fresh:
            break
        stopped |= fresh
    for pid in stopped:
        signal(pid, "KILL")
    return not stopped


def _mark(stack: str, component: str) -> str:
    # The name alone does not tell: `f-a-b-c` is `c` of the stack `a-b` or `b-c` of the stack `a`, and a stack of the
    # same name may live below another FOUNDER_HOME. A colon would end the field.
    return f"founder {state_root().replace(':', ';')} {stack}/{component}"


def _of(uid: int, but: Collection[int] = ()) -> Iterator[int]:
    """Pids of a user's processes that run here, each as soon as it is found.

    Where one was gone as it was looked at, a child may have taken its place: they are looked through again.
    """
    for _round in range(_ROUNDS):
        gone = False
        # The newest first: what lives for a moment only is asked at once.
        for pid in sorted(all_pids(), reverse=True):
            try:
                if pid not in but and os.stat(f"/proc/{pid}").st_uid == uid and alive(pid) and not elsewhere(pid):
                    yield pid
            except (FileNotFoundError, ProcessLookupError):
                gone = True
        if not gone:
            return


def _remove_user(name: str) -> None:
    """Remove a user, and as long as one of its processes keeps userdel from that, end it again."""

    def removed() -> bool:
        end_all_of(name)
        return _edit(["userdel", name], busy=(_IN_USE,)).code == 0

    if not until(removed, _ENDING_S, every_s=0.3):
        _edit(["userdel", name])  # with its words


def _found(look_up: Callable[[str], object], name: str) -> bool:
    try:
        look_up(name)
    except KeyError:
        return False
    return True


def _refuse_foreign(name: str, mark: str) -> None:
    found = pwd.getpwnam(name).pw_gecos
    if found != mark:
        raise StackError(
            _("The system user {name} is not this stack's").format(name=name),
            _('Its comment says "{found}" instead of "{mark}".').format(found=found, mark=mark),
            _("Give the stack another name in founder.toml."),
        )


def _edit(argv: list[str], *, busy: tuple[int, ...] = ()) -> Result:
    """Run one of the shadow tools; another process that holds their lock is waited for.

    Raises StackError with its words where it fails, but for the exit codes in `busy`.
    """
    last: list[Result] = []

    def settled() -> bool:
        last.append(run(argv, timeout_s=60, check=False))
        return not (last[-1].code in _CANNOT_UPDATE and "lock" in last[-1].err)

    until(settled, _LOCK_WAIT_S, every_s=0.3)
    done = last[-1]
    if done.code in (0, *busy):
        return done
    raise StackError(
        _("The system user {name} could not be changed").format(name=argv[-1]),
        done.err.strip() or done.out.strip(),
        _("Cure what {program} says, then run the command again.").format(program=argv[0]),
    )
