"""Names and settings as SQL takes them. Pure."""

from __future__ import annotations

import re

LISTS = frozenset(
    (
        *("local_preload_libraries", "session_preload_libraries", "shared_preload_libraries"),
        *("search_path", "temp_tablespaces", "unix_socket_directories"),
    )
)
"""Settings whose value is a list of names, which PostgreSQL keeps as one text (GUC_LIST_QUOTE)."""

# As PostgreSQL splits it (SplitGUCList): blanks and commas, a name in quotes, or one without. Each letter is of one.
_PART = re.compile(r'[\s,]++|(")((?:[^"]|"")*+)"?+|([^\s,"][^,\s]*+)', re.ASCII)


def identifier(name: str) -> str:
    """A name as SQL quotes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL quotes it, whatever `standard_conforming_strings` says."""
    escaped = value.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in value else f"'{escaped}'"


def setting_name(key: str) -> str:
    """The name of a setting as SQL quotes it: `app.user` is two words, and the second may be one of SQL's own."""
    return ".".join(map(identifier, key.split(".")))


def setting_words(key: str, value: str) -> list[str]:
    """The texts that `SET key = …` takes for a value as `pg_db_role_setting` holds it.

    Of a list each name is one: anybody may have kept anything there (`SET … FROM CURRENT`), so none is SQL.
    """
    if key.lower() not in LISTS:
        return [value]
    parts = _PART.findall(value)
    return [inside.replace('""', '"') or plain for quote, inside, plain in parts if quote or plain] or [""]
