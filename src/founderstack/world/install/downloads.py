"""Programs from their makers, for what no distribution carries: kept only where the digest is the one that is known."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import IO

from founderstack.locale import _
from founderstack.model.actions import Download
from founderstack.model.errors import StackError
from founderstack.world.install.environments import only_builder
from founderstack.world.os.files import cannot_write, ensure_folder, read_text, remove_tree, write_atomic
from founderstack.world.tar.unpacking import unpack

_MARKER = ".ready"
_SILENCE_S = 60
"""How long a server may say nothing."""
_CHUNK = 256 * 1024
_OPENERS: Mapping[str, Callable[[str], IO[bytes] | gzip.GzipFile]] = {
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.xz": lzma.open,
}


def download(action: Download, path: str, *, progress: Callable[[str], None]) -> str:
    """The folder `path` with the program in it, which is returned; nothing to do where it is there.

    Safe to call twice and to kill: it is unpacked beside its place and then renamed. Raises StackError where nobody
    answers, the file is another one than its digest says, or the disk is full.
    """
    with only_builder(path):
        if read_text(f"{path}/{_MARKER}") == action.sha256:
            return path
        half = f"{path}.new"
        for leftover in (half, path):
            remove_tree(leftover)
        ensure_folder(half)
        try:
            _fetch(action, f"{half}/{_MARKER}.file", progress)
            _place(action, f"{half}/{_MARKER}.file", half)
            write_atomic(f"{half}/{_MARKER}", action.sha256)
            os.rename(half, path)
        finally:
            remove_tree(half)
        return path


def _fetch(action: Download, file: str, progress: Callable[[str], None]) -> None:
    digest, done = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(action.url, timeout=_SILENCE_S) as reply, open(file, "wb") as target:  # noqa: S310
            while chunk := reply.read(_CHUNK):
                _write(target.write, chunk, file)
                digest.update(chunk)
                done += len(chunk)
                progress(_("{mib} MiB of {name}").format(mib=done // 2**20, name=action.name))
    except (urllib.error.URLError, OSError) as error:
        raise StackError(
            _("{name} cannot be downloaded").format(name=action.name),
            _("{url} says: {answer}").format(url=action.url, answer=getattr(error, "reason", error)),
            _("See that this machine reaches it (a proxy is told by https_proxy), then run the command again."),
        ) from None
    if digest.hexdigest() != action.sha256:
        raise StackError(
            _("What was downloaded as {name} is not what it should be").format(name=action.name),
            _("Its SHA-256 is {found}, and this version of Founder Stack knows {known}.").format(
                found=digest.hexdigest(), known=action.sha256
            ),
            _("Nothing of it was kept. Run the command again; if it stays so, do not use it, and tell its makers."),
        )


def _write(write: Callable[[bytes], object], chunk: bytes, file: str) -> None:
    try:
        write(chunk)
    except OSError as error:
        raise cannot_write(file, error) from None


def _place(action: Download, file: str, folder: str) -> None:
    """The program at its place in `folder`, from an archive or by itself; the file goes."""
    opener = next((opener for end, opener in _OPENERS.items() if action.url.endswith(end)), None)
    program = f"{folder}/{action.program}"
    if opener is None:
        ensure_folder(os.path.dirname(program))
        os.rename(file, program)
    else:
        with opener(file) as archive:
            unpack(archive, folder)
        os.unlink(file)
    if not os.path.isfile(program):
        raise StackError(
            _("{name} is not in what was downloaded").format(name=action.program),
            _("{url} was unpacked, and holds no such file.").format(url=action.url),
            _("This version of Founder Stack is wrong about it: report it with the output of “founder doctor”."),
        )
    os.chmod(program, 0o755)
