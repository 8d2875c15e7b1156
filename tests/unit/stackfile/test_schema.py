"""Editors accept by the schema what `check` accepts, and mark what it can know to be wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from docs.generate import DOCS
from founderstack.stackfile.schema import NAME
from founderstack.stackfile.template import new_stack_file

SCHEMA = jsonschema_rs.validator_for(json.loads((DOCS / NAME).read_text()))
HERE = Path(__file__).parent
REPOSITORY = Path(__file__).parents[3]
GOOD = sorted([*REPOSITORY.glob("tests/plans/*/founder.toml"), REPOSITORY / "founder.toml"])
SEEN = ("admin-email", "boolean-as-number", "choice-unknown", "domain-url", "env-number")


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_right_is_accepted(path: Path) -> None:
    errors = [
        f"{error.instance_path}: {error.message}" for error in SCHEMA.iter_errors(tomllib.loads(path.read_text()))
    ]
    assert errors == []


@pytest.mark.parametrize("name", SEEN)
def test_what_is_wrong_in_itself_is_marked(name: str) -> None:
    assert not SCHEMA.is_valid(tomllib.loads((HERE / "bad" / f"{name}.toml").read_text()))


def test_a_first_stack_file_names_the_schema() -> None:
    text = new_stack_file("notes", "", "en", ("database",), schema="docs/founder.schema.json")
    assert text.startswith("#:schema docs/founder.schema.json\n")
    assert SCHEMA.is_valid(tomllib.loads(text))
    assert "#:schema" not in new_stack_file("notes", "", "en", ("database",))
