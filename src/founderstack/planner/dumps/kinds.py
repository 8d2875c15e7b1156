"""Which entries of a dump make PostgreSQL run nothing of anybody's while they are made: pure."""

from __future__ import annotations

from founderstack.planner.dumps.statements import Statement

_RELATIONS = 1259
"""Of pg_class: what else begins with FOREIGN is a table."""
_DATA_WRAPPER = "FOREIGN DATA WRAPPER "
_EXPRESSIONS = {"DEFAULT", "BEGIN", "RETURN", "CHECK", "GENERATED"}
"""With these a function or a foreign table has expressions; a body in quotes is not read before it runs."""
_FOR_SUPERUSERS = ("c", "internal", "plr", "plsh")
# There are no expressions in them. By the first word; what is not among them may run something: merely reading an
# expression computes its literals, and one of an array of a domain passes the domain's checks.
_INERT = {
    *("EXTENSION", "SCHEMA", "TYPE", "SHELL", "FUNCTION", "PROCEDURE", "OPERATOR", "CAST", "COLLATION", "CONVERSION"),
    *("TEXT", "ACCESS", "PROCEDURAL", "TRANSFORM", "SERVER", "USER", "PUBLICATION", "SUBSCRIPTION", "ACL"),
}


def runs_nothing(words: str, catalog: int) -> bool:
    """True for an entry that is listed with these words, its kind first, and whose object is in this catalog."""
    if words.startswith(_DATA_WRAPPER):
        return catalog != _RELATIONS
    return words.partition(" ")[0] in _INERT


def computes(made: Statement) -> bool:
    """True where making this function or foreign table computes literals. None that only a superuser can make."""
    words = made.words
    language = words[words.index("LANGUAGE") + 1] if "LANGUAGE" in words[:-1] else ""
    only_superusers = language in _FOR_SUPERUSERS or language.endswith("u")
    return not only_superusers and not _EXPRESSIONS.isdisjoint(words)
