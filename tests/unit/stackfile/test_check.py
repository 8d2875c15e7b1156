"""A stack file becomes a Stack, and nothing but a StackError comes out of one that cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.stack import Choices
from founderstack.stackfile.keys import slug
from founderstack.stackfile.read import LIMIT_BYTES
from tests.unit.stackfile.sample import COMPONENTS, DEBIAN, FOLDER, AppSettings, DatabaseSettings, Given

HERE = Path(__file__).parent
GOOD = sorted(HERE.joinpath("good").glob("*.toml"))
KEYS = ("format", "name", "domain", "database", "cache", "app", "agent", "use", "replicas", "env", "port", "zzz")
SIGNS = (
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    '"',
    "'",
    '"""',
    "'''",
    "#",
    "\\",
    "\n",
    "\r\n",
    "\x00",
    "\u2028",
)
VALUES = ("true", "1", "-1", "1.5", "nan", "0xff", "2026-01-01", '"redis"', '"none"', "[1]", "['a']", "{ a = 1 }")
WORDS = st.sampled_from([*KEYS, *SIGNS, *VALUES])


def problems(content: bytes | str, against: Given | None = None) -> list[str]:
    with pytest.raises(StackError) as caught:
        (against or Given()).check(content)
    assert {problem.exit_code for problem in caught.value.problems} == {EXIT_PRECONDITION}
    return [problem.what for problem in caught.value.problems]


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_file_is_accepted(file: Path) -> None:
    assert Given().check(file.read_bytes()).name == "diary"


def test_an_empty_file_is_a_whole_stack() -> None:
    stack = Given().check("")
    assert {role: part.component for role, part in stack.parts.items()} == {
        "database": "postgres",
        "cache": "redis",
        "app": "web",
        "gateway": "nginx",
        "database-admin": "pgadmin",
        "backup": "dump",
        "cache-admin": "browser",
        "panel": "panel",
    }
    assert stack.parts["app"].settings == AppSettings()
    assert (stack.name, stack.folder, stack.file) == ("diary", FOLDER, f"{FOLDER}/founder.toml")
    assert (stack.domain, stack.language, stack.admin_email) == ("", "", "")


def test_everything_that_is_written_arrives() -> None:
    stack = Given().check(HERE.joinpath("good", "everything.toml").read_bytes())
    assert (stack.domain, stack.language, stack.admin_email) == ("diary.example.com", "es", "ana@example.com")
    assert set(stack.parts) == {"database", "app", "gateway", "backup", "panel"}
    assert stack.parts["database"].settings == DatabaseSettings(5433, 50, "256MB", ("pg_trgm", "citext"))
    assert stack.parts["app"].settings == AppSettings(
        start="npm run start",
        replicas=12,
        migrate=False,
        env={"GREETING": "¡Hola!", "PRIVATE_KEY": "line\nline"},
    )


def test_the_app_is_left_out_until_its_folder_is_there() -> None:
    assert "app" not in Given(folders=()).check("").parts
    assert "app" in Given(folders=(f"{FOLDER}/web",)).check('[app]\npath = "web"\n').parts
    assert problems("[app]\n", Given(folders=())) == ["founder.toml:1: the folder of the app is not there"]


def test_a_folder_beside_the_stack_is_a_place_for_the_app() -> None:
    assert Given(folders=("/home/ana/web",)).check('[app]\npath = "../web"\n').parts["app"].settings.path == "../web"


def test_the_default_component_is_the_first_that_the_machine_can_have() -> None:
    on_trixie = Given(machine=replace(DEBIAN, os="debian:13"))
    assert on_trixie.check("").parts["cache"].component == "valkey"
    assert Given().check("").parts["cache"].component == "redis"


def test_what_was_chosen_before_stays_chosen() -> None:
    against = Given(machine=replace(DEBIAN, os="debian:13"), choices=Choices(components={"cache": "redis"}))
    assert against.check("").parts["cache"].component == "redis"
    assert against.check('[cache]\nuse = "valkey"').parts["cache"].component == "valkey"


def test_a_choice_that_the_machine_cannot_have_is_told() -> None:
    assert problems("", Given(choices=Choices(components={"cache": "valkey"}))) == [
        "founder.toml:1: valkey cannot fill the role cache"
    ]


def test_a_system_without_any_component_of_a_role_is_told() -> None:
    only_new = {"cache": replace(COMPONENTS["redis"], systems=("debian:13",))}
    against = Given(components={**{n: c for n, c in COMPONENTS.items() if c.role != "cache"}, **only_new})
    assert problems("[panel]\n[cache]\n", against) == ["founder.toml:2: nothing fills the role cache"]


def test_a_system_without_a_needed_component_is_told() -> None:
    only_new = {**COMPONENTS, "postgres": replace(COMPONENTS["postgres"], systems=("debian:13",))}
    with pytest.raises(StackError) as caught:
        Given(components=only_new).check("")
    assert caught.value.fix == "Run the stack on Debian or Ubuntu in a version that founder supports"


def test_all_components_that_would_do_are_named() -> None:
    with pytest.raises(StackError) as caught:
        Given(machine=replace(DEBIAN, os="debian:13")).check('[cache]\nuse = "zzz"')
    assert caught.value.fix == ('Write one of these below `[cache]`: `use = "valkey"`, `use = "redis"`, `use = "none"`')


def test_a_need_that_cannot_be_left_out_is_told_of_a_needed_role() -> None:
    thirsty = {**COMPONENTS, "panel": replace(COMPONENTS["panel"], needs=("cache",))}
    against = Given(components={name: made for name, made in thirsty.items() if name != "pgadmin"})
    with pytest.raises(StackError) as caught:
        against.check('[cache]\nuse = "none"\n[database-admin]\nuse = "none"\n')
    assert caught.value.fix == "Fill [cache] by removing its `use`"


def test_a_huge_file_is_refused_unread() -> None:
    assert problems(b"#" * (LIMIT_BYTES + 1)) == ["founder.toml cannot be read"]
    assert Given().check(b"# nothing\n" * (LIMIT_BYTES // 10)).name == "diary"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("diary", "diary"),
        ("My Diary (2026)", "my-diary-2026"),
        ("2026-diary", "diary"),
        ("a-diary-of-many-years", "a-diary-of-many"),
        ("día", "d-a"),
        ("日記", "stack"),
        ("", "stack"),
        ("shared", "shared-stack"),
        ("receipts", "receipts-stack"),
    ],
)
def test_the_name_comes_from_the_folder(folder: str, name: str) -> None:
    assert slug(folder) == name


@given(st.text(max_size=40))
def test_a_name_from_a_folder_is_always_accepted(folder: str) -> None:
    assert Given().check(f'name = "{slug(folder)}"').name == slug(folder)


@given(st.binary(max_size=400))
@example(b"format = 0x" + b"f" * 4000)
@example(b"a." * 2000 + b"a = 1")
@example(b"x = " + b"[" * 2000)
@example(b"x = [\n" * 2000)
@example(b"[app]\nreplicas = " + b"9" * 4050)
@settings(max_examples=300)
def test_arbitrary_bytes_give_a_stack_or_a_stack_error(content: bytes) -> None:
    _check(content)


@given(st.lists(WORDS, max_size=40))
@settings(max_examples=500)
def test_arbitrary_words_give_a_stack_or_a_stack_error(words: list[str]) -> None:
    _check(" ".join(words).encode())


LINES = st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES))


@given(st.lists(st.one_of(LINES, st.sampled_from(["[app]", "[cache]", "[app.env]", "[zzz]", "[[panel]]"])), max_size=8))
@settings(max_examples=500)
def test_arbitrary_lines_give_a_stack_or_errors_on_those_lines(lines: list[str]) -> None:
    for what in _check("\n".join(lines).encode()):
        number = int(what.removeprefix("founder.toml:").split(":")[0].split(" ")[0])
        assert 1 <= number <= max(1, len(lines))


def _check(content: bytes) -> list[str]:
    """What the problems are; none for a stack that was accepted."""
    found: tuple[StackError, ...] = ()
    try:
        Given().check(content)
    except StackError as error:
        found = error.problems
    assert all(problem.what and problem.why and problem.fix for problem in found)
    return [problem.what for problem in found]
