"""Settings of the database and of its roles: which of them move, why the others do not, and how they are taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.database import platform
from founderstack.migration.server_settings import of_database
from founderstack.migration.values import Item, Kind
from founderstack.model.sql import setting_name, setting_words

if TYPE_CHECKING:
    import psycopg

STEP = "roles"
READ_ONLY = "default_transaction_read_only"
"""A freeze writes it at the source, and so does Supabase on a full disk."""

_MOVING = (
    # how names are found and values are written
    "search_path datestyle intervalstyle timezone timezone_abbreviations bytea_output extra_float_digits xmlbinary "
    "xmloption default_text_search_config array_nulls transform_null_equals standard_conforming_strings "
    "backslash_quote escape_string_warning client_min_messages check_function_bodies "
    # how long something may take, and how transactions see each other
    "statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout transaction_timeout "
    "default_transaction_isolation default_transaction_deferrable "
    # how a query is run
    "work_mem hash_mem_multiplier jit plan_cache_mode constraint_exclusion from_collapse_limit join_collapse_limit "
    "gin_fuzzy_search_limit random_page_cost seq_page_cost enable_seqscan enable_indexscan enable_nestloop "
    "enable_hashjoin enable_mergejoin enable_partitionwise_join enable_partitionwise_aggregate"
)
_MOVE = frozenset(_MOVING.split())


def moves(key: str) -> bool:
    """True for a setting that says how the project's queries behave: everything else is for its owner to decide."""
    return key.lower() in _MOVE


def items(database: Iterable[str], roles: Iterable[tuple[str, str]], kind: Kind) -> list[Item]:
    """What becomes of the database's settings, and which of roles' (role, setting) stay behind. Never a value."""
    told = [_item("database setting", key, key, kind) for key in database]
    return told + [
        _item("role setting", f"{role}: {key}", key, "supabase" if role == "authenticator" else "plain")
        for role, key in roles
        if not moves(key)
    ]


def _item(what: str, name: str, key: str, kind: Kind) -> Item:
    if moves(key):
        return Item(STEP, what, name, "moved")
    if kind == "supabase" and (key.startswith("pgrst.") or key == "session_preload_libraries"):
        return Item(STEP, what, name, "reported", platform.why(), of_platform=True)
    if key == READ_ONLY:
        why, fix = _("Your app has to write here."), _("Where somebody shall only read, give them no right to write.")
    elif "." in key:
        why = _("Everybody who signs in can read it, and it may hold a secret.")
        fix = _("Where a function of yours asks for it, set it again: ALTER DATABASE app SET NAME = …")
    else:
        why, fix = _("It is about the server that you leave."), ""
    return Item(STEP, what, name, "reported", why, fix)


def statement(whose: Any, key: str, value: str) -> Any:
    """ALTER … SET for a setting as pg_db_role_setting holds it; lists of names are lists, not one text."""
    from psycopg import sql

    words = sql.SQL(", ").join(map(sql.Literal, setting_words(key, value)))
    return sql.SQL("ALTER {} SET {} = {}").format(whose, sql.SQL(setting_name(key)), words)


def bring(target: psycopg.Connection[Any], database: str, wanted: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Set what moves of the source's settings; a target that an earlier version made read-only can be written to."""
    moved = {key: value for key, value in wanted.items() if moves(key)}
    put(target, database, {**before, **moved}, {*moved, READ_ONLY})


def put(target: psycopg.Connection[Any], database: str, wanted: Mapping[str, str], keys: Iterable[str]) -> None:
    """Bring the database's settings of these names to `wanted`, where one that is missing is none; others stay."""
    from psycopg import sql

    whose = sql.SQL("DATABASE {}").format(sql.Identifier(database))
    there = of_database(target)
    for key in sorted(keys):
        if key in wanted and there.get(key) != wanted[key]:
            target.execute(statement(whose, key, wanted[key]))
        elif key in there and key not in wanted:
            target.execute(sql.SQL("ALTER {} RESET {}").format(whose, sql.SQL(setting_name(key))))
