"""Roles: who exists at the target, under which name, with what attributes. Passwords cannot be read and stay behind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import platform, settings
from founderstack.migration.server_settings import of_database, pairs
from founderstack.migration.values import Finding, Item, Kind
from founderstack.model.sql import identifier
from founderstack.world.net import throwaway_roles

if TYPE_CHECKING:
    import psycopg

OWN_ROLES = frozenset({"postgres", "founder", "probe", "backup"})
"""Roles of the stack: one of the same name at the source becomes source_NAME, so that it gets no right of ours."""
PEOPLE_FOLLOWER = "founder_people"
"""Whose rights our triggers on people have, a member of the app's: they write auth.users, where triggers of the source
react, and read columns whose types may be the app's. By the superuser's functions, its code would become superuser."""

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
# Before version 16 a member inherits or not as its role does, and may always become the group.
_MEMBERS = f"""
SELECT g.rolname, m.rolname, bool_or(admin_option),
    bool_or(coalesce((to_jsonb(a) ->> 'inherit_option')::bool, m.rolinherit)),
    bool_or(coalesce((to_jsonb(a) ->> 'set_option')::bool, true))
FROM pg_auth_members AS a JOIN pg_roles AS g ON g.oid = a.roleid
JOIN pg_roles AS m ON m.oid = a.member WHERE m.rolname !~ '^{throwaway_roles.PATTERN}$' GROUP BY 1, 2 ORDER BY 1, 2
"""
_OPTIONS_SINCE = 160_000

Pair = tuple[str, str]
"""(group, member)."""
Options = tuple[bool, bool, bool]
"""(may let others in, has its rights, may become it)."""


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


def memberships(connection: psycopg.Connection[Any]) -> dict[Pair, Options]:
    """Every grant of a role."""
    return {(group, member): tuple(options) for group, member, *options in connection.execute(_MEMBERS).fetchall()}


_OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"


class Roles:
    """The step: roles, their settings and their memberships."""

    name = "roles"

    def plan(self, context: Context) -> Sequence[Item]:
        """Every role of the source."""
        with context.source.connect() as connection:
            roles, database = read(connection), of_database(connection)
        before = context.journal.before().roles
        carried = [role for role in roles if target_name(role.name, context.kind) not in ("", *before)]
        of_roles = [(role.name, key) for role in carried for key, _value in pairs(role.settings)]
        return [
            *(_item(role, context.kind, before) for role in roles),
            *settings.items(database, of_roles, context.kind),
        ]

    def run(self, context: Context) -> None:
        """Make what is missing and give it its attributes. Roles that were here before stay as they are."""
        with context.source.connect() as source:
            roles, members, database = read(source), memberships(source), of_database(source)
        before = context.journal.before()
        done = context.journal.done(self.name).get(self.name, {})
        with context.target.connect() as target, target.transaction():
            for role in roles:
                name = target_name(role.name, context.kind)
                if name and name not in (context.target.owner, *before.roles):
                    _make(target, role, name)
            there = memberships(target)
            missing = _missing(target, members, context)
            for pair, options in missing:
                target.execute(_membership("GRANT {} TO {}" + _with(target, options), *pair))
            granted = [pair for pair, _options in missing if pair not in there]
            settings.bring(target, context.target.address.database, database, before.settings)
            detail = {
                "settings": sorted({*done.get("settings", ()), *filter(settings.moves, database)}),
                "granted": [*done.get("granted", ()), *granted],
            }
            context.journal.mark(target, self.name, self.name, detail)

    def sync_final(self, context: Context) -> None:
        """Roles made meanwhile come too."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """Each role is there with its attributes and its memberships."""
        with context.source.connect() as source, context.target.connect() as target:
            wanted = {target_name(role.name, context.kind): role for role in read(source)}
            found = {role.name: role for role in read(target)}
            granted = memberships(target)
            members = _mapped(memberships(source), context.kind)
            missing = {pair for pair, options in members.items() if not _granted(target, granted.get(pair), options)}
            owner = target.execute(_OWNER).fetchall()[0][0]
            here, there = of_database(target), of_database(source)
        differing = [key for key, value in there.items() if settings.moves(key) and here.get(key) != value]
        others = (context.target.owner, *context.journal.before().roles)
        findings = [
            Finding(
                self.name,
                _("role {name}").format(name=name),
                _alike(role, found.get(name)),
                _("missing or with other attributes"),
            )
            for name, role in wanted.items()
            if name and name not in others
        ]
        ours = wanted.keys() - {*others, ""}
        added = {pair for pair in granted.keys() - members.keys() if not ours.isdisjoint(pair)}
        lost = ", ".join(
            f"{member} → {group}"
            for group, member in sorted(missing | added)
            if (group, member) in members or member != context.target.owner
        )
        return [
            *findings,
            Finding(self.name, _("memberships of roles"), not lost, lost),
            Finding(self.name, _("owner of the database"), owner == context.target.owner, owner),
            Finding(self.name, _("settings of the database"), not differing, ", ".join(differing)),
        ]


def put_back(target: psycopg.Connection[Any], context: Context) -> None:
    """Settings of the database and memberships of the roles that were here before, as they were then."""
    before = context.journal.before()
    done = context.journal.done(Roles.name).get(Roles.name, {})
    keys = {*done.get("settings", ()), settings.READ_ONLY}
    settings.put(target, context.target.address.database, before.settings, keys)
    for group, member in done.get("granted", ()):
        if group in before.roles and member in before.roles:
            target.execute(_membership("REVOKE {} FROM {}", group, member))


def _item(role: Role, kind: Kind, before: Collection[str]) -> Item:
    name = target_name(role.name, kind)
    if not name:
        return Item("roles", "role", role.name, "reported", platform.why(), of_platform=True)
    if name in before:
        return Item("roles", "role", role.name, "converted", _("The stack has one of this name, which stays as it is."))
    if name != role.name:
        why = _("It becomes {name}: the stack has a role of its own called {old}.").format(name=name, old=role.name)
        return Item("roles", "role", role.name, "converted", why)
    if role.may_log_in:
        why, fix = _("Its password cannot be read."), _("ALTER ROLE {name} PASSWORD …, where somebody signs in with it")
        return Item("roles", "role", role.name, "converted", why, fix.format(name=identifier(role.name)))
    if role.powerful:
        return Item("roles", "role", role.name, "converted", _("Rights over the whole server are not carried over."))
    return Item("roles", "role", role.name, "moved")


def _make(target: psycopg.Connection[Any], role: Role, name: str) -> None:
    from psycopg import sql

    whose = sql.SQL("ROLE {}").format(sql.Identifier(name))
    if target.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        target.execute(sql.SQL("CREATE {}").format(whose))
    words = [
        "LOGIN" if role.may_log_in and name == role.name else "NOLOGIN",
        "INHERIT" if role.inherits else "NOINHERIT",
        "BYPASSRLS" if role.bypasses_rls else "NOBYPASSRLS",
        f"CONNECTION LIMIT {int(role.connection_limit)}",
        "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION",
    ]
    target.execute(sql.SQL("ALTER {} " + " ".join(words)).format(whose))
    for key, value in _carried(role).items():
        target.execute(settings.statement(whose, key, value))


def _carried(role: Role) -> dict[str, str]:
    """Its settings; one for this database comes after, and wins over, one for all databases."""
    return {key: value for key, value in pairs(role.settings) if settings.moves(key)}


def _mapped(members: Mapping[Pair, Options], kind: Kind) -> dict[Pair, Options]:
    """Memberships among the roles that are carried over; a right to all of the server's data is not."""
    pairs = {
        (target_name(group, kind), target_name(member, kind)): options
        for (group, member), options in members.items()
        if not group.startswith("pg_")
    }
    return {(group, member): options for (group, member), options in pairs.items() if group and member}


def _missing(
    target: psycopg.Connection[Any], members: Mapping[Pair, Options], context: Context
) -> list[tuple[Pair, Options]]:
    """Memberships as at the source, and the app as a member of all that its source's owner could be."""
    owner = target_name(context.source.address.user.partition(".")[0], context.kind)
    wanted = {(owner, context.target.owner): (False, True, True)} if owner else {}
    wanted |= _mapped(members, context.kind)
    there = {name for (name,) in target.execute("SELECT rolname FROM pg_roles").fetchall()}
    found = memberships(target)
    return [
        ((group, member), options)
        for (group, member), options in sorted(wanted.items())
        if not _granted(target, found.get((group, member)), options)
        and group in there
        and member in there
        and group != member
    ]


def _granted(target: psycopg.Connection[Any], found: Options | None, wanted: Options) -> bool:
    """True where it is as wanted; an older server has one option alone, the others are its roles' attributes."""
    if found is None or target.info.server_version >= _OPTIONS_SINCE:
        return found == wanted
    return found[0] == wanted[0]


def _with(target: psycopg.Connection[Any], options: Options) -> str:
    admin, inherits, becomes = (str(option).lower() for option in options)
    if target.info.server_version >= _OPTIONS_SINCE:
        return f" WITH ADMIN {admin}, INHERIT {inherits}, SET {becomes}"
    return " WITH ADMIN OPTION" if options[0] else ""


def _membership(words: str, group: str, member: str) -> Any:
    from psycopg import sql

    return sql.SQL(words).format(sql.Identifier(group), sql.Identifier(member))


def _alike(role: Role, found: Role | None) -> bool:
    """True where it has the same attributes and no further way in."""
    if found is None or found.powerful or (found.may_log_in and (role.name != found.name or not role.may_log_in)):
        return False
    return (role.inherits, role.bypasses_rls, role.connection_limit, _carried(role)) == (
        found.inherits,
        found.bypasses_rls,
        found.connection_limit,
        _carried(found),
    )
