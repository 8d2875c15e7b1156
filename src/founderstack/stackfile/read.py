"""Bytes of a TOML file → its values, and the line of each key when an error must name it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError

if TYPE_CHECKING:
    from founderstack.stackfile.lines import Path

LIMIT_BYTES = 256 * 1024
"""A stack file is a few kilobytes; whoever reads one from disk needs no more than this and one byte."""
LINE_LIMIT = 4096
"""tomllib takes memory that grows with the square of a dotted key's parts, and a key stands on one line."""

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """The values of a file and the text they came from."""

    label: str
    """How errors name the file, `founder.toml`."""
    text: str
    values: Mapping[str, Any]

    def lines(self) -> dict[Path, int]:
        """Path of each table and key → its line."""
        from founderstack.stackfile.lines import lines_of  # imported here: a good file needs no lines

        return lines_of(self.text)


def read(content: bytes, label: str) -> Document:
    """The values in `content`; raises StackError, naming the line, for what is not TOML in UTF-8."""
    if len(content) > LIMIT_BYTES:
        raise _refusal(
            label,
            _("It is larger than {limit} KiB, which no stack file needs").format(limit=LIMIT_BYTES // 1024),
            _("Check that {file} is the file you meant").format(file=label),
        )
    text = _text(content, label).replace("\r\n", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LINE_LIMIT:
            raise _refusal(
                f"{label}:{number}",
                _("The line is longer than {limit} characters").format(limit=LINE_LIMIT),
                _("Break the value into several lines with triple quotes, or put it in a file of the app"),
            )
    return Document(label, text, _values(text, label))


def unreadable(label: str, error: OSError) -> StackError:
    """The error that says why the operating system did not give the file."""
    if isinstance(error, FileNotFoundError):
        return StackError(
            _("There is no {file} here").format(file=label),
            _("A stack is described by a file of that name"),
            _("Run `founder init` to make one, or change to the folder that holds it"),
            exit_code=EXIT_PRECONDITION,
        )
    if isinstance(error, PermissionError):
        return StackError(
            _("{file} cannot be read").format(file=label),
            _("The user that runs founder has no right to read it"),
            _("Give it that right: `chmod u+r {file}`, or run founder as the file's owner").format(file=label),
            exit_code=EXIT_PRECONDITION,
        )
    return StackError(
        _("{file} cannot be read").format(file=label),
        _("The operating system says: {error}").format(error=error.strerror or type(error).__name__),
        _("Check the file and the disk with `ls -l {file}`").format(file=label),
        exit_code=EXIT_PRECONDITION,
    )


def not_a_file(label: str) -> StackError:
    """The error for a folder, a device or a pipe in the file's place."""
    return StackError(
        _("{file} is not a file").format(file=label),
        _("A folder, a device or a pipe has that name"),
        _("Move it away, then run `founder init`"),
        exit_code=EXIT_PRECONDITION,
    )


def _text(content: bytes, label: str) -> str:
    """`content` as text, or the reason why it is none."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(f"{label}:1", _("The file is written in UTF-16"), _("Save the file as UTF-8"))
    if content.startswith(b"\xef\xbb\xbf"):
        why = _("The file starts with a byte order mark, which TOML does not allow")
        raise _refusal(f"{label}:1", why, _("Save the file as UTF-8 without a byte order mark (BOM)"))
    if (position := content.find(b"\0")) >= 0:
        why = _("The line holds a zero byte, so this is not a text file")
        fix = _("Check that {file} is the file you meant").format(file=label)
        raise _refusal(f"{label}:{_line(content, position)}", why, fix)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        why = _("The line holds the byte 0x{byte:02x}, which is not UTF-8").format(byte=content[error.start])
        raise _refusal(f"{label}:{_line(content, error.start)}", why, _("Save the file as UTF-8")) from None


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _values(text: str, label: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        brackets = [line.count("[") + line.count("{") for line in text.split("\n")]
        line = brackets.index(max(brackets)) + 1
        why = _("Its values are nested too deeply")
        raise _refusal(f"{label}:{line}", why, _("Write lists and tables at most a few levels deep")) from None
    except ValueError as error:  # TOMLDecodeError, and int() where a number has more digits than Python takes
        from founderstack.stackfile.syntax import explained  # imported here: a good file needs no explanations

        message = str(error)
        position = _POSITION.search(message)
        line = int(position[1]) if position and position[1] else _last_line(text, message)
        why, fix = explained(message[: position.start()] if position else message)
        raise _refusal(f"{label}:{line}", why, fix) from None


def _last_line(text: str, message: str) -> int:
    """The line to blame when the parser met the end: where a text in triple quotes began, else the last one."""
    lines = text.rstrip("\n").split("\n")
    about_text = "string" in message or '"' in message
    numbers = range(len(lines), 0, -1) if about_text else ()
    return next((number for number in numbers if re.search("\"\"\"|'''", lines[number - 1])), len(lines))


def _refusal(place: str, why: str, fix: str) -> StackError:
    return StackError(_("{place} cannot be read").format(place=place), why, fix, exit_code=EXIT_PRECONDITION)
