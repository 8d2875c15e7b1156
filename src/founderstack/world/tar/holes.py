"""Files with holes in a tar archive: they cost what they hold, not what they say of their size.

A file of 8 TiB that holds nothing is one call, for any user; programs make them as well (LMDB, images of machines). It
is stored in GNU's sparse format 1.0, which Python and GNU tar read: a map of its pieces, then the pieces.
Source: https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
"""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Sequence

Piece = tuple[int, int]
"""Where it begins, and how many bytes it has."""
_LEAST = 64 * 1024
"""Holes that are fewer bytes in all are stored as zeros, in an entry as any other."""
_MOST_PIECES = 2**18
"""What fits in memory easily when it is read back."""
_SMALL_HOLE = 8 * 1024


class HolesTooMany(OSError):
    """What lies between the holes is so scattered that it would take many times what it takes on the disk."""


def pieces_of(file: int, found: os.stat_result, most: int = _MOST_PIECES) -> list[Piece]:
    """The parts of an open file that hold something, in their order; one where there is no hole worth it.

    Raises HolesTooMany; small holes are filled before that.
    """
    size, pieces, hole, end = found.st_size, list[Piece](), 1, 0
    while end < size and (start := _next_piece(file, end)) < size:
        end = min(os.lseek(file, start, os.SEEK_HOLE), size)
        pieces.append((start, end - start))
        while len(pieces) > most:
            hole = max(_SMALL_HOLE, 2 * hole)
            pieces = _joined(pieces, hole)
    held = sum(length for _start, length in pieces)
    if hole > 1 and held > 4 * found.st_blocks * 512:
        raise HolesTooMany(errno.EFBIG, "Its holes are too many")
    return pieces if size - held >= _LEAST else [(0, size)]


def _next_piece(file: int, end: int) -> int:
    try:
        return os.lseek(file, end, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return os.fstat(file).st_size  # only a hole is left


def _joined(pieces: Sequence[Piece], hole: int) -> list[Piece]:
    joined = [pieces[0]]
    for start, length in pieces[1:]:
        first, before = joined[-1]
        if start - first - before < hole:
            joined[-1] = (first, start + length - first)
        else:
            joined.append((start, length))
    return joined


class Content:
    """Pieces of a file, one after the other, after `head`. What ends early, or cannot be read, goes on with zeros: the
    header has told the size."""

    def __init__(self, file: int, pieces: Sequence[Piece], head: bytes = b"") -> None:
        self._file = file
        self._left = list(reversed(pieces))
        self._head = head
        self.error: OSError | None = None
        """Why it could not be read."""

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes."""
        found, self._head = bytearray(self._head[:size]), self._head[size:]
        while len(found) < size and self._left:
            start, length = self._left.pop()
            part = self._part(start, min(length, size - len(found)))
            found += part
            if len(part) < length:
                self._left.append((start + len(part), length - len(part)))
        return bytes(found)

    def _part(self, start: int, length: int) -> bytes:
        try:
            return (not self.error and os.pread(self._file, length, start)) or bytes(length)
        except OSError as error:
            self.error = error
            return bytes(length)


class WithHoles(tarfile.TarInfo):
    """An entry whose content begins with the map of its pieces; `size` is that of both."""

    real_size = 0

    def tobuf(self, *_format: object, **_encoding: object) -> bytes:
        """The header: what the format adds, and one that also holds sizes above 8 GiB, which tarfile else misreads."""
        records = b"".join(
            _record(key, value)
            for key, value in (
                ("GNU.sparse.major", "1"),
                ("GNU.sparse.minor", "0"),
                ("GNU.sparse.name", self.name),
                ("GNU.sparse.realsize", str(self.real_size)),
                ("mtime", str(self.mtime)),
            )
        )
        extended = tarfile.TarInfo("PaxHeaders/sparse")
        extended.type, extended.size = tarfile.XHDTYPE, len(records)
        plain = tarfile.TarInfo("GNUSparseFile/sparse")
        plain.mode = self.mode
        return extended.tobuf(tarfile.USTAR_FORMAT) + _block(records) + _sized(plain, self.size)


def entry_of(member: tarfile.TarInfo, file: int, found: os.stat_result) -> tuple[tarfile.TarInfo, Content]:
    """The entry for an open file and what it is made of; raises OSError where it cannot be taken."""
    pieces = pieces_of(file, found)
    held = sum(length for _start, length in pieces)
    if held == found.st_size:
        member.size = held
        return member, Content(file, pieces)
    # One of no bytes at the end tells GNU tar where the file ends.
    told = [*pieces, (found.st_size, 0)]
    head = _block(b"".join(b"%d\n" % number for number in (len(told), *(part for piece in told for part in piece))))
    entry = WithHoles(member.name)
    entry.mode, entry.mtime, entry.real_size = member.mode, member.mtime, found.st_size
    entry.size = len(head) + held
    return entry, Content(file, pieces, head)


def _block(content: bytes) -> bytes:
    return content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _sized(member: tarfile.TarInfo, size: int) -> bytes:
    """A header with its size as a binary number: by a record of it tarfile would look for the next entry elsewhere."""
    raw = bytearray(member.tobuf(tarfile.USTAR_FORMAT))
    raw[124:136] = b"\x80" + size.to_bytes(11, "big")
    raw[148:156] = b"%06o\0 " % (sum(b" " * 8) + sum(raw[:148]) + sum(raw[156:]))
    return bytes(raw)


def _record(key: str, value: str) -> bytes:
    """`length key=value`, where the length counts its own digits as well."""
    text = b" %s=%s\n" % (key.encode(), value.encode("utf-8", "surrogateescape"))
    length = len(text)
    while (whole := len(text) + len(str(length))) != length:
        length = whole
    return b"%d%s" % (length, text)
