"""One value of the stack file against what its setting accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from founderstack.locale import _
from founderstack.model.settings import SettingField

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SHOWN_LENGTH = 40


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value, and what to write instead."""

    why: str
    fix: str
    key: str = ""
    """The key of a table that is to blame, where it is one."""


def shown(key: str) -> str:
    """A key as it is written in TOML, short and without control characters."""
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was most likely meant to be, or ""."""
    import difflib  # imported here: only an error needs it

    by_letters = {name.replace("-", "_").lower(): name for name in known}
    found = difflib.get_close_matches(word[:60].replace("-", "_").lower(), by_letters, n=1)
    return by_letters[found[0]] if found else ""


def example(field: SettingField) -> str:
    """A line that sets `field` to something it accepts."""
    value: object = field.default
    if field.kind == "bool":
        value = not field.default
    elif field.kind == "str":
        value = field.default or field.example or "text"
    elif field.kind == "choice":
        value = next((choice for choice in field.choices if choice and choice != field.default), field.default)
    elif field.kind == "list":
        value = field.default or (field.example or "text",)
    elif field.kind == "numbers":
        value = field.default or (int(field.example or field.least or 1),)
    elif field.kind == "table":
        value = {field.example or "KEY": "text"}
    return f"{field.name} = {toml(value)}"


def toml(value: object) -> str:
    """A value as it is written in TOML, long texts cut short."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{shown(key)} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return str(value)[:_SHOWN_LENGTH]


def fault_of(field: SettingField, value: object) -> Fault | None:
    """Why `field` cannot take `value`, or None when it can."""
    if wrong := _wrong_type(field, value):
        return wrong
    if value == field.default:
        return None
    return _CHECKS[field.kind](field, value)


def taken(field: SettingField, value: Any) -> Any:
    """An accepted value as the settings class holds it."""
    return tuple(value) if field.kind in ("list", "numbers") else value


def _wrong_type(field: SettingField, value: object) -> Fault | None:
    if _fits(field.kind, value):
        return None
    if field.kind == "int" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return Fault(
            _("It must be a whole number, and quotes make it a text"),
            _("Write `{line}`").format(line=f"{field.name} = {int(value)}"),
        )
    if field.kind == "bool" and value in ("true", "false"):
        return Fault(
            _("It must be true or false, and quotes make it a text"),
            _("Write `{line}`").format(line=f"{field.name} = {value}"),
        )
    if field.kind == "str" and type(value) in (int, float):
        return Fault(
            _("It must be a text, and without quotes it is a number"),
            _("Write `{line}`").format(line=f"{field.name} = {toml(str(value))}"),
        )
    if field.kind == "table" and isinstance(value, dict):
        return next(_item_fault(key, item) for key, item in value.items() if not isinstance(item, str))
    why = _("It must be {wanted}, and it is {found}").format(wanted=_wanted(field.kind), found=_kind_of(value))
    return Fault(why, _("Write it like `{line}`").format(line=example(field)))


def _item_fault(key: str, item: object) -> Fault:
    line = f'{shown(key)} = "…"'
    return Fault(
        _("Every value of this table must be a text, and {key} is {found}").format(
            key=shown(key), found=_kind_of(item)
        ),
        _("Put the value in quotes: `{line}`").format(line=line),
        key,
    )


def _fits(kind: str, value: object) -> bool:
    if kind == "int":
        return type(value) is int  # True is an int to Python, and a different thing to a person
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "list":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "numbers":
        return isinstance(value, list) and all(type(item) is int for item in value)
    if kind == "table":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return isinstance(value, str)


def _wanted(kind: str) -> str:
    return {
        "int": _("a whole number"),
        "bool": _("true or false"),
        "list": _("a list of texts"),
        "numbers": _("a list of whole numbers"),
        "table": _("a table of texts"),
    }.get(kind, _("a text"))


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return _("true or false")
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (int, _("a whole number")),
        (float, _("a number with decimals")),
        (str, _("a text")),
        (list, _("a list of other things") if value and not _fits("list", value) else _("a list")),
        (dict, _("a table")),
        ((date, datetime, time), _("a date or a time")),
    )
    return next(name for kind, name in names if isinstance(value, kind))


def _number_fault(field: SettingField, value: Any) -> Fault | None:
    low, high = field.least, field.most
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    if high is None:
        why = _("It must be {least} or more").format(least=low)
    elif low is None:
        why = _("It must be {most} or less").format(most=high)
    else:
        why = _("It must be from {least} to {most}").format(least=low, most=high)
    bound = low if low is not None and value < low else high
    return Fault(why, _("Write `{line}` or another number in that range").format(line=f"{field.name} = {bound}"))


def _text_fault(field: SettingField, value: Any) -> Fault | None:
    if _CONTROL.search(value):
        return _control_character()
    if field.pattern is None or re.fullmatch(field.pattern, value):
        return None
    why = _("{value} does not have the form that this setting needs").format(value=_quoted(value))
    return Fault(why, _("Write it like `{line}`").format(line=example(field)))


def _choice_fault(field: SettingField, value: Any) -> Fault | None:
    if value in field.choices:
        return None
    choices = [choice for choice in field.choices if choice]
    meant = nearest(value, choices) or choices[0]
    return Fault(
        _("{value} is none of {choices}").format(value=_quoted(value), choices=", ".join(map(_quoted, choices))),
        _("Write `{line}`").format(line=f"{field.name} = {_quoted(meant)}"),
    )


def _list_fault(field: SettingField, value: Any) -> Fault | None:
    return next((fault for item in value if (fault := _text_fault(field, item))), None)


def _numbers_fault(field: SettingField, value: Any) -> Fault | None:
    fault = next((fault for item in value if (fault := _number_fault(field, item))), None)
    return fault and Fault(fault.why, _("Write it like `{line}`").format(line=example(field)))


def _table_fault(field: SettingField, value: Any) -> Fault | None:
    # Only the keys are ever shown: the values of a table are the app's environment, where people put secrets.
    for key, text in value.items():
        if _CONTROL.search(key) or _CONTROL.search(text):
            return _control_character(key)
        if field.pattern is not None and not re.fullmatch(field.pattern, key):
            why = _("The key {key} does not have the form that this setting needs").format(key=shown(key))
            return Fault(why, _("Write it like `{line}`").format(line=example(field)), key)
    return None


def _control_character(key: str = "") -> Fault:
    return Fault(_("It holds a control character"), _("Remove the character, or write the text anew"), key)


def _quoted(text: str) -> str:
    import json  # imported here: only an error needs it

    cut = text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "…"
    return json.dumps(cut, ensure_ascii=False)


_CHECKS: Mapping[str, Callable[[SettingField, Any], Fault | None]] = {
    "int": _number_fault,
    "bool": lambda field, value: None,
    "str": _text_fault,
    "choice": _choice_fault,
    "list": _list_fault,
    "numbers": _numbers_fault,
    "table": _table_fault,
}
