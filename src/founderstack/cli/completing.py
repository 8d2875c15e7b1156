"""What may come next on a command line. Everything is read from files, for a Tab must not be waited for.

`completion.json` holds what the parsers know; it is written by `docs/generate.py`, since to build them takes longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from founderstack.cli import glance
from founderstack.cli.table import VERBS
from founderstack.model.alerts import SECRET_PREFIX
from founderstack.model.state_folder import StateFolder
from founderstack.world.state.stack_file import find_stack_file

KNOWN = os.path.join(os.path.dirname(__file__), "completion.json")
PATHS = {"file": ":files", "folder": ":folders"}
"""Kind → the word that tells the shell to go on by itself."""
_ALONE = frozenset({"secrets list", "secrets restore", "backup resend", "alerts list"})
"""What takes no further word, though others of its verb do."""
_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.=:/+@")


def words_after(before: Sequence[str]) -> list[str]:
    """What may come after these words of a command line, without `founder` itself."""
    words = [word for word in before if word != "="]  # bash takes --file=X apart
    file, verb, rest = _verb(words)
    with open(KNOWN, encoding="utf-8") as known:
        usages: dict[str, dict[str, Any]] = json.load(known)
    if not verb:
        return PATHS["file"].split() if words[-1:] == ["--file"] else [*VERBS, "--file", "--help", "--version"]
    if verb not in usages:
        return []
    return [word for word in dict.fromkeys(_next(verb, usages[verb], rest, file)) if _HARMLESS.issuperset(word)]


def _verb(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """(what --file says anywhere, the verb, what follows it)."""
    file = next((words[place + 1] for place, word in enumerate(words[:-1]) if word == "--file"), "")
    place = 0
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] == "--file" else 1
    return file, words[place] if place < len(words) else "", words[place + 1 :]


def _next(verb: str, usage: dict[str, Any], rest: Sequence[str], file: str) -> Iterator[str]:
    options = usage["options"]
    wanted = options.get(rest[-1]) if rest else None
    if wanted:
        yield from _offered(wanted, file)
        return
    plain = [
        word
        for place, word in enumerate(rest)
        if not word.startswith("-") and not (place and options.get(rest[place - 1]))
    ]
    takes = _argument(verb, usage["words"], plain)
    if takes:
        yield from (word for word in _offered(takes, file) if word not in plain)
    yield from (option for option in options if option not in rest)


def _argument(verb: str, words: Sequence[dict[str, Any]], plain: Sequence[str]) -> dict[str, Any] | None:
    """The next word's argument: each takes one, the last may take many."""
    if plain and f"{verb} {plain[0]}" in _ALONE:
        return None
    if len(plain) < len(words):
        return words[len(plain)]
    return words[-1] if words and words[-1].get("many") else None


def _offered(argument: dict[str, Any], file: str) -> Iterator[str]:
    yield from argument.get("words", ())
    kind = argument.get("kind", "")
    if kind in PATHS:
        yield PATHS[kind]
    elif kind:
        yield from _named(kind, StateFolder(glance.state_of(find_stack_file(file))))


def _named(kind: str, state: StateFolder) -> Iterator[str]:
    """What there is of a kind in this stack."""
    if not state.path:
        return
    if kind == "service":
        yield from glance.service_names(glance.identities(glance.records(state.path)))
    elif kind == "address":
        yield from glance.addresses(glance.records(state.path))
    elif kind == "component":
        yield from sorted(os.listdir(state.data))
    elif kind == "set":
        yield from (str(one["id"]) for one in glance.json_of(state.backup_index).get("sets", ()))
    else:
        names = _secrets(state)
        if kind == "secret":
            yield from names
        else:
            yield from (name.removeprefix(SECRET_PREFIX) for name in names if name.startswith(SECRET_PREFIX))


def _secrets(state: StateFolder) -> list[str]:
    """Their names; nothing where this user may not read them."""
    content = glance.json_of(state.secrets)
    return sorted({**content.get("values", {}), **content.get("given", {})})
