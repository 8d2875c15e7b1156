"""One decimal sign, that of the language, wherever a person reads a number; none of it where a program does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from founderstack import locale
from founderstack.cli.terminal.render import seconds
from founderstack.cli.verbs.status import screen
from founderstack.operations.stack.status import Line, Status, as_json
from founderstack.operations.stack.step_report import megabytes
from founderstack.panel.shown import words

STATUS = Status((Line("redis", "online", "Redis", "data", latency_ms=1.25),), supervised=True, agent_age_s=1.0)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    locale.use("en")


@pytest.mark.parametrize(("language", "sign"), [("en", "."), ("es", ",")])
def test_terminal_and_panel_write_a_number_in_the_same_way(language: str, sign: str) -> None:
    locale.use(language)
    assert locale.number(1234.5, 1) == f"1234{sign}5"
    assert seconds(0.26) == f"0{sign}3 s"
    assert megabytes(2.5e6) == f"2{sign}5 MB"
    assert f"1{sign}2 ms" in "\n".join(screen(STATUS, {}, 0.0))
    assert words.milliseconds(1.25, language).startswith(f"1{sign}2")
    assert words.size(2.5e6, language).startswith(f"2{sign}5")
    assert words.percent(0.9998, language).startswith(f"99{sign}98")
    assert json.loads(json.dumps(as_json(STATUS, {})))["services"][0]["latency_ms"] == 1.25
