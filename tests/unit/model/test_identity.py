"""Names carry no data: who a process is stands beside its name, and one function says whom a word means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from founderstack.model.identity import Identity, meant
from founderstack.model.record import identity_of
from founderstack.model.version_0_1 import lasting, named

SOURCE = Path(__file__).parents[3] / "src/founderstack"


def instance(release: str, number: int) -> Identity:
    generation = f"{release}-0f3a9c"
    return Identity(f"app-{generation}-{number}", f"app-{number}", generation, "app", "app", number, release)


APP = tuple(instance(release, number) for release in ("1", "2") for number in (1, 2))
KNOWN = (*APP, Identity("redis", "redis", component="redis"), Identity("redis-commander", "redis-commander"))
NAMES = tuple(one.name for one in KNOWN)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["redis"], ("redis",)),
        (["app"], NAMES[:4]),
        (["app-2"], (NAMES[1], NAMES[3])),
        ([NAMES[2]], (NAMES[2],)),
        (["redis", "app-1", "redis"], ("redis", NAMES[0], NAMES[2])),
        ([], NAMES),
    ],
)
def test_a_word_means_a_process_a_family_a_ring_or_a_component(words: list[str], names: tuple[str, ...]) -> None:
    assert meant(KNOWN, words) == (names, "")


@pytest.mark.parametrize("word", ["radish", "redi", "ap", "app-3", "app-1-0f3a9c", ""])
def test_a_word_that_means_none_is_named(word: str) -> None:
    assert meant([Identity("redis-commander", "redis-commander", component="redis-commander"), *APP], [word]) == (
        (),
        word,
    )


def test_an_instance_is_spoken_of_by_title_number_and_release_and_others_by_name() -> None:
    assert (APP[3].spoken("App"), APP[3].spoken()) == ("App, instance 2 of release 2", "app, instance 2 of release 2")
    assert (KNOWN[5].spoken("Redis Commander"), KNOWN[5].service) == ("redis-commander", "redis-commander")


@pytest.mark.parametrize(
    ("name", "family", "generation", "spoken"),
    [
        ("app-12-0f3a9c-3", "app-3", "12-0f3a9c", "app, instance 3 of release 12"),
        ("redis-commander", "redis-commander", "", "redis-commander"),
        ("a-b-c-d-e", "a-b-c-d-e", "", "a-b-c-d-e"),
        ("-1-2-3", "-1-2-3", "", "-1-2-3"),
        ("app/build-f092c3c21943d89520e3", "app/build", "f092c3c21943d89520e3", "app/build-f092c3c21943d89520e3"),
    ],
)
def test_a_name_of_version_0_1_says_what_it_told(name: str, family: str, generation: str, spoken: str) -> None:
    found = named(name)
    assert (found.family, found.generation, found.spoken()) == (family, generation, spoken)
    assert lasting(f"stop:{name}") == f"stop:{family}"


def test_the_name_of_a_record_that_tells_its_family_is_not_looked_at() -> None:
    record = {
        "name": "app-3-4fd2a1-2",
        "ring": "app",
        "family": "app-7",
        "generation": "x",
        "number": 7,
        "version": "9",
    }
    assert identity_of(record) == Identity("app-3-4fd2a1-2", "app-7", "x", "", "app", 7, "9")
    assert identity_of({**record, "ring": "", "number": 0}).spoken() == "app-3-4fd2a1-2"


def test_no_other_code_takes_a_name_apart() -> None:
    """A dash that is cut at is one of a process's name, but where it is listed."""
    allowed = {
        "panel/shown/words.py": "a set's time",
        "world/objects/folder.py": "the digest after an object's name",
        "world/os/files.py": "the pid of a writer that was killed",
    }
    cuts = re.compile(r"""(?:split|partition)\(["']-["']|count\(["']-["']\)|startswith\(f["']\{[a-z_.]+\}-""")
    found = {
        str(path.relative_to(SOURCE))
        for kind in ("*.py", "*.html", "*.js")
        for path in SOURCE.rglob(kind)
        if cuts.search(path.read_text(encoding="utf-8"))
    }
    assert found == {*allowed, "model/version_0_1.py"}
