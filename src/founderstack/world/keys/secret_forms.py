"""Forms of a secret: as a part of a URL, quoted, or as a hash that a server compares with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


def filtered(value: str, chosen: str, salt: str) -> str:
    """The value in the form that `chosen` names, a filter of a reference ("" for as it is)."""
    filters: dict[str, Callable[[], str]] = {
        "": lambda: value,
        "url": lambda: _url(value),
        "sha256": lambda: hashlib.sha256(value.encode()).hexdigest(),
        "oldest": lambda: hashlib.sha256(value.split()[-1].encode()).hexdigest(),
        "argon2": lambda: _argon2(value, salt),
        "json": lambda: _json(value),
        "sh": lambda: "'" + value.replace("'", "'\"'\"'") + "'",
    }
    return filters[chosen]()


def _argon2(value: str, salt: str) -> str:
    """A password hash; its salt comes from the file's, so that the same secret gives the same file again."""
    from argon2 import DEFAULT_HASH_LENGTH, PasswordHasher
    from argon2.low_level import hash_secret

    settings = PasswordHasher()
    return hash_secret(
        value.encode(),
        hashlib.blake2b(salt.encode(), digest_size=16).digest(),
        time_cost=settings.time_cost,
        memory_cost=settings.memory_cost,
        parallelism=settings.parallelism,
        hash_len=DEFAULT_HASH_LENGTH,
        type=settings.type,
    ).decode()


def _url(value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="")


def _json(value: str) -> str:
    import json

    return json.dumps(value)[1:-1]
