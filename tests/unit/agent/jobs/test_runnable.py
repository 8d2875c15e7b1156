"""What the agent may be asked to run, and that no word of a command line comes from outside unchecked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from founderstack.agent.jobs.runnable import RUNNABLE, command_of
from founderstack.cli.table import VERBS
from founderstack.model.errors import StackError


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("up", {"plan": ""}, ("up", "--plan=")),
        ("up", {"plan": "0123456789abcdef"}, ("up", "--plan=0123456789abcdef")),
        ("deploy", {"ref": "feature/new-ui~1", "force": False}, ("deploy", "--ref=feature/new-ui~1")),
        ("deploy", {"ref": "", "force": True}, ("deploy", "--ref=", "--force")),
        ("rollback", {"number": 0}, ("rollback", "0")),
        ("scale", {"replicas": 3}, ("scale", "app=3")),
        ("restart", {"process": "app-2-0f3a9c-1"}, ("restart", "app-2-0f3a9c-1")),
        ("backup", {"kind": ""}, ("backup", "--kind=")),
        ("prove", {"set": ""}, ("backup", "prove")),
        ("prove", {"set": "20261124T033000Z-4f1c9a"}, ("backup", "prove", "20261124T033000Z-4f1c9a")),
        (
            "restore",
            {"set": "20261124T033000Z-4f1c9a", "only": "", "confirm": "", "answer": ""},
            ("restore", "--only=", "20261124T033000Z-4f1c9a"),
        ),
        (
            "restore",
            {"set": "20261124T033000Z-4f1c9a", "only": "files", "confirm": "diary", "answer": "without-safety-set"},
            (
                "restore",
                "--only=files",
                "--in-place",
                "--confirm=diary",
                "--without-safety-set",
                "20261124T033000Z-4f1c9a",
            ),
        ),
        (
            "restore",
            {"set": "20261124T033000Z-4f1c9a", "only": "", "confirm": "", "answer": "replace"},
            ("restore", "--only=", "--replace", "20261124T033000Z-4f1c9a"),
        ),
        ("rotate", {"secret": "postgres.app"}, ("secrets", "rotate", "postgres.app")),
    ],
)
def test_a_verb_and_its_options_are_a_command_line(verb: str, options: dict[str, Any], words: tuple[str, ...]) -> None:
    assert command_of(verb, options)[0] == (*words, "--yes", "--events")


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("destroy", {}), ("", {}), ("up", {}), ("up", {"plan": "", "check": True}), ("up", {"plan": 7}),
        ("up", {"plan": "../x"}), ("deploy", {"ref": "--upload-pack=x", "force": False}),
        ("deploy", {"ref": "a b", "force": False}), ("deploy", {"ref": "", "force": "yes"}), ("deploy", {"ref": ""}),
        ("restart", {"process": "-h"}), ("restart", {"process": "a;b"}), ("restart", {"process": ""}),
        ("restart", {"process": "web\n"}), ("scale", {"replicas": 0}), ("scale", {"replicas": 10**6}),
        ("scale", {"replicas": True}), ("rollback", {"number": -1}), ("rotate", {"secret": "--all"}),
        ("prove", {"set": "20261124"}), ("prove", {"set": "20261124T033000Z-4f1c9a --debug"}),
    ],
)  # fmt: skip
def test_anything_else_is_refused(verb: str, options: dict[str, Any]) -> None:
    with pytest.raises(StackError, match="refused"):
        command_of(verb, options)


@given(st.sampled_from(sorted(RUNNABLE)), st.text(max_size=20) | st.integers() | st.booleans() | st.none())
def test_no_value_becomes_an_option_of_its_own(verb: str, value: object) -> None:
    options = dict.fromkeys(RUNNABLE[verb].options, value)
    try:
        words, _nice = command_of(verb, options)
    except StackError:
        return
    assert words[0] in VERBS
    known = ("--plan=", "--ref=", "--kind=", "--only=", "--in-place", "--confirm=", "--replace", "--yes", "--events")
    assert all(word.startswith(known) for word in words if word.startswith("-"))
