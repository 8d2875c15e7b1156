"""One setting of a stack file changed, its comments and its order kept."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.stackfile.read import read

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def with_setting(
    content: str, role: str, key: str, value: int | bool | str | tuple[str, ...] | Mapping[str, str]
) -> str:
    """`content` with `key` in the table of `role` set to `value`; role "" stands for the top of the file.

    The table is made when there is none. Raises StackError when `content` is written so that the change would
    touch anything else. What the value may be is for `check` to say.
    """
    import tomlkit  # imported here, because reading a stack never needs it
    from tomlkit.exceptions import TOMLKitError

    values = read(content.encode(), "founder.toml").values
    if not isinstance(values.get(role, {}), dict):
        raise _too_unusual(role, key)
    document = tomlkit.parse(content)
    try:
        if role and role not in document:
            _append_table(document, role)
        table: Any = document[role] if role else document
        table[key] = _written(value, key in table)
    except TOMLKitError:
        raise _too_unusual(role, key) from None
    text = tomlkit.dumps(document)
    if tomllib.loads(text) != _with(values, role, key, _plain(value)):
        raise _too_unusual(role, key)
    return text


def _append_table(document: TOMLDocument, role: str) -> None:
    import tomlkit

    if document.as_string().strip():
        document.add(tomlkit.nl())
    document[role] = tomlkit.table()


def _written(value: object, replaces: bool) -> Any:
    """The value for tomlkit; a new table is written in braces, which leaves the tables below where they are."""
    import tomlkit

    if replaces or not isinstance(value, Mapping):
        return _plain(value)
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
