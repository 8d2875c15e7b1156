"""What of a dump the superuser brings back, and what somebody who may nothing else does."""

from __future__ import annotations

import pytest

from founderstack.backups.postgres.dump_list import Run, computing, entries, owners, plan, read, unchecked

LISTED = """;
; Selected TOC Entries:
;
3512; 0 0 ENCODING - ENCODING\x20
3515; 1262 16386 DATABASE - world theirs
7; 2615 16470 SCHEMA - diary app
2; 3079 16389 EXTENSION - pg_trgm\x20
3484; 0 0 COMMENT - EXTENSION pg_trgm\x20
888; 1247 16472 TYPE diary mood app
906; 1247 16506 DOMAIN diary name app
261; 1255 16524 FUNCTION diary whole(diary.mood) app
;	depends on: 888
262; 1255 16525 FUNCTION diary named(diary.name) app
;	depends on: 7 906
217; 1259 16478 TABLE diary SCHEMA; note app
3486; 0 0 ACL diary TABLE note app
228; 1259 16543 TABLE diary ours postgres
263; 1255 16526 FUNCTION diary of(diary.note) app
;	depends on: 217 217
3523; 0 0 USER MAPPING - USER MAPPING theirs SERVER away app
3489; 0 0 SEQUENCE OWNED BY diary ours_id_seq postgres
3302; 0 0 TABLE ATTACH diary part_1 app
;	depends on: 217
3474; 2613 16538 BLOB - 16538 postgres
3464; 0 16478 TABLE DATA diary note app
3490; 0 0 SEQUENCE SET diary note_id_seq app
3476; 0 16478 STATISTICS DATA diary note app
3477; 0 0 BLOB METADATA - 16539..16540 app
3475; 0 0 BLOBS - BLOBS\x20
3309; 2606 16486 CONSTRAINT diary note note_pkey app
3314; 2620 16536 TRIGGER diary note again app
3313; 2606 16549 FK CONSTRAINT diary note note_fkey app
3315; 0 0 STATISTICS DATA diary note app
3316; 0 0 UNHEARD OF diary note app
3460; 3466 16504 EVENT TRIGGER - watch postgres
3461; 0 0 COMMENT - EVENT TRIGGER watch postgres
3471; 0 16531 MATERIALIZED VIEW DATA diary count app
"""


def numbers(runs: tuple[Run, ...]) -> list[tuple[bool, str]]:
    return [(run.inert, run.listed.replace(";\n", " ").strip()) for run in runs if run.entries]


def test_only_what_runs_nothing_is_brought_back_by_the_superuser() -> None:
    made = plan(entries(LISTED), {"postgres"})
    assert numbers(made.before) == [
        (True, "7 2 888 261 228"),
        (False, "906 217 3302"),
        (True, "262 263 3523"),
        (True, "3474 3477"),
    ]
    assert [entry.number for entry in made.rows] == ["3464", "3475"]
    assert [entry.number for entry in made.places] == ["3490"]
    assert numbers(made.after) == [(False, "3476 3309 3314"), (False, "3313"), (False, "3315 3316")]
    assert [run.looks_up for run in made.after] == [False, True, False]
    assert [entry.number for entry in made.late] == ["3484", "3486", "3489"]
    assert numbers(made.refreshing) == [(False, "3471")]
    assert [entry.number for entry in made.last] == ["3460", "3461"]


@pytest.mark.parametrize(
    ("sql", "computes"),
    [
        ("CREATE FUNCTION a.f(n a.d[] DEFAULT '{1}'::a.d[]) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$", True),
        ("CREATE FUNCTION a.f() RETURNS a.d[] LANGUAGE sql BEGIN ATOMIC SELECT '{1}'::a.d[] AS d; SELECT 1; END", True),
        ("CREATE FUNCTION a.f() RETURNS a.d[] LANGUAGE sql RETURN '{1}'::a.d[]", True),
        ('CREATE FUNCTION a.f() RETURNS x LANGUAGE sql BEGIN ATOMIC SELECT 1 FROM a."LANGUAGE" c; END', True),
        ("CREATE FUNCTION a.f(\"LANGUAGE\" a.c DEFAULT 1) RETURNS a.c LANGUAGE plpgsql AS 'BEGIN NULL; END'", True),
        ("CREATE PROCEDURE a.f(n integer) LANGUAGE plpgsql AS $_$ BEGIN RETURN; -- DEFAULT\nEND $_$", False),
        ("CREATE FUNCTION a.f(n integer DEFAULT 1) RETURNS integer LANGUAGE internal AS 'int4abs'", False),
        ("CREATE FUNCTION a.f(n integer DEFAULT 1) RETURNS integer LANGUAGE plpython3u AS 'return 1'", False),
    ],
)
def test_a_function_with_expressions_is_not_the_superusers_to_make(sql: str, computes: bool) -> None:
    found = entries("5; 1255 7 FUNCTION a f() app\n6; 1255 8 PROCEDURE a g() app\n9; 1255 9 FUNCTION a h() postgres\n")
    assert [one.number for one in read(found, {"postgres"})] == ["5", "6"]
    script = f"CREATE PROCEDURE a.g() LANGUAGE sql AS '';\n\nALTER PROCEDURE a.g() OWNER TO app;\n\n{sql};\n"
    marked = computing(found, [found[1], found[0]], script)
    assert [one.computes for one in marked] == [computes, False, False]
    assert ("5" in dict(numbers(plan(marked, {"postgres"}).before)).get(False, "")) is computes


def test_nothing_is_left_out_and_nothing_comes_twice() -> None:
    found = entries(LISTED)
    made = plan(found, {"postgres"})
    runs = (*made.before, *made.after, *made.refreshing)
    parts = [*(entry for run in runs for entry in run.entries), *made.rows, *made.places, *made.late, *made.last]
    assert sorted(entry.number for entry in parts) == sorted(entry.number for entry in found)


def test_among_empty_tables_nothing_is_made_that_needs_rows() -> None:
    made = plan(entries(LISTED), {"postgres"}, definitions_only=True)
    assert (made.places, made.after, made.refreshing, made.last) == ((), (), (), ())
    assert [entry.number for entry in made.rows] == ["3464", "3475"]
    assert plan(entries("1; 0 5 MATERIALIZED VIEW DATA a b app"), {"postgres"}).refreshing, "without any rows, too"


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE diary."a; b" OWNER TO app',
        "ALTER MATERIALIZED VIEW diary.seen OWNER TO app",
        'ALTER AGGREGATE diary.total(integer, "x)".y[]) OWNER TO "the ""app"""',
        "ALTER STATISTICS diary.known OWNER TO app",
    ],
)
def test_what_gives_something_to_its_owner_is_found_in_a_script(statement: str) -> None:
    script = f"CREATE TABLE x (a text DEFAULT 'ALTER TABLE x OWNER TO intruder;');\n\n{statement};\n\nGRANT a TO b;\n"
    assert owners(script) == (statement,)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE x OWNER TO app, ADD y int",
        "ALTER TABLE ONLY x ATTACH PARTITION y DEFAULT",
        "ALTER ROLE x OWNER TO app",
        "ALTER TABLE x OWNER TO app CREATE ROLE y SUPERUSER",
    ],
)
def test_nothing_else_of_a_script_is_said_by_the_superuser(statement: str) -> None:
    assert owners(f"{statement};\n") == ()


def test_foreign_keys_are_made_without_a_look_at_rows() -> None:
    script = """SET lock_timeout = 0;
        ALTER TABLE ONLY diary."ours; NOT" ADD CONSTRAINT a FOREIGN KEY (n) REFERENCES diary.note(n) ON DELETE CASCADE;
        ALTER TABLE ONLY diary.ours ADD CONSTRAINT b FOREIGN KEY (n) REFERENCES diary.note(n) NOT VALID;
        ALTER TABLE diary.parts ADD CONSTRAINT c FOREIGN KEY (n) REFERENCES diary.note(n);"""
    made, as_they_are = unchecked(script)
    assert [one.partition(" CONSTRAINT ")[2] for one in made] == [
        "a FOREIGN KEY (n) REFERENCES diary.note(n) ON DELETE CASCADE NOT VALID"
    ]
    assert [one.partition(" CONSTRAINT ")[2][0] for one in as_they_are] == ["b", "c"]
