"""Each key is found on its line, whatever the values around it look like."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, strategies as st

from founderstack.stackfile.lines import lines_of

TRICKY = '''\
a = 1
# x = 2
b = """
c = 1
[d]
""" # e = 3
f = [
  "x = 1", # y = 2
  { q = 3 },
  [1, [2]],
]
"g h".i = '#'
[app]
use = "\\"]"
long = \'\'\'
z = 1\'\'\'\'
env."A.B" = "="
[app.deeper]
A = 1.5
[[list]]
k = { a = 1, b = 2 }
[[list]]
k2 = """"quoted""""
[last]'''


def test_values_do_not_hide_or_invent_keys() -> None:
    assert lines_of(TRICKY) == {
        ("a",): 1,
        ("b",): 3,
        ("f",): 7,
        ("g h",): 12,
        ("g h", "i"): 12,
        ("app",): 13,
        ("app", "use"): 14,
        ("app", "long"): 15,
        ("app", "env"): 17,
        ("app", "env", "A.B"): 17,
        ("app", "deeper"): 18,
        ("app", "deeper", "A"): 19,
        ("list",): 20,
        ("list", "k"): 21,
        ("list", "k2"): 23,
        ("last",): 24,
    }


VALUES = st.sampled_from(
    ["1", "1.5e3", "true", '"= # ["', "'a\"b'", '"""\nx = 1\n"""', "'''\n[t]\n'''", "[\n1,\n[2], # ]\n]", "{ q = '}' }"]
)


@given(st.lists(st.tuples(st.sampled_from(["", "[t{}]", "# [x] = 1"]), VALUES), max_size=12))
def test_the_keys_found_are_those_that_the_parser_finds(statements: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{above.format(n)}\nk{n} = {value}" for n, (above, value) in enumerate(statements))
    found = lines_of(text)
    assert set(found) == set(_paths(tomllib.loads(text)))
    written = text.split("\n")
    assert all(path[-1] in written[line - 1] for path, line in found.items())


def _paths(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict) and "q" not in value:
            yield from _paths(value, (*above, key))
