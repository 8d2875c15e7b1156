"""A settings class gives its fields, with what each accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from founderstack.model.settings import SettingField, fields_of, setting


@dataclass(frozen=True)
class Everything:
    number: int = setting(3, least=1, most=9)
    flag: bool = True
    text: str = setting("a", pattern="[a-z]", example="b")
    choice: Literal["x", "y"] = setting("x")
    late_choice: str = setting("p", choices=("p", "q"))
    many: tuple[str, ...] = setting(())
    table: Mapping[str, str] = setting({})


@dataclass(frozen=True)
class WithFloat:
    share: float = setting(0.5)


@dataclass(frozen=True)
class WithoutDefault:
    number: int


def test_each_field_is_described() -> None:
    assert fields_of(Everything) == (
        SettingField("number", "int", 3, least=1, most=9),
        SettingField("flag", "bool", True),
        SettingField("text", "str", "a", pattern="[a-z]", example="b"),
        SettingField("choice", "choice", "x", choices=("x", "y")),
        SettingField("late_choice", "choice", "p", choices=("p", "q")),
        SettingField("many", "list", ()),
        SettingField("table", "table", {}),
    )


def test_the_defaults_are_those_of_the_class() -> None:
    assert {field.name: field.default for field in fields_of(Everything)} == vars(Everything())


@pytest.mark.parametrize("settings", [WithFloat, WithoutDefault])
def test_a_field_that_a_stack_file_cannot_have_is_refused(settings: type) -> None:
    with pytest.raises(TypeError):
        fields_of(settings)
