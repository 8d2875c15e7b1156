"""Statements that run functions of the founder's: tried under the search paths that make such functions work.

An expression of a column, a check or an index may call a function that names things without their schemas. It finds
them only where its search_path is the one that its author had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from founderstack.locale import _
from founderstack.model.errors import StackError

if TYPE_CHECKING:
    import psycopg

Answer = TypeVar("Answer")

OWN_PATH = "public, extensions"
"""The path that roles have at Supabase and, without the second schema, everywhere else."""
_NOT_FOUND = frozenset({"42883", "42P01", "42704", "3F000"})
"""A function, a table, another object, a schema."""
_PINNED = (
    "SET LOCAL standard_conforming_strings = on; SET LOCAL client_encoding = utf8;"
    " SET LOCAL search_path = pg_catalog, pg_temp"
)


def pin(connection: psycopg.Connection[Any]) -> None:
    """For the rest of this transaction, whatever code has set in this session before: where texts end, and names.

    By itself before a statement with texts of the founder's: one string is read as a whole before anything of it runs.
    A temporary table's name would else be taken for a type's.
    """
    connection.execute(_PINNED)


def with_paths(
    connection: psycopg.Connection[Any], do: Callable[[], Answer], *, schema: str = "", pinned_only: bool = False
) -> Answer:
    """What `do` answers, in a transaction: under the session's own pinned path; then as roles have it; then with the
    object's own `schema` (quoted) before. Raises the first error where none of them helps.
    """
    import psycopg

    first: psycopg.Error | None = None
    for path in ("", *(() if pinned_only else _paths(schema))):
        try:
            with connection.transaction():
                pin(connection)
                if path:
                    connection.execute(f"SET LOCAL search_path = {path}, pg_temp")
                answer = do()
                if path:  # it would last until the whole transaction ends
                    connection.execute("SET LOCAL search_path = pg_catalog")
                return answer
        except psycopg.Error as error:
            if error.sqlstate not in _NOT_FOUND:
                raise
            first = first or error
    assert first is not None
    raise first


def told(connection: psycopg.Connection[Any], what: str, do: Callable[[], Answer], *, schema: str = "") -> Answer:
    """As `with_paths`; an error becomes a StackError about `what`, with the function that it came from."""
    import psycopg

    try:
        return with_paths(connection, do, schema=schema)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise StackError(what, why(error), cure([*functions(error)] if was_not_found(error) else [])) from error


def was_not_found(error: psycopg.Error) -> bool:
    """True where something that is named without its schema may be the cause."""
    return error.sqlstate in _NOT_FOUND


def why(error: psycopg.Error) -> str:
    """PostgreSQL's words and the functions that it was in; never a row, which other parts of its answer may hold."""
    words = error.diag.message_primary or type(error).__name__
    inside = ", ".join(functions(error))
    return _("{function}: {words}").format(function=inside, words=words) if inside else words


def cure(functions: list[str]) -> str:
    """What to do at the source about functions that name things without a schema."""
    if not functions:
        return _("Cure it at the source, or leave the object behind: --leave NAME")
    statements = " ".join(f"ALTER FUNCTION {name} SET search_path = {OWN_PATH};" for name in functions)
    return _("At the source, run (with the schemas of what it names): {sql}").format(sql=statements)


def functions(error: psycopg.Error) -> list[str]:
    """The functions in which it happened, as PostgreSQL calls them in its context."""
    found = []
    for line in (error.diag.context or "").splitlines():
        head, between, rest = line.partition(" function ")
        if between and head in ("PL/pgSQL", "SQL"):
            for end in (" line ", " statement ", " during "):
                rest = rest.partition(end)[0]
            found.append(rest.strip('"') if head == "SQL" else rest)
    return list(dict.fromkeys(found))


def schema_of(name: str) -> str:
    """The schema of a whole, quoted name."""
    inside = False
    for place, letter in enumerate(name):
        inside ^= letter == '"'
        if letter == "." and not inside:
            return name[:place]
    return ""


def _paths(schema: str) -> Iterator[str]:
    yield OWN_PATH
    if schema and schema != "public":
        yield f"{schema}, {OWN_PATH}"
