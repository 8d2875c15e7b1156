"""One setting of a stack file changed, its comments and its order kept."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.stackfile.read import read


def with_setting(
    content: str, role: str, key: str, value: int | bool | str | tuple[str, ...] | Mapping[str, str]
) -> str:
    """`content` with `key` in the table of `role` set to `value`; role "" stands for the top of the file.

    The table is made when there is none. Raises StackError when `content` is written so that the change would
    touch anything else. What the value may be is for `check` to say.
    """
    document = read(content.encode(), "founder.toml")
    table = document.values.get(role, {}) if role else document.values
    if not isinstance(table, dict):
        raise _too_unusual(role, key)
    wanted = _with(document.values, role, key, _plain(value))
    header = document.lines().get((role,), 0)
    if key not in table and _is_header(content, header, role):
        text = _with_line_below(content, header, key, value)
    else:
        text = _with_item(content, role, key, value)
    if tomllib.loads(text) != wanted:
        raise _too_unusual(role, key)
    return text


def _is_header(content: str, line: int, role: str) -> bool:
    return line > 0 and content.split("\n")[line - 1].lstrip().startswith(f"[{role}]")


def _with_line_below(content: str, header: int, key: str, value: object) -> str:
    """A new key right below the header of its table, where it parts no comment from what it is about."""
    lines = content.split("\n")
    end = "\r" if lines[header - 1].endswith("\r") else ""
    new = _with_item("", "", key, value).rstrip("\n") + end
    return "\n".join([*lines[:header], new, *(lines[header:] or [""])])


def _with_item(content: str, role: str, key: str, value: object) -> str:
    """A key changed in its place, or added where its table has no header of its own."""
    import tomlkit  # imported here, because reading a stack never needs it

    # tomlkit joins what it adds to a last line that has no end.
    document = tomlkit.parse(f"{content}\n" if content and not content.endswith("\n") else content)
    if role and role not in document:
        if content.strip():
            document.add(tomlkit.nl())
        document[role] = tomlkit.table()
    table: Any = document[role] if role else document
    table[key] = _plain(value) if key in table else _new(value)
    return tomlkit.dumps(document)


def _new(value: object) -> Any:
    """A value for tomlkit; a table in braces, which leaves the tables below it where they are."""
    if not isinstance(value, Mapping):
        return _plain(value)
    import tomlkit

    table = tomlkit.inline_table()
    table.update(value)
    return table


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _with(values: Mapping[str, Any], role: str, key: str, value: object) -> dict[str, Any]:
    """What the text must say after the change, and nothing else."""
    if not role:
        return {**values, key: value}
    return {**values, role: {**values.get(role, {}), key: value}}


def _too_unusual(role: str, key: str) -> StackError:
    place = f"[{role}]" if role else _("the top of the file")
    return StackError(
        _("founder cannot set {key} in founder.toml").format(key=key),
        _("The file is written in a way that founder cannot change without touching other lines"),
        _("Set {key} in {place} by hand").format(key=key, place=place),
    )
