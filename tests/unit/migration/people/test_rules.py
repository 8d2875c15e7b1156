"""What becomes of one person, whatever the old sign-in server has let happen to them."""

from __future__ import annotations

from typing import Any

import pytest

from founderstack.migration.people.rules import (
    NOWHERE,
    Identity,
    MovedPerson,
    Rules,
    Shape,
    SourcePerson,
    hash_of,
    move,
)
from founderstack.migration.people.tables import FULL

ID = "11111111-1111-4111-8111-111111111111"
BARE = Shape(
    frozenset({"id", "name", "email", "emailVerified", "image", "createdAt", "updatedAt"}),
    frozenset({"id", "accountId", "providerId", "userId", "password", "createdAt", "updatedAt"}),
)


def moved(
    *, shape: Shape = FULL, rules: Rules | None = None, row: dict[str, Any] | None = None, **more: Any
) -> MovedPerson:
    facts = {
        "id": ID,
        "email": "Ana@Example.com",
        "encrypted_password": "$2a$10$x",
        "created_at": "2025",
        **(row or {}),
    }
    person = {
        "user_meta": None,
        "app_meta": None,
        "app_role": None,
        "names": (),
        "picture": None,
        "banned": False,
        "identities": (),
        "factors": (),
        "passkeys": 0,
        "rank": 1,
        **more,
    }
    return move(SourcePerson(row=facts, **person), shape, rules or Rules())


def identity(provider: str, subject: str = "s", **data: Any) -> Identity:
    return Identity(provider, subject, data, None, None)


def ways(person: MovedPerson) -> list[tuple[str, str]]:
    return [(account["providerId"], account["accountId"]) for account in person.accounts]


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        ("", None),
        (None, None),
        ("$2a$10$abc", "bcrypt"),
        ("$2b$12$abc", "bcrypt"),
        ("$2y$10$abc", "bcrypt"),
        ("$argon2id$v=19$m=1", "argon2"),
        ("$fbscrypt$v=1", "firebase"),
        ('{"key_id": "k"}', "sealed"),
        ("md5abc", "unknown"),
        ("$2x$", "unknown"),
    ],
)
def test_kinds_of_passwords(stored: str | None, kind: str | None) -> None:
    assert hash_of(stored) == kind


def test_an_account_has_the_same_id_in_every_run_and_another_for_every_way_in() -> None:
    again = [moved(identities=(identity("google"), identity("github"))).accounts for _ in range(2)]
    assert again[0] == again[1]
    assert len({account["id"] for account in again[0]}) == 3


def test_the_password_comes_from_the_person_and_not_from_an_identity() -> None:
    assert ways(moved()) == [("credential", ID)]
    assert ways(moved(row={"encrypted_password": ""}, identities=(identity("email"), identity("phone")))) == []


def test_providers_have_their_new_names_and_an_unknown_one_keeps_its_own() -> None:
    person = moved(row={"encrypted_password": None}, identities=(identity("azure"), identity("x"), identity("acme")))
    assert ways(person) == [("microsoft", "s"), ("twitter", "s"), ("acme", "s")]
    assert ("provider", "acme") in person.remarks
    chosen = moved(identities=(identity("acme"),), rules=Rules(providers={"acme": "keycloak"}))
    assert ("keycloak", "s") in ways(chosen)
    assert not chosen.remarks


def test_the_database_role_is_nobodys_role() -> None:
    assert (moved(row={"role": "service_role"}).user or {})["role"] is None
    assert (moved(row={"is_super_admin": True}).user or {})["role"] == "admin"
    assert (moved(app_role="editor").user or {})["role"] == "editor"


def test_who_has_the_weaker_claim_to_an_address_gets_a_placeholder_that_is_not_confirmed() -> None:
    person = moved(rank=2, row={"email_confirmed_at": "2025"})
    assert person.user is not None
    assert (person.user["email"], person.user["emailVerified"]) == (f"{ID}@{NOWHERE}", False)


@pytest.mark.parametrize("shape", [FULL, BARE])
def test_a_second_factor_holds_whatever_the_apps_tables_can_say(shape: Shape) -> None:
    assert moved(shape=shape, factors=("totp",)).held == "second factor"
    assert moved(shape=shape, factors=("totp",), rules=Rules(second_factor="dropped")).held == ""


def test_a_ban_holds_where_the_apps_tables_cannot_say_so() -> None:
    assert moved(shape=BARE, banned=True).held == "banned"
    assert moved(shape=FULL, banned=True).held == ""
    assert moved(shape=BARE, banned=True, factors=("totp",), rules=Rules(second_factor="dropped")).held == "banned"


def test_nothing_is_written_that_the_apps_tables_do_not_have() -> None:
    person = moved(shape=BARE, row={"phone": "49170"}, identities=(identity("google"),))
    assert set(person.user or {}) == BARE.user
    assert {name for account in person.accounts for name in account} == BARE.account


def test_a_name_is_found_for_everybody() -> None:
    assert (moved().user or {})["name"] == "Ana"
    assert (moved(names=(None, " ", "Ana Pérez")).user or {})["name"] == "Ana Pérez"
    assert (moved(identities=(identity("google", name="A. P."),)).user or {})["name"] == "A. P."
    assert (moved(row={"is_anonymous": True, "email": None}).user or {})["name"] == "Anonymous"


def test_the_deleted_have_no_account_and_are_not_forgotten() -> None:
    person = moved(row={"deleted_at": "2025"})
    assert (person.user, person.accounts, person.way) == (None, (), "deleted")
    assert person.remarks == (("deleted", ""),)


def test_an_identity_that_only_sql_can_write_stops_nobody() -> None:
    """It is a JSON text where the sign-in server writes an object: the person is named and keeps their way in."""
    odd = Identity("google", "g-1", None, None, None)
    person = moved(identities=(odd, identity("github", name="Ana")))
    assert ways(person) == [("credential", ID), ("google", "g-1"), ("github", "s")]
    assert ("odd identity", "google") in person.remarks
    assert person.user is not None
    assert person.user["name"] == "Ana"
