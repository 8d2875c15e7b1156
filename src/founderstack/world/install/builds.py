"""Releases of the app: built once from a copy of the source, kept by digest, shared by the machine's stacks."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.process import Build
from founderstack.model.stack import Places
from founderstack.world.os.accounts import end_all_of
from founderstack.world.os.ambient import download_environment
from founderstack.world.os.files import ensure_folder, free_mib, list_files, read_text, remove_tree, write_atomic
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.machine import read_machine
from founderstack.world.os.processes import PATH, how_it_ended, run, signal_of
from founderstack.world.os.trees import copy_tree
from founderstack.world.os.walking import walk
from founderstack.world.source.sources import take_source

_LEAST_FREE_MIB = 1024
"""What an average node_modules, its cache and a release take together."""
_LAST_LINES = 20
_LOGS = 30
"""Of the newest builds, one each, also of those that failed."""
_PRUNE_WAIT_S = 30


def build(action: Build, places: Places, *, user: str, progress: Callable[[str], None]) -> str:
    """Path of the release, built now unless it is there; `user` is the unprivileged user that builds it.

    Who builds the same release at the same time waits for the first. Nothing stands under the release's name before
    it is whole. Raises StackError with the log's last lines and its path.
    """
    release = places.release(action.digest)
    _claim(places, action.digest)
    with _build_lock(places, action):
        if not os.path.isdir(release):
            _require_room(places)
            _build(action, places, user, progress)
    return release


def prune_releases(places: Places, keep: set[str]) -> list[str]:
    """Remove the releases that neither this stack wants to `keep` nor any other on the machine; their digests."""
    with _claims_lock(places):
        _write_claims(places, keep)
        wanted = _all_claims(places)
        folder = os.path.dirname(places.release("any"))
        gone = [name for name in sorted(os.listdir(folder)) if not name.startswith(".") and name not in wanted]
        for name in gone:
            remove_tree(os.path.join(folder, name))
    return gone


def close_caches(places: Places, user: str) -> None:
    """Take what the builds of a stack have downloaded from their user, whose number is about to be anybody's."""
    for cache in _caches(places, user):
        if os.path.isdir(cache):
            _take_back(cache)


def log_path(action: Build, places: Places) -> str:
    """The file that a build writes its output to."""
    return os.path.join(places.log("build"), f"{action.release}-{action.digest}.log")


def _build(action: Build, places: Places, user: str, progress: Callable[[str], None]) -> None:
    scratch = os.path.join(places.shared, "builds", action.digest)
    end_all_of(user)
    remove_tree(scratch)
    try:
        # Closed to the builder except while it builds: in a folder where it can swap names, root would read and
        # write whatever it points them to.
        ensure_folder(scratch, mode=0o700)
        progress(_("copying the source"))
        take_source(action.source, action.ref, f"{scratch}/source", f"{scratch}.checkout")
        for name in ("home", "temporary"):
            ensure_folder(f"{scratch}/{name}", mode=0o700)
        _give_to(user, scratch)
        progress(action.command.strip().partition("\n")[0])
        _run(action, places, user, scratch, progress)
        end_all_of(user)
        _take_back(scratch)
        progress(_("keeping the release"))
        _keep(action, places, scratch)
    finally:
        end_all_of(user)
        remove_tree(scratch)


def _run(action: Build, places: Places, user: str, scratch: str, progress: Callable[[str], None]) -> None:
    ensure_folder(places.log("build"))
    lines: list[str] = []
    path = log_path(action, places)
    remove_tree(path)
    _keep_newest_logs(places.log("build"))
    with open(path, "w", encoding="utf-8", buffering=1, opener=_for_owner_alone) as log:

        def on_line(line: str) -> None:
            lines.append(line)
            log.write(f"{line}\n")
            progress(line)

        try:
            ended = run(
                ["/usr/bin/ionice", "-c", "3", "/bin/sh", "-c", action.command],
                cwd=f"{scratch}/source",
                env=_environment(action, places, user, scratch),
                timeout_s=action.timeout_s,
                user=user,
                nice=10,
                oom_score=500,
                on_line=on_line,
                check=False,
            )
        except StackError as error:
            raise _failed(action, [*lines[-_LAST_LINES:], error.why], path) from None
    if ended.code != 0:
        killed = [how_it_ended(ended.code)] if signal_of(ended.code) else []
        raise _failed(action, [*lines, *killed][-_LAST_LINES:], path)


def _keep_newest_logs(folder: str) -> None:
    paths = [path for path in list_files(folder) if path.endswith(".log")]
    for path in sorted(paths, key=os.path.getmtime, reverse=True)[_LOGS - 1 :]:
        remove_tree(path)


def _for_owner_alone(path: str, flags: int) -> int:
    # A build prints what its author lets it print, now and then a token.
    return os.open(path, flags, 0o600)


def _environment(action: Build, places: Places, user: str, scratch: str) -> dict[str, str]:
    npm, uv = _caches(places, user)
    for cache in (npm, uv):
        _own_cache(cache, user)
    env = {
        "HOME": f"{scratch}/home",
        "TMPDIR": f"{scratch}/temporary",
        "PATH": f"{action.node}/bin:{PATH}" if action.node else PATH,
        "CI": "1",
        "UV_CACHE_DIR": uv,
        "npm_config_cache": npm,
        "npm_config_update_notifier": "false",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "NODE_OPTIONS": f"--max-old-space-size={_heap_mib(read_machine().ram_mib)}",
    }
    if action.node:
        # Add-ons are compiled against this Node, not against one that is installed beside it. By this name node-gyp
        # takes it and npm, which warns of settings that are not its own, does not.
        env["npm_package_config_node_gyp_nodedir"] = action.node
    return {**download_environment(), **env, **dict(action.env)}


def _own_cache(folder: str, user: str) -> None:
    """The folder, the user's with all that is in it: the caches outlive a stack, and its users' numbers do not."""
    import pwd

    if os.geteuid() == 0 and os.path.isdir(folder):
        owner = os.stat(folder, follow_symlinks=False).st_uid
        if owner == 0:
            _give_to(user, folder)
        elif owner != pwd.getpwnam(user).pw_uid:
            remove_tree(folder)  # whoever got that number since may have been in there
    ensure_folder(folder, mode=0o700, owner=user)


def _caches(places: Places, user: str) -> tuple[str, str]:
    """Of npm and uv, for each user its own: what one stack's build writes must not end up in another's."""
    return f"{places.shared}/cache/npm-{user}", f"{places.shared}/cache/uv-{user}"


def _heap_mib(ram_mib: int) -> int:
    """Half the machine for the build's heap: enough for a large app on 4 GiB, and the database keeps its half."""
    return min(max(ram_mib // 2, 512), 4096)


def _keep(action: Build, places: Places, scratch: str) -> None:
    source = os.path.realpath(f"{scratch}/source")
    output = os.path.realpath(os.path.join(source, action.output))
    if not f"{output}/".startswith(f"{source}/") or not os.path.isdir(output):
        raise StackError(
            _("The build of release {number} made no folder {output}").format(
                number=action.release, output=action.output
            ),
            _("The command ended well, but the folder that is to be kept is not there."),
            _("Set the app's output in founder.toml to the folder that `{command}` makes.").format(
                command=action.command
            ),
        )
    release = places.release(action.digest)
    ensure_folder(os.path.dirname(release))
    half = os.path.join(os.path.dirname(release), f".{action.digest}.new")
    remove_tree(half)
    try:
        copy_tree(output, half)
        # The files reach the disk before the name does: a power cut must not leave a whole name on empty files.
        os.sync()
        os.rename(half, release)
    finally:
        remove_tree(half)


def _give_to(user: str, folder: str) -> None:
    import pwd

    account = pwd.getpwnam(user)
    if os.geteuid() != 0:
        return
    for here, folders, files in walk(folder):
        for name in [*folders, *files]:
            os.chown(os.path.join(here, name), account.pw_uid, account.pw_gid, follow_symlinks=False)
    # The outermost one last: until then nobody but root gets near what is changed.
    os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _take_back(folder: str) -> None:
    os.chown(folder, os.geteuid(), os.getegid(), follow_symlinks=False)
    os.chmod(folder, 0o700)


def _require_room(places: Places) -> None:
    free = free_mib(places.shared)
    if free < _LEAST_FREE_MIB:
        raise StackError(
            _("There is no room to build the app"),
            _("{path} has {free} MiB free; a build needs {needed}.").format(
                path=places.shared, free=free, needed=_LEAST_FREE_MIB
            ),
            _("Make room on the disk, then run the command again."),
            exit_code=EXIT_PRECONDITION,
        )


def _failed(action: Build, lines: list[str], log: str) -> StackError:
    return StackError(
        _("The build of release {number} failed").format(number=action.release),
        "\n".join(lines) or _("It gave no reason."),
        _("Cure what it says, then run the command again. The whole log: {path}").format(path=log),
    )


def _build_lock(places: Places, action: Build) -> AbstractContextManager[None]:
    # One build at a time on the whole machine: two at once is what a small server has no memory for.
    command = _("build of release {number}").format(number=action.release)
    return stack_lock(os.path.join(places.shared, "builds", ".lock"), command=command, wait_s=action.timeout_s)


def _claims_lock(places: Places) -> AbstractContextManager[None]:
    return stack_lock(f"{_claims(places)}/.lock", command=_("clean-up of releases"), wait_s=_PRUNE_WAIT_S)


def _claims(places: Places) -> str:
    return os.path.join(os.path.dirname(places.release("any")), ".wanted")


def _claim(places: Places, digest: str) -> None:
    """Say that this stack wants a release, before it is built: no other stack's clean-up takes it away."""
    with _claims_lock(places):
        _write_claims(places, {*_read_claims(_own_claims(places)), digest})


def _own_claims(places: Places) -> str:
    return os.path.join(_claims(places), os.path.basename(places.state))


def _write_claims(places: Places, digests: set[str]) -> None:
    if digests:
        write_atomic(_own_claims(places), "".join(f"{digest}\n" for digest in sorted(digests)))
    else:
        remove_tree(_own_claims(places))


def _read_claims(path: str) -> list[str]:
    return (read_text(path) or "").split()


def _all_claims(places: Places) -> set[str]:
    folder = _claims(places)
    names = [name for name in os.listdir(folder) if not name.startswith(".")]
    return {digest for name in names for digest in _read_claims(os.path.join(folder, name))}
