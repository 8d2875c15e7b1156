"""No option is passed over in silence: what cannot be heeded is refused, before anything is looked at."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from docs.generate import parser_of
from founderstack import locale
from founderstack.cli.dispatch import dispatch
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.options import parser


def refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command is refused with."""
    assert dispatch(words.split()) == 64
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.mark.parametrize(
    ("words", "one", "other"),
    [
        ("restore --table public.notes --files app", "--files", "--table"),
        ("restore --database app --files app", "--files", "--database"),
        ("restore --only databases --files app", "--only", "--files"),
        ("restore --only files --table public.notes", "--only", "--table"),
        ("restore --only files --to newest", "--only", "--to"),
        ("restore --files app --to newest", "--files", "--to"),
        ("restore --whole-server --database app", "--whole-server", "--database"),
        ("restore --whole-server --only files", "--whole-server", "--only"),
        ("secrets rotate postgres.app --all", "--all", "postgres.app"),
        ("deploy --preview --force", "--preview", "--force"),
        ("status --watch --check", "--watch", "--check"),
        ("test --quick --soak", "--quick", "--soak"),
        ("up --check --plan 0123", "--check", "--plan"),
        ("migrate plan --database-only --files-key key", "--database-only", "--files-key"),
    ],
)
def test_what_says_two_things_is_refused(words: str, one: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"✗ {one} and {other} do not go together\n" in refused(words, capsys)


@pytest.mark.parametrize(
    ("words", "option", "context"),
    [
        ("restore --log /old/pg_wal", "--log", "--whole-server"),
        ("backup prove --kind full", "--kind", "founder backup"),
        ("backup resend 2026", "2026", "founder backup prove, founder backup forget"),
        ("backup prove --confirm 2026", "--confirm", "founder backup forget"),
        ("backup forget 2026 --json", "--json", "founder backup, prove and resend"),
        ("secrets list postgres.app", "postgres.app", "founder secrets show, rotate and set"),
        ("secrets show postgres.app --all", "--all", "founder secrets rotate"),
        ("secrets rotate postgres.app --from-env X", "--from-env", "founder secrets set"),
        ("secrets show postgres.app --json", "--json", "founder secrets list"),
        ("alerts list phone", "phone", "founder alerts add, remove and test"),
        ("alerts test --json", "--json", "founder alerts list"),
        ("deploy --json", "--json", "--preview"),
        ("rebuild --from / --endpoint https://s3.example.com", "--endpoint", "--from s3://BUCKET/PREFIX"),
        ("migrate plan --follow", "--follow", "founder migrate run"),
        ("migrate run --frozen", "--frozen", "founder migrate cutover"),
        ("migrate run --person a@example.com", "--person", "founder migrate release"),
    ],
)
def test_what_belongs_to_something_else_is_refused(
    words: str, option: str, context: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(words, capsys)
    assert f"{option} says nothing here" in said
    assert f"It belongs to: {context}" in said
    assert f"founder {words.split()[0]} --help" in said


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "help"])
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        dispatch([verb, "--help"])
    assert ended.value.code == 0
    assert f"founder {verb}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "why", "fix"),
    [
        ("status --chek", "Unrecognized arguments: --chek", "Did you mean “--check”?"),
        ("secrets lst", "invalid choice: 'lst'", "Did you mean “list”?"),
        ("scale", "The following arguments are required", "See: founder scale --help"),
    ],
)
def test_a_usage_that_is_wrong_is_an_error_like_others(
    words: str, why: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(words, capsys)
    assert why in said
    assert fix in said
    assert f"usage: founder {words.split()[0]}" in said


def test_who_asks_for_json_gets_wrong_usage_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["status", "--json", "--foo"]) == 64
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err)["errors"][0]["what"] == "Unrecognized arguments: --foo"


def test_options_may_stand_before_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["--json", "status", "--foo"]) == 64
    assert "Unrecognized" in json.loads(capsys.readouterr().err)["errors"][0]["what"]
    assert dispatch(["-V"]) == dispatch(["--version"]) == 0
    version, again = capsys.readouterr().out.splitlines()
    assert version == again
    assert version.startswith("founder ")


def test_a_test_that_is_not_there_is_named_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no tests/unit/test_nothing.py" in refused("test tests/unit/test_nothing.py::test_one -x", capsys)


def test_what_is_left_as_it_was_is_not_given() -> None:
    options = parser("restore")
    options.add_argument("--region", default="here")
    options.add_argument("names", nargs="*")
    options.only_with(options.parse_args(["--region", "here"]), "a word", "--region", "names", there=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_is_a_command_that_is_understood(verb: str) -> None:
    made = parser_of(verb)
    examples = [line for line in re.split(r"\n|: ", made.epilog or "") if "founder " in line]
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" > ")[0].removeprefix("sudo ").removeprefix("./"))
        assert words[:2] == ["founder", verb]
        made.parse_known_args(words[2:]) if verb == "test" else made.parse_args(words[2:])


@pytest.mark.parametrize("verb", VERBS)
def test_what_stands_for_a_word_is_a_word_in_capitals_or_a_choice(
    verb: str,
) -> None:
    for action in parser_of(verb)._actions:
        if action.nargs != 0:
            assert action.metavar or action.choices, f"{verb}: {action.dest}"


def test_they_are_spoken_in_spanish(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "es")
    locale.use("")
    with pytest.raises(SystemExit):
        dispatch(["restart", "--help"])
    said = capsys.readouterr().out
    assert "SERVICIO [SERVICIO ...]" in said
    assert "--file ARCHIVO" in said
    assert "SERVICIO" in refused("restart", capsys)
    monkeypatch.setenv("LANGUAGE", "en")
    locale.use("")
