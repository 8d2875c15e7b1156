"""Packages from npm in the shared folder: exactly those of a lock file, by hash, none of their scripts run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.process import digest
from founderstack.world.os.ambient import download_environment
from founderstack.world.os.files import ensure_folder, read_text, remove_tree, write_atomic
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.processes import PATH, how_it_ended, run

_MARKER = ".ready"
_TIMEOUT_S = 600
_LAYOUT = "1"
"""Counted up when this module makes something else of the same lock file."""


def node_packages(path: str, pins: str, node: str, *, progress: Callable[[str], None]) -> None:
    """`node_modules` below `path`, as package.json and package-lock.json in the folder `pins` say.

    Nothing to do when it is there. `node` is the folder of the Node that installs them; the cache is
    `<shared>/cache/npm-tools`. Raises StackError with what npm said. Safe to call twice, and by two at once.
    """
    wanted = digest(_LAYOUT, _text(f"{pins}/package.json"), _text(f"{pins}/package-lock.json"))
    folder, name = os.path.split(path)
    ensure_folder(folder, mode=0o755)
    command = _("set-up of {name}").format(name=name)
    with stack_lock(os.path.join(folder, f".{name}.lock"), command=command, wait_s=_TIMEOUT_S):
        if read_text(f"{path}/{_MARKER}") == wanted:
            return
        half = f"{path}.new"
        remove_tree(half)
        ensure_folder(half, mode=0o755)
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(f"{pins}/{file}", f"{half}/{file}")
        _npm(half, node, folder, progress)
        write_atomic(f"{half}/{_MARKER}", wanted)
        remove_tree(path)
        os.rename(half, path)


def _npm(half: str, node: str, folder: str, progress: Callable[[str], None]) -> None:
    cache = os.path.join(os.path.dirname(folder), "cache", "npm-tools")
    ensure_folder(cache, mode=0o700)
    env = {
        **download_environment(),
        "PATH": f"{node}/bin:{PATH}",
        "HOME": half,
        "npm_config_cache": cache,
        "npm_config_update_notifier": "false",
    }
    options = ("--ignore-scripts", "--omit=dev", "--omit=optional", "--no-audit", "--no-fund")
    ended = run(
        [f"{node}/bin/npm", "ci", *options], cwd=half, env=env, timeout_s=_TIMEOUT_S, on_line=progress, check=False
    )
    if ended.code != 0:
        raise StackError(
            _("{path} could not be set up").format(path=half.removesuffix(".new")),
            ended.out.strip()[-2000:] or how_it_ended(ended.code),
            _("Check that this machine reaches the package index (proxy, firewall, disk), then run it again."),
        )


def _text(path: str) -> str:
    text = read_text(path)
    if text is None:
        raise StackError(
            _("The file {path} is missing").format(path=path),
            _("It belongs to Founder Stack and was removed."),
            _("Install Founder Stack again."),
        )
    return text
