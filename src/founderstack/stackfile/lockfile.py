"""founder.lock: what was chosen for a stack, so that nothing changes by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.stack import Choices
from founderstack.stackfile.read import Document, read

LABEL = "founder.lock"
LOCK_FORMAT = 1

_HEADER = """\
# What founder chose for this stack, so that nothing changes by itself. Written by founder: keep it beside founder.toml
# and commit both. To choose otherwise, change founder.toml.
"""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SECTIONS: Mapping[str, type] = {"components": str, "ports": int, "versions": str}


def read_lock(content: bytes) -> Choices:
    """The choices in `content`, none when it is empty; raises StackError when it is not what founder wrote."""
    try:
        document = read(content, LABEL)
    except StackError as error:
        raise StackError(error.what, error.why, _fix(), exit_code=EXIT_PRECONDITION) from None
    written = document.values.get("format", LOCK_FORMAT)
    if type(written) is int and written > LOCK_FORMAT:
        raise StackError(
            _("{file} cannot be read").format(file=LABEL),
            _("It was made by a newer version of founder"),
            _("Upgrade founder, or go back to the version of the file that this founder made"),
            exit_code=EXIT_PRECONDITION,
        )
    if written != LOCK_FORMAT or type(written) is not int:
        raise _corrupt(document, ("format",))
    for key in document.values:
        if key != "format" and key not in _SECTIONS:
            raise _corrupt(document, (key,))
    components, ports, versions = (_section(document, name, kind) for name, kind in _SECTIONS.items())
    return Choices(components, ports, versions)


def render_lock(choices: Choices) -> str:
    """The text of founder.lock; the same choices always give the same text."""
    return "\n".join(_lines(choices)) + "\n"


def _section(document: Document, name: str, kind: type) -> dict[str, Any]:
    section = document.values.get(name, {})
    if not isinstance(section, dict):
        raise _corrupt(document, (name,))
    for key, value in section.items():
        if type(value) is not kind or (type(value) is int and not 1 <= value <= 65535):
            raise _corrupt(document, (name, key))
    return section


def _corrupt(document: Document, path: tuple[str, ...]) -> StackError:
    return StackError(
        _("{place} cannot be read").format(place=f"{LABEL}:{document.lines().get(path, 1)}"),
        _("founder did not write this line"),
        _fix(),
        exit_code=EXIT_PRECONDITION,
    )


def _fix() -> str:
    return _("Bring back the last good {file} from your version control or a backup").format(file=LABEL)


def _lines(choices: Choices) -> Iterator[str]:
    yield f"{_HEADER}format = {LOCK_FORMAT}"
    for name in _SECTIONS:
        section: Mapping[str, str | int] = getattr(choices, name)
        if section:
            yield f"\n[{name}]"
        for key in sorted(section):
            yield f"{_key(key)} = {_value(section[key])}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: str | int) -> str:
    # JSON and TOML write texts alike, but for the one control character that JSON leaves as it is.
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
