"""One setting changes, and nothing else of the file."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, strategies as st

from founderstack.model.errors import StackError
from founderstack.stackfile.edit import with_setting
from founderstack.stackfile.template import new_stack_file
from tests.unit.stackfile.sample import Given

FILE = """\
# my stack
name = "diary" # a name

[app]
# two are enough
replicas = 2 # for now
env.A = "1"

# about the cache
[cache]
use = "redis"
"""


def test_comments_and_order_stay() -> None:
    assert with_setting(FILE, "app", "replicas", 4) == FILE.replace("replicas = 2", "replicas = 4")
    assert with_setting(FILE, "cache", "use", "none") == FILE.replace('"redis"', '"none"')
    assert with_setting(FILE, "", "name", "notes") == FILE.replace('"diary"', '"notes"')


def test_a_new_key_at_the_top_stays_above_the_tables() -> None:
    changed = with_setting(FILE, "", "domain", "diary.example.com")
    assert tomllib.loads(changed)["domain"] == "diary.example.com"
    assert changed.index("domain") < changed.index("[app]")


def test_a_new_environment_does_not_part_a_comment_from_its_table() -> None:
    assert "# about the cache\n[cache]" in with_setting(FILE.replace('env.A = "1"\n', ""), "app", "env", {"B": "2"})


def test_a_missing_table_is_made() -> None:
    changed = with_setting(FILE, "database", "extensions", ("pg_trgm",))
    assert changed == FILE + '\n[database]\nextensions = ["pg_trgm"]\n'
    assert with_setting("", "app", "replicas", 3) == "[app]\nreplicas = 3\n"


VALUES = st.one_of(st.integers(-9, 9), st.booleans(), st.text("añ\"'\\\n#=", max_size=6))
FILES = st.sampled_from(
    [
        "",
        FILE,
        "app.replicas = 2\n",
        "app = { replicas = 2 }\n",
        "[app.env]\nA = '1'\n",
        "app.env.A = '1'",
        "[app]\n[app.env]\nA = '1'\n[cache]",
        FILE.replace("\n", "\r\n"),
    ]
)


@given(FILES, st.sampled_from(["app", "cache", ""]), st.sampled_from(["replicas", "use", "z"]), VALUES)
def test_nothing_but_the_setting_changes(content: str, role: str, key: str, value: int | bool | str) -> None:
    before = tomllib.loads(content)
    after = tomllib.loads(with_setting(content, role, key, value))
    table = after[role] if role else after
    assert table.pop(key) == value
    was = before.get(role, {}) if role else before
    was.pop(key, None)
    if role:
        before.setdefault(role, {})
    assert after == before


@pytest.mark.parametrize(
    "content", ['app = "web"\n', "[[app]]\nreplicas = 2\n", "not toml\n", "app.env.B = '2'\na = 1\n"]
)
def test_a_file_that_cannot_be_changed_is_told(content: str) -> None:
    with pytest.raises(StackError):
        with_setting(content, "app", "env", {"A": "1"})


@pytest.mark.parametrize("language", ["", "en", "es"])
@pytest.mark.parametrize("domain", ["", "diary.example.com"])
def test_the_first_stack_file_is_a_good_one(domain: str, language: str) -> None:
    content = new_stack_file("notes", domain, language, ("database", "app"))
    stack = Given(folders=()).check(content)
    assert (stack.name, stack.domain, stack.language) == ("notes", domain, language)
    assert max(map(len, content.splitlines())) <= 120
