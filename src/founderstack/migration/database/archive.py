"""The source's objects as pg_dump tells them: entries with what each depends on, and the statements that make them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from founderstack.locale import _
from founderstack.migration.entries import Entry
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.world.net.postgres import Address
from founderstack.world.os.processes import Result, run

# Longest first: "TABLE ATTACH" begins like "TABLE". Source: src/bin/pg_dump/pg_dump.c of PostgreSQL 15 to 18.
_WORDS = (
    "ACCESS METHOD|AGGREGATE|ACL|BLOB METADATA|BLOB|BLOBS|CAST|CHECK CONSTRAINT|COLLATION|COMMENT|CONSTRAINT|"
    "CONVERSION|DATABASE|DATABASE PROPERTIES|DEFAULT|DEFAULT ACL|DOMAIN|ENCODING|EVENT TRIGGER|EXTENSION|"
    "FK CONSTRAINT|FOREIGN DATA WRAPPER|FOREIGN TABLE|FUNCTION|INDEX|INDEX ATTACH|MATERIALIZED VIEW|"
    "MATERIALIZED VIEW DATA|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|POLICY|PROCEDURAL LANGUAGE|PROCEDURE|"
    "PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|ROW SECURITY|RULE|SCHEMA|SEARCHPATH|"
    "SECURITY LABEL|SEQUENCE|SEQUENCE OWNED BY|SEQUENCE SET|SERVER|SHELL TYPE|STATISTICS|STATISTICS DATA|"
    "STDSTRINGS|SUBSCRIPTION|TABLE|TABLE ATTACH|TABLE DATA|TEXT SEARCH CONFIGURATION|TEXT SEARCH DICTIONARY|"
    "TEXT SEARCH PARSER|TEXT SEARCH TEMPLATE|TRANSFORM|TRIGGER|TYPE|USER MAPPING|VIEW"
)
_KINDS = sorted(_WORDS.split("|"), key=len, reverse=True)
_DEFAULT = re.compile(r"SET default_[a-z_]+ = [^;]*;")
_LINE = re.compile(rf"^(\d+); (\d+) (\d+) ({'|'.join(_KINDS)}) (.*)$")
_HEAD = re.compile(r"^--\n-- TOC entry (\d+) \(class \d+ OID \d+\)\n(?:-- Dependencies: ([\d ]+)\n)?-- Name: ", re.M)
_NO_OBJECT = frozenset(
    {"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES", "ACL", "DEFAULT ACL"}
)
"""What is no object of its own: settings of the dump, and rights, which are brought over exactly by `rights`."""


def dump(source: Address, snapshot: str, binaries: str, path: str, *, without: Sequence[str] = ()) -> None:
    """Write the source's objects into an archive at `path`, whole or not at all; rows and rights are not in it.

    `without` are quoted names of tables to leave out, because they may not even be looked at.

    Raises StackError with pg_dump's own words where it may not read something.
    """
    draft = f"{path}.new"
    options = [
        "--format=custom",
        "--schema-only",
        "--no-security-labels",
        "--no-tablespaces",
        "--lock-wait-timeout=30s",
    ]
    options += [f"--snapshot={snapshot}"] if snapshot else []
    options += [f"--exclude-table={name}" for name in without]
    said = run(
        [f"{binaries}/pg_dump", *options, "--file", draft],
        env={**source.environment(), "PGAPPNAME": "founder migrate", "PGOPTIONS": ""},
        timeout_s=1800,
        check=False,
    )
    if said.code != 0:
        raise _refused(said)
    os.chmod(draft, 0o600)
    os.replace(draft, path)


def entries(binaries: str, path: str) -> tuple[Entry, ...]:
    """Every entry of the archive, in an order in which each can be made after those before it."""
    listed = run([f"{binaries}/pg_restore", "--list", path], timeout_s=300).out
    found = [match.groups() for line in listed.splitlines() if (match := _LINE.match(line))]
    kinds = {int(number): (kind, label, int(klass), int(oid)) for number, klass, oid, kind, label in found}
    script = run(
        [f"{binaries}/pg_restore", "--verbose", "--no-owner", "--no-privileges", "--file=-", path], timeout_s=300
    ).out
    cut = list(_cut(script, [number for number in kinds if kinds[number][0] not in _NO_OBJECT]))
    return tuple(
        Entry(number, kinds[number][0], kinds[number][1], kinds[number][2], kinds[number][3], needs, sql)
        for number, needs, sql in cut
        if kinds[number][0] not in _NO_OBJECT
    )


def _cut(script: str, expected: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...], str]]:
    """(number, needs, statements) of each entry.

    A comment of the founder's may look like a head, so a head counts only where its number is the one that comes next.
    """
    waiting = {number: place for place, number in enumerate(expected)}
    heads: list[re.Match[str]] = []
    last = -1
    for head in _HEAD.finditer(script):
        place = waiting.get(int(head[1]), -1)
        if place > last:
            heads.append(head)
            last = place
    ends = [head.start() for head in heads[1:]] + [len(script)] * bool(heads)
    for head, end in zip(heads, ends, strict=True):
        _title, _line, rest = script[head.end() : end].partition("\n--\n")
        needs = tuple(dict.fromkeys(int(number) for number in (head[2] or "").split()))
        yield int(head[1]), needs, _statements(rest)


def _statements(text: str) -> str:
    """Without what pg_restore says between entries, which is about the dump and not about the object."""
    text = re.sub(r"\n-- (?:Completed|Started) on .*", "\n", text)
    text = re.sub(r"\n--\n-- PostgreSQL database dump complete\n--\n[\s\S]*\Z", "\n", text)
    lines = text.strip().split("\n")
    # Written before the next table's head; what it sets is every server's default.
    while len(lines) > 1 and (not lines[-1] or _DEFAULT.fullmatch(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def _refused(said: Result) -> StackError:
    return StackError(
        _("The source’s objects cannot be read"),
        "\n".join(line for line in said.err.strip().splitlines()[-6:]),
        _("Connect as the role that owns the database (at Supabase: postgres), with its database password."),
        exit_code=EXIT_PRECONDITION,
    )
