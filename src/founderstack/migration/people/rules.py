"""How a person of Supabase's becomes one of Better Auth's. Pure: rows in, rows and remarks out.

Source: supabase/auth at bc32168 (tables and kinds of hash), better-auth 1.7.25 (columns, lower-cased addresses, the
form of address it accepts).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from founderstack.migration.people.providers import BUILT_IN, RENAMED, issuer

NOWHERE = "moved.invalid"
"""Domain of placeholder addresses. `.invalid` never exists (RFC 2606), so no mail to it reaches anybody."""

_ACCOUNT_IDS = uuid.UUID("6f9a7a52-52f5-4f4e-9d4b-0a5ab8c0f3d1")
_NO_DATE = "1970-01-01T00:00:00+00:00"
_ACCEPTED_ADDRESS = re.compile(
    r"(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}"
)

Remark = Literal[
    "deleted",
    "same address",
    "no address",
    "address refused",
    "second factor",
    "passkey",
    "banned",
    "single sign-on",
    "provider",
    "microsoft",
    "no way in",
    "sealed hash",
    "password left",
    "unknown hash",
    "odd identity",
]
"""What a founder must know about one person."""

Way = Literal[
    "password", "password and providers", "providers", "phone", "single sign-on", "anonymous", "none", "deleted"
]
"""How a person gets in, the one class that everybody belongs to exactly once."""

Hash = Literal["bcrypt", "argon2", "firebase", "sealed", "unknown"]


@dataclass(frozen=True)
class Identity:
    """One row of `auth.identities`."""

    provider: str
    subject: str
    """What the provider calls the person."""
    data: Mapping[str, Any] | None
    """What the provider said about them; None where it is no object, as only SQL can write it."""
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True)
class SourcePerson:
    """One row of `auth.users` and what hangs on it. Missing columns of older projects are simply not in `row`."""

    row: Mapping[str, Any]
    user_meta: str | None
    """raw_user_meta_data as its exact text, and below the other one."""
    app_meta: str | None
    app_role: str | None
    names: Sequence[str | None]
    """What the metadata calls them, the best first."""
    picture: str | None
    banned: bool
    """Banned at this moment."""
    identities: Sequence[Identity]
    factors: Sequence[str]
    """Verified second factors."""
    passkeys: int
    rank: int
    """1 where no other person has a better claim to the same address."""

    @property
    def id(self) -> str:
        """The uuid that every reference to them uses."""
        return str(self.row["id"])


@dataclass(frozen=True)
class Shape:
    """What the app's tables can hold: names of their columns."""

    user: frozenset[str]
    account: frozenset[str]


@dataclass(frozen=True)
class Rules:
    """What the founder may decide."""

    second_factor: Literal["closed", "dropped"] = "closed"
    """`closed`: nobody who had a second factor gets in without it until the founder lets them; `dropped`: they do."""
    leave_sealed: bool = False
    """True to move people without a password that only the source's server can open."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Provider at Supabase → provider in the app; also `sso:UUID`, once its map was looked at."""


@dataclass(frozen=True)
class MovedPerson:
    """The rows of one person in the app's tables, and what to say about them."""

    id: str
    way: Way
    user: Mapping[str, Any] | None
    """Column → value; None where no account is made."""
    accounts: Sequence[Mapping[str, Any]]
    hash: Hash | None
    remarks: Sequence[tuple[Remark, str]]
    """Each with its detail: a provider, a kind of factor; never an address."""
    held: str = ""
    """Why no session may begin for them, until the founder says otherwise."""


def move(person: SourcePerson, shape: Shape, rules: Rules) -> MovedPerson:
    """The rows that this person has in the app."""
    if person.row.get("deleted_at"):
        return MovedPerson(person.id, "deleted", None, (), None, (("deleted", ""),))
    remarks: list[tuple[Remark, str]] = []
    accounts = _accounts(person, shape, rules, remarks)
    email, verified = _address(person, remarks)
    held = _held(person, shape, rules, remarks)
    way = _way(person, accounts)
    if way in ("phone", "none") and not (way == "phone" and "phoneNumber" in shape.user):
        remarks.append(("no way in", "phone" if way == "phone" else ""))
    user = {
        "id": person.id,
        "name": _name(person),
        "email": email,
        "emailVerified": verified,
        "image": person.picture,
        "createdAt": _created(person.row),
        "updatedAt": person.row.get("updated_at") or _created(person.row),
        **_optional(person, rules),
    }
    return MovedPerson(
        id=person.id,
        way=way,
        user={name: value for name, value in user.items() if name in shape.user},
        accounts=accounts,
        hash=hash_of(person.row.get("encrypted_password")),
        remarks=remarks,
        held=held,
    )


def hash_of(stored: str | None) -> Hash | None:
    """The kind of a stored password, None where there is none."""
    if not stored:
        return None
    if re.match(r"\$2[aby]\$", stored):
        return "bcrypt"
    if stored.startswith("$argon2"):
        return "argon2"
    if stored.startswith("$fbscrypt$"):
        return "firebase"
    return "sealed" if stored.lstrip().startswith("{") else "unknown"


def _accounts(
    person: SourcePerson, shape: Shape, rules: Rules, remarks: list[tuple[Remark, str]]
) -> list[dict[str, Any]]:
    """The ways in: the password from the user's own row, everything else from the identities."""
    row, made = person.row, {}
    stored = row.get("encrypted_password")
    if stored:
        kind = hash_of(stored)
        if kind == "sealed":
            remarks.append(("password left" if rules.leave_sealed else "sealed hash", ""))
        elif kind == "unknown":
            remarks.append(("unknown hash", ""))
        dates = (_created(row), row.get("updated_at") or _created(row))
        if kind != "sealed":
            made["credential", person.id] = _account(person.id, "credential", person.id, dates, password=stored)
    remarks += [("odd identity", identity.provider) for identity in person.identities if identity.data is None]
    for identity in person.identities:
        if identity.provider in ("email", "phone"):
            continue
        if identity.provider.startswith("sso:") and identity.provider not in rules.providers:
            remarks.append(("single sign-on", identity.provider))
            continue
        provider = rules.providers.get(identity.provider) or RENAMED.get(identity.provider, identity.provider)
        if provider not in BUILT_IN and identity.provider not in rules.providers:
            remarks.append(("provider", identity.provider))
        if provider == "microsoft":
            remarks.append(("microsoft", ""))
        created = identity.created_at or _created(row)
        dates = (created, identity.updated_at or created)
        made[provider, identity.subject] = _account(person.id, provider, identity.subject, dates)
    return [{name: value for name, value in account.items() if name in shape.account} for account in made.values()]


def _account(
    user: str, provider: str, subject: str, dates: tuple[str, str], password: str | None = None
) -> dict[str, Any]:
    return {
        # The same identity has the same id in every run.
        "id": str(uuid.uuid5(_ACCOUNT_IDS, f"{user}\0{provider}\0{subject}")),
        "accountId": subject,
        "providerId": provider,
        "userId": user,
        "password": password,
        "issuer": issuer(provider),
        "createdAt": dates[0],
        "updatedAt": dates[1],
    }


def _address(person: SourcePerson, remarks: list[tuple[Remark, str]]) -> tuple[str, bool]:
    """The address in the app, and whether it is confirmed: addresses are unique there, and in lower case."""
    email = (person.row.get("email") or "").lower()
    if not email:
        if not person.row.get("is_anonymous"):
            remarks.append(("no address", ""))
        return f"{person.id}@{NOWHERE}", False
    if person.rank > 1:
        remarks.append(("same address", ""))
        return f"{person.id}@{NOWHERE}", False
    if not _ACCEPTED_ADDRESS.fullmatch(email):
        remarks.append(("address refused", ""))
    return email, bool(person.row.get("email_confirmed_at"))


def _held(person: SourcePerson, shape: Shape, rules: Rules, remarks: list[tuple[Remark, str]]) -> str:
    """Why they may not get in, where the app's own tables cannot say so: a doubt keeps a door closed."""
    remarks += [("second factor", kind) for kind in person.factors]
    if person.passkeys:
        remarks.append(("passkey", ""))
    if person.banned:
        remarks.append(("banned", ""))
    if person.banned and "banned" not in shape.user:
        return "banned"
    if person.factors and rules.second_factor == "closed":
        return "second factor"
    return ""


def _optional(person: SourcePerson, rules: Rules) -> dict[str, Any]:
    """Columns that only some apps have: plugins of Better Auth, and fields of the app's own."""
    row, forever = person.row, person.row.get("banned_until") == "infinity"
    phone = row.get("phone") or None
    return {
        "phoneNumber": f"+{phone.lstrip('+')}" if phone else None,
        "phoneNumberVerified": bool(phone and row.get("phone_confirmed_at")),
        "isAnonymous": bool(row.get("is_anonymous")),
        # Never the database role, which is `authenticated` for everybody.
        "role": "admin" if row.get("is_super_admin") else person.app_role,
        "banned": person.banned,
        "banReason": "banned before the move" if person.banned else None,
        "banExpires": row.get("banned_until") if person.banned and not forever else None,
        "twoFactorEnabled": bool(person.factors) and rules.second_factor == "closed",
        "userMetadata": person.user_meta,
        "appMetadata": person.app_meta,
        "invitedAt": row.get("invited_at"),
        "lastSignInAt": row.get("last_sign_in_at"),
    }


def _way(person: SourcePerson, accounts: Sequence[Mapping[str, Any]]) -> Way:
    password = any(account["providerId"] == "credential" for account in accounts)
    if person.row.get("is_anonymous"):
        return "anonymous"
    if password:
        return "password and providers" if len(accounts) > 1 else "password"
    if accounts:
        return "providers"
    if any(identity.provider.startswith("sso:") for identity in person.identities):
        return "single sign-on"
    return "phone" if person.row.get("phone") else "none"


def _name(person: SourcePerson) -> str:
    """Better Auth wants a name of everybody."""
    if person.row.get("is_anonymous"):
        return "Anonymous"
    said = [*person.names, *((one.data or {}).get(key) for one in person.identities for key in ("name", "full_name"))]
    local_part = (person.row.get("email") or "").split("@")[0]
    return next((name.strip() for name in [*said, local_part] if isinstance(name, str) and name.strip()), "")


def _created(row: Mapping[str, Any]) -> str:
    return str(row.get("created_at") or row.get("updated_at") or _NO_DATE)
