"""How a component declares its settings: a frozen dataclass, one field for each key of its table.

    @dataclass(frozen=True)
    class CacheSettings:
        memory_mib: int = setting(64, least=16, most=65536)
        '''Memory for keys. (The text under a field is its documentation.)'''

A field may be an `int`, a `bool`, a `str`, a `Literal` of texts, a `tuple` of texts or of whole numbers
(`tuple[str, ...]`, `tuple[int, ...]`) or a `Mapping[str, str]`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

Kind = Literal["int", "bool", "str", "choice", "list", "numbers", "table"]
T = TypeVar("T")

_PLAIN: dict[type, Kind] = {int: "int", bool: "bool", str: "str"}


@dataclass(frozen=True)
class SettingField:
    """What the stack file may say for one key."""

    name: str
    kind: Kind
    default: Any
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    """Regular expression that the whole text must match: each item of a list, each key of a table."""
    choices: tuple[str, ...] = ()
    example: str = ""
    """A text that the pattern accepts, to show in an error; the default serves where it is not empty."""


def setting(
    default: T,
    *,
    least: int | None = None,
    most: int | None = None,
    pattern: str | None = None,
    choices: tuple[str, ...] = (),
    example: str = "",
) -> T:
    """A field of a settings class: its default and what it accepts.

    `choices` is for texts that are only known when the module is loaded; write `Literal` where they are fixed.
    """
    metadata = {"least": least, "most": most, "pattern": pattern, "choices": choices, "example": example}
    if isinstance(default, Mapping):  # dataclasses refuse a default that is not hashable
        return cast(T, dataclasses.field(default_factory=lambda: default, metadata=metadata))
    return dataclasses.field(default=default, metadata=metadata)


@cache
def fields_of(settings: type) -> tuple[SettingField, ...]:
    """The keys that a settings class accepts, in its order; raises TypeError for a field of another type."""
    hints = get_type_hints(settings)
    return tuple(_field(found, hints[found.name]) for found in dataclasses.fields(settings))


def _field(found: dataclasses.Field[Any], hint: Any) -> SettingField:
    kind, fixed = _kind(hint)
    declared = dict(found.metadata)
    choices = declared.pop("choices", ()) or fixed
    return SettingField(found.name, "choice" if choices else kind, _default(found), choices=choices, **declared)


def _default(found: dataclasses.Field[Any]) -> Any:
    if found.default is not dataclasses.MISSING:
        return found.default
    if found.default_factory is not dataclasses.MISSING:
        return found.default_factory()
    raise TypeError(f"{found.name} needs a default, because an empty stack file is a valid one")


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    if hint in _PLAIN:
        return _PLAIN[hint], ()
    if get_origin(hint) is Literal:
        return "choice", get_args(hint)
    if get_origin(hint) is tuple and get_args(hint) == (str, ...):
        return "list", ()
    if get_origin(hint) is tuple and get_args(hint) == (int, ...):
        return "numbers", ()
    if get_origin(hint) is Mapping and get_args(hint) == (str, str):
        return "table", ()
    raise TypeError(f"{hint!r} is not a type that a setting may have")
