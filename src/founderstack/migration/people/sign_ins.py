"""Proof that people's old passwords open the app: a person is made for a moment, signs in, and is removed again."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from founderstack.locale import _
from founderstack.migration.people.providers import issuer
from founderstack.migration.people.rules import NOWHERE, Hash
from founderstack.migration.people.tables import Tables
from founderstack.migration.values import Finding
from founderstack.world.net.web import NO_ANSWER, Site

if TYPE_CHECKING:
    import psycopg

    from founderstack.model.protocols import Clock

PATH = "/api/auth/sign-in/email"
_TRIES = 8
_PAUSE_S = 5.0
"""Better Auth lets an address try three times in ten seconds."""


@dataclass(frozen=True)
class App:
    """The app as people reach it."""

    url: str
    ca: str = ""
    """The authority behind its certificate, the machine's own list when empty."""

    def sign_in(self, email: str, password: str, clock: Clock) -> int:
        """The status of the answer; 0 where nobody answers."""
        body = json.dumps({"email": email, "password": password}).encode()
        headers = {"Content-Type": "application/json", "Origin": self.url}
        site = Site(self.url, ca=self.ca, timeout_s=30)
        try:
            for _attempt in range(_TRIES):
                with site.ask("POST", PATH, headers, body) as reply:
                    if reply.status != 429:
                        return reply.status
                clock.wait(_PAUSE_S)
        except NO_ANSWER:
            return 0
        finally:
            site.close()
        return 429


def prove(
    superuser: psycopg.Connection[Any],
    own: psycopg.Connection[Any],
    tables: Tables,
    app: App,
    kinds: Collection[Hash],
    clock: Clock,
) -> Sequence[Finding]:
    """For each kind of hash that has moved: the right password opens the app, a wrong one does not.

    `own` writes people; the superuser lends pgcrypto.
    """
    if app.sign_in(f"nobody@{NOWHERE}", "no password", clock) not in (400, 401):
        what = _("people: no password was tried, because nothing signs people in at {url}")
        return [Finding("people", what.format(url=f"{app.url}{PATH}"), True)]
    chosen = [kind for kind in _HASHES if kind in kinds]
    findings = []
    for kind in chosen:
        password = f"{uuid4()}{uuid4()}"
        stored = _HASHES[kind](superuser, password)
        what = _("people: a {kind} password opens the app, a wrong one does not").format(kind=kind)
        right, wrong = _answers(own, tables, app, password, stored, clock)
        findings.append(Finding("people", what, right == 200 and wrong == 401, f"HTTP {right}, {wrong}"))
    return findings


def _answers(
    connection: psycopg.Connection[Any], tables: Tables, app: App, password: str, stored: str, clock: Clock
) -> tuple[int, ...]:
    """What the app says to the right password and to a wrong one."""
    person = str(uuid4())
    email = f"check-{person}@{NOWHERE}"
    user = {"id": person, "name": "check", "email": email, "emailVerified": True}
    account = {
        "id": str(uuid4()),
        "accountId": person,
        "providerId": "credential",
        "userId": person,
        "password": stored,
    }
    try:
        with connection.transaction():
            _insert(connection, tables, "user", user, tables.shape.user)
            _insert(connection, tables, "account", {**account, "issuer": issuer("credential")}, tables.shape.account)
        return tuple(app.sign_in(email, given, clock) for given in (password, f"{password[:-1]}x"))
    finally:
        connection.execute(f'DELETE FROM {tables.schema}."user" WHERE id::text = %s', (person,))


def _insert(
    connection: psycopg.Connection[Any], tables: Tables, name: str, row: Mapping[str, object], shape: Collection[str]
) -> None:
    known = {**row, "createdAt": "now", "updatedAt": "now"}
    columns = [column for column in known if column in shape]
    listed = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    values = [known[column] for column in columns]
    connection.execute(f'INSERT INTO {tables.schema}."{name}" ({listed}) VALUES ({places})', values)


def _bcrypt(connection: psycopg.Connection[Any], password: str) -> str:
    """By pgcrypto of the target; bcrypt reads 72 bytes at the most, and that many are given."""
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public")
        home = connection.execute(
            "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace"
            " WHERE extname = 'pgcrypto'"
        ).fetchone()
        assert home is not None
        row = connection.execute(f"SELECT {home[0]}.crypt(%s, {home[0]}.gen_salt('bf', 10))", (password,)).fetchone()
    assert row is not None
    return str(row[0])


def _argon2(_connection: object, password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def _firebase(_connection: object, password: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt, signer = uuid4().bytes, uuid4().bytes * 4
    key = hashlib.scrypt(password.encode(), salt=salt + b"\x07", n=1 << 14, r=8, p=1, dklen=32)
    sealed = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(signer)
    parts = [base64.b64encode(part).decode() for part in (b"\x07", signer, salt, sealed)]
    return "$fbscrypt$v=1,n=14,r=8,p=1,ss={},sk={}${}${}".format(*parts)


_HASHES: Mapping[str, Callable[[psycopg.Connection[Any], str], str]] = {
    "bcrypt": _bcrypt,
    "argon2": _argon2,
    "firebase": _firebase,
}
