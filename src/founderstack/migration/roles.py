"""Roles: who exists at the target, under which name, with what attributes. Passwords cannot be read and stay behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration import platform
from founderstack.migration.values import Context, Finding, Item, Kind

if TYPE_CHECKING:
    import psycopg

OWN_ROLES = frozenset({"postgres", "founder", "probe", "backup"})
"""Roles of the stack: one of the same name at the source becomes source_NAME, so that it gets no right of ours."""

_ROLES = """
SELECT rolname, rolcanlogin, rolinherit, rolbypassrls, rolconnlimit,
    rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication,
    ARRAY(SELECT setting FROM pg_db_role_setting, unnest(setconfig) AS setting
        WHERE setrole = pg_roles.oid
            AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY setdatabase, setting)
FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'
ORDER BY rolname
"""
_DATABASE = """
SELECT unnest(setconfig) FROM pg_db_role_setting
WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_MEMBERS = """
SELECT g.rolname, m.rolname FROM pg_auth_members AS a JOIN pg_roles AS g ON g.oid = a.roleid
JOIN pg_roles AS m ON m.oid = a.member ORDER BY 1, 2
"""
_NOT_CARRIED = ("session_preload_libraries", "local_preload_libraries", "shared_preload_libraries", "role")
"""Settings that would keep a role out, or make it somebody else."""


@dataclass(frozen=True)
class Role:
    """A role of the source."""

    name: str
    may_log_in: bool
    inherits: bool
    bypasses_rls: bool
    connection_limit: int
    powerful: bool
    """Has a right over the whole server, which is not carried over."""
    settings: Sequence[str]


def target_name(name: str, kind: Kind) -> str:
    """What a role of the source is called at the target; "" for one that is not carried over."""
    if kind == "supabase" and platform.is_role(name):
        return ""
    if name in OWN_ROLES:
        return f"source_{name}"
    return name


def read(connection: psycopg.Connection[Any]) -> tuple[Role, ...]:
    """Every role of a server that PostgreSQL does not bring."""
    rows = connection.execute(_ROLES).fetchall()
    return tuple(Role(*row) for row in rows)


def memberships(connection: psycopg.Connection[Any]) -> frozenset[tuple[str, str]]:
    """(group, member) of every grant of a role."""
    return frozenset((group, member) for group, member in connection.execute(_MEMBERS).fetchall())


class Roles:
    """The step: roles, their settings and their memberships."""

    name = "roles"

    def plan(self, context: Context) -> Sequence[Item]:
        """Every role of the source."""
        with context.source.connect() as connection:
            settings = [Item(self.name, "database setting", key, "moved") for key, _value in _database(connection)]
            return [*(_item(role, context.kind) for role in read(connection)), *settings]

    def run(self, context: Context) -> None:
        """Make what is missing; what is there is brought to the same attributes."""
        from psycopg import sql

        with context.source.connect() as source:
            roles, members, settings = read(source), memberships(source), _database(source)
        with context.target.connect() as target, target.transaction():
            there = {name for (name,) in target.execute("SELECT rolname FROM pg_roles").fetchall()}
            for role in roles:
                if name := target_name(role.name, context.kind):
                    _make(target, role, name, there)
            for statement in _grants(target, members, context):
                target.execute(statement)
            database = sql.SQL("DATABASE {}").format(sql.Identifier(context.target.address.database))
            for key, value in settings:
                target.execute(setting_statement(database, key, value))
            context.journal.mark(target, self.name, "roles")

    def settle(self, context: Context) -> None:
        """Roles made meanwhile come too."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """Each role is there with its attributes and its memberships."""
        with context.source.connect() as source, context.target.connect() as target:
            wanted = {target_name(role.name, context.kind): role for role in read(source)}
            found = {role.name: role for role in read(target)}
            missing = _mapped(memberships(source), context.kind) - memberships(target)
            settings = set(_database(source)) - set(_database(target))
        findings = [
            Finding(
                self.name,
                _("role {name}").format(name=name),
                _alike(role, found.get(name)),
                _("missing or with other attributes"),
            )
            for name, role in wanted.items()
            if name and name != context.target.owner
        ]
        lost = ", ".join(sorted(f"{member} → {group}" for group, member in missing))
        return [
            *findings,
            Finding(self.name, _("memberships of roles"), not missing, lost),
            Finding(self.name, _("settings of the database"), not settings, ", ".join(key for key, _value in settings)),
        ]


def _item(role: Role, kind: Kind) -> Item:
    name = target_name(role.name, kind)
    if not name:
        return Item("roles", "role", role.name, "reported", _("It is part of the platform."))
    if name != role.name:
        why = _("It becomes {name}: the stack has a role of its own called {old}.").format(name=name, old=role.name)
        return Item("roles", "role", role.name, "converted", why)
    if role.may_log_in:
        why, fix = _("Its password cannot be read."), _("ALTER ROLE {name} PASSWORD …, where somebody signs in with it")
        return Item("roles", "role", role.name, "converted", why, fix.format(name=role.name))
    if role.powerful:
        return Item("roles", "role", role.name, "converted", _("Rights over the whole server are not carried over."))
    return Item("roles", "role", role.name, "moved")


def _make(target: psycopg.Connection[Any], role: Role, name: str, there: Iterable[str]) -> None:
    from psycopg import sql

    if name not in there:
        target.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    if name == "app":
        return  # the stack's own: its attributes are not the source's to say
    words = [
        "LOGIN" if role.may_log_in and name == role.name else "NOLOGIN",
        "INHERIT" if role.inherits else "NOINHERIT",
        "BYPASSRLS" if role.bypasses_rls else "NOBYPASSRLS",
        f"CONNECTION LIMIT {int(role.connection_limit)}",
        "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION",
    ]
    target.execute(sql.SQL("ALTER ROLE {} " + " ".join(words)).format(sql.Identifier(name)))
    for setting in _carried(role):
        key, _sign, value = setting.partition("=")
        target.execute(setting_statement(sql.SQL("ROLE {}").format(sql.Identifier(name)), key, value))


def setting_statement(whose: Any, key: str, value: str) -> Any:
    """ALTER … SET for a setting as pg_db_role_setting holds it; lists of names are lists, not one text."""
    from psycopg import sql

    words = [word.strip().strip('"') for word in value.split(",")] if key in ("search_path", "datestyle") else [value]
    return sql.SQL("ALTER {} SET {} = {}").format(
        whose,
        sql.SQL(".").join(sql.Identifier(part) for part in key.split(".")),
        sql.SQL(", ").join(map(sql.Literal, words)),
    )


def _carried(role: Role) -> list[str]:
    """Its settings; one for this database comes after, and wins over, one for all databases."""
    last = {one.partition("=")[0]: one for one in role.settings}
    return [one for key, one in last.items() if key not in _NOT_CARRIED]


def _database(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """(name, value) of what is set for the whole database."""
    pairs = [one.partition("=") for (one,) in connection.execute(_DATABASE).fetchall()]
    return [(key, value) for key, _sign, value in pairs if key not in _NOT_CARRIED]


def _mapped(members: Iterable[tuple[str, str]], kind: Kind) -> set[tuple[str, str]]:
    """Memberships among the roles that are carried over; a right to all of the server's data is not."""
    pairs = {
        (group if group.startswith("pg_") else target_name(group, kind), target_name(member, kind))
        for group, member in members
    }
    return {(group, member) for group, member in pairs if group and member and not group.startswith("pg_")}


def _grants(target: psycopg.Connection[Any], members: Iterable[tuple[str, str]], context: Context) -> list[Any]:
    """Memberships as at the source, and the app as a member of all that its source's owner could be."""
    from psycopg import sql

    owner = target_name(context.source.address.user.partition(".")[0], context.kind)
    wanted = _mapped(members, context.kind) | ({(owner, context.target.owner)} if owner else set())
    there = {name for (name,) in target.execute("SELECT rolname FROM pg_roles").fetchall()}
    return [
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(member))
        for group, member in sorted(wanted - memberships(target))
        if group in there and member in there and group != member
    ]


def _alike(role: Role, found: Role | None) -> bool:
    return found is not None and (role.inherits, role.bypasses_rls, role.connection_limit, sorted(_carried(role))) == (
        found.inherits,
        found.bypasses_rls,
        found.connection_limit,
        sorted(_carried(found)),
    )
