"""founder.lock says again what was chosen, and a broken one is told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from founderstack.model.errors import StackError
from founderstack.model.stack import Choices
from founderstack.stackfile.lockfile import read_lock, render_lock

CHOICES = Choices({"cache": "redis"}, {"gateway.https": 443, "database.sql": 5432}, {"postgres": "15"})
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def test_the_text_is_stable_and_explains_itself() -> None:
    other_order = Choices({"cache": "redis"}, {"database.sql": 5432, "gateway.https": 443}, {"postgres": "15"})
    assert render_lock(CHOICES) == render_lock(other_order)
    header, _, rest = render_lock(CHOICES).partition("format")
    assert all(line.startswith("#") for line in header.splitlines())
    assert rest == (
        ' = 1\n\n[components]\ncache = "redis"\n\n[ports]\n"database.sql" = 5432\n"gateway.https" = 443\n'
        '\n[versions]\npostgres = "15"\n'
    )


def test_no_choices_are_read_from_an_empty_file() -> None:
    assert read_lock(b"") == Choices() == read_lock(render_lock(Choices()).encode())


@given(
    st.dictionaries(TEXT, TEXT, max_size=4),
    st.dictionaries(TEXT, st.integers(1, 65535), max_size=4),
    st.dictionaries(TEXT, TEXT, max_size=4),
)
def test_what_is_written_is_read(components: dict[str, str], ports: dict[str, int], versions: dict[str, str]) -> None:
    choices = Choices(components, ports, versions)
    assert read_lock(render_lock(choices).encode()) == choices


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<<<<<<< HEAD\n", "founder.lock:1 cannot be read"),
        (b"\xff", "founder.lock:1 cannot be read"),
        (b"format = 2\n", "founder.lock cannot be read"),
        (b"format = true\n", "founder.lock:1 cannot be read"),
        (b"format = 0\n", "founder.lock:1 cannot be read"),
        (b"format = 1\nports = 3\n", "founder.lock:2 cannot be read"),
        (b'format = 1\n[ports]\n"a.b" = 0\n', "founder.lock:3 cannot be read"),
        (b'[ports]\na = 1\nb = "2"\n', "founder.lock:3 cannot be read"),
        (b"[ports]\na = true\n", "founder.lock:2 cannot be read"),
        (b"[versions]\npostgres = 15\n", "founder.lock:2 cannot be read"),
        (b"[other]\n", "founder.lock:1 cannot be read"),
    ],
)
def test_a_broken_lock_is_told_apart(content: bytes, what: str) -> None:
    with pytest.raises(StackError) as caught:
        read_lock(content)
    assert caught.value.what == what
    assert caught.value.why
    assert caught.value.fix


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_choices_or_a_stack_error(content: bytes) -> None:
    what = "founder.lock"
    try:
        read_lock(content)
    except StackError as error:
        what = error.what
    assert what.startswith("founder.lock")
