"""Statements about roles are told apart as PostgreSQL does: what is quoted is never a comment, a command or an end."""

from __future__ import annotations

import pytest

from founderstack.backups.postgres.role_script import made, missing_only, settings
from founderstack.planner.dumps.statements import statements


def texts(script: str) -> list[str]:
    return [one.text for one in statements(script)]


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER ROLE app SET search_path TO "$user", public, "x\n-- y"',
        "COMMENT ON ROLE bob IS E'Bob\\n''\\'\n-- he''s; \\\n\\connect'",
        "COMMENT ON ROLE bob IS 'a\\'",
        'CREATE ROLE "a\n-- ""b;"',
        "DO $x$ BEGIN; -- ' $$ \n END $x$",
        "ALTER ROLE type SET \"a.e\" TO '/* no comment'",
    ],
)
def test_a_quoted_text_is_whole_whatever_it_holds(statement: str) -> None:
    script = (
        f"--\n-- it's \\ a heading\n\n\\restrict a'b\n{statement};\n/* one /* more's */ */ RESET ROLE;\n\\unrestrict"
    )
    assert texts(script) == [statement, "RESET ROLE"]


@pytest.mark.parametrize("script", ["COMMENT ON ROLE a IS 'b;", 'ALTER ROLE "a;', "/* /* */ RESET ROLE;"])
def test_what_does_not_end_is_refused(script: str) -> None:
    with pytest.raises(ValueError, match=r"['\"/]"):
        texts(script)


def test_roles_that_are_there_stay_as_they_are_and_those_that_pass_stay_away() -> None:
    script = """
CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER PASSWORD 'old';
CREATE ROLE "Odd ""one"\"";
ALTER ROLE "Odd ""one"\"" WITH SUPERUSER;
CREATE ROLE app_0000000a;
GRANT app TO app_0000000a;
COMMENT ON ROLE app IS 'not app_0000000a';
ALTER ROLE app SET work_mem TO '1MB';
CREATE TABLESPACE far OWNER app LOCATION '/far';
CREATE ROLE fresh;
ALTER ROLE app_0000000a SET work_mem TO '1MB';
ALTER ROLE fresh SET session_preload_libraries TO 'one', 'it''s';
SECURITY LABEL FOR anon ON ROLE "Odd ""one"\"" IS 'MASKED';
"""
    there = {"app", 'Odd "one"'}
    assert [(one.whose, one.name, one.libraries) for one in settings(script, there, "app_[0-9a-f]{8}")] == [
        ("Role app", "work_mem", ()),
        ("Role fresh", "session_preload_libraries", ("one", "it's")),
        ('Role Odd "one"', "SECURITY LABEL", ()),
    ]
    assert missing_only(script, there, "app_[0-9a-f]{8}") == [
        "COMMENT ON ROLE app IS 'not app_0000000a'",
        "CREATE ROLE fresh",
    ]


def test_the_roles_that_a_script_makes_are_read_from_its_statements() -> None:
    script = 'CREATE ROLE app;\nCOMMENT ON ROLE app IS $$x\nCREATE ROLE hidden;$$;\nCREATE ROLE "a ""b";'
    assert made(script) == ("app", 'a "b')
