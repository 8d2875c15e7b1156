"""Who owns what and who may do what: read in one form on both sides, and the difference is what is done.

So nothing is granted again that was revoked, and running it twice does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import platform
from founderstack.migration.database.roles import PEOPLE_FOLLOWER, target_name
from founderstack.migration.values import Finding, Item, Kind
from founderstack.model.sql import identifier
from founderstack.world.net import throwaway_roles

if TYPE_CHECKING:
    import psycopg

Grant = tuple[str, str, bool]
"""(who, privilege, may pass it on); "" is everybody."""
Key = tuple[str, str]
"""(type of object as PostgreSQL calls it, its whole name)."""

SUPERUSER = "postgres"
"""Owner, at the target, of what the platform owned."""
_OWNED_BY_SUPERUSER = frozenset({"publication", "server", "foreign-data wrapper"})
"""Kinds whose owner must be a superuser or have a right over one's kind: they stay the superuser's."""

_RIGHTS = """
WITH one AS (
    SELECT 'pg_class'::regclass AS class, oid, 0 AS part, relowner AS owner,
        coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, relowner, attacl
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE attacl IS NOT NULL AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'pg_proc'::regclass, oid, 0, proowner, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
    UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspowner, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, typowner, coalesce(typacl, acldefault('T', typowner))
    FROM pg_type AS t
    LEFT JOIN pg_class AS c ON c.oid = typrelid WHERE typtype IN ('d', 'e', 'r') OR c.relkind = 'c'
    UNION ALL SELECT 'pg_largeobject'::regclass, oid, 0, lomowner, coalesce(lomacl, acldefault('L', lomowner))
    FROM pg_largeobject_metadata
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0, srvowner, coalesce(srvacl, acldefault('S', srvowner))
    FROM pg_foreign_server
    UNION ALL SELECT 'pg_operator'::regclass, oid, 0, oprowner, NULL FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, 0, opcowner, NULL FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, 0, opfowner, NULL FROM pg_opfamily
    UNION ALL SELECT 'pg_collation'::regclass, oid, 0, collowner, NULL FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, 0, conowner, NULL FROM pg_conversion
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, 0, dictowner, NULL FROM pg_ts_dict
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, 0, cfgowner, NULL FROM pg_ts_config
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, 0, stxowner, NULL FROM pg_statistic_ext
)
SELECT named.type, named.identity, pg_get_userbyid(owner),
    ARRAY(SELECT ROW(CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable)
        FROM aclexplode(acl) WHERE NOT (made AND grantee = owner)),
    made OR EXISTS (SELECT FROM pg_depend AS d JOIN pg_sequence ON seqrelid = d.objid WHERE d.classid = class
        AND d.objid = oid AND d.refclassid = class AND d.deptype IN ('a', 'i') AND class = 'pg_class'::regclass), made
FROM one CROSS JOIN LATERAL pg_identify_object(class, oid, part) AS named
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_depend AS d
    WHERE d.classid = class AND d.objid = oid AND d.deptype = 'e') AS made) AS by_extension
WHERE (oid >= 16384 OR named.identity = 'public' OR class = 'pg_largeobject'::regclass)
    AND coalesce(named.schema, named.name, '') NOT LIKE 'pg\\_%%' AND coalesce(named.schema, '') <> 'founder_migration'
    AND (NOT made OR class IN ('pg_proc'::regclass, 'pg_class'::regclass))
"""

_DEFAULTS = """
SELECT pg_get_userbyid(defaclrole), coalesce(quote_ident(nspname), ''), defaclobjtype,
    ARRAY(SELECT ROW(CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable)
        FROM aclexplode(defaclacl))
FROM pg_default_acl LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
"""

_COLUMN = " column"
"""How the types of columns end: `table column`, `view column`."""
_OBJECTS_OF = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS"}


@dataclass(frozen=True)
class Right:
    """An object's owner and everything that is granted on it."""

    owner: str
    grants: frozenset[Grant]
    follows: bool
    """True for a sequence of a column, which has its table's owner, and for what an extension has made."""
    made: bool = False
    """True for what an extension has made: of its rights, those of its owner are not told."""


class Rights:
    """The step: owners, privileges and default privileges."""

    name = "rights"

    def plan(self, context: Context) -> Sequence[Item]:
        """Default privileges, which are no objects; those of objects go with them."""
        with context.source.connect() as source:
            rows = source.execute(_DEFAULTS).fetchall()
        items = []
        for role, schema, objects, _acl in rows:
            name = f"{role}, {schema or '*'}, {_OBJECTS_OF.get(objects, objects).lower()}"
            if target_name(role, context.kind):
                items.append(Item(self.name, "default privileges", name, "moved"))
            else:
                items.append(Item(self.name, "default privileges", name, "reported", platform.why(), of_platform=True))
        return items

    def run(self, context: Context) -> None:
        """Bring owners and privileges to what they are at the source."""
        converge(context)
        with context.source.connect() as source, context.target.connect() as target, target.transaction():
            for statement in _default_statements(source, target, context.kind):
                target.execute(statement)

    def sync_final(self, context: Context) -> None:
        """As `run`: it does only what differs."""
        self.run(context)

    def verify(self, context: Context) -> Sequence[Finding]:
        """What would still have to be done is what differs."""
        with context.source.connect() as source, context.target.connect() as target:
            pairs = _pairs(_wanted(source, context.kind), _read(target))
            differing = [key for key, wanted, found in pairs if list(_statements(key, wanted, found))]
            defaults = _default_statements(source, target, context.kind)
        return [
            *(
                Finding(self.name, f"{kind} {name}", False, _("its owner or its privileges differ"))
                for kind, name in differing
            ),
            Finding(self.name, _("owners and privileges of {count} objects").format(count=len(pairs)), not differing),
            Finding(self.name, _("default privileges"), not defaults),
        ]


def converge(context: Context) -> None:
    """Owners first, because a change of owner rewrites privileges; then privileges, each by its difference."""
    with context.source.connect() as source, context.target.connect() as target:
        wanted = _wanted(source, context.kind)
        for owners in (True, False):
            with target.transaction():
                for key, right, found in _pairs(wanted, _read(target)):
                    for statement in _statements(key, right, found, owners=owners):
                        target.execute(statement)


def _pairs(wanted: Mapping[Key, Right], found: Mapping[Key, Right]) -> list[tuple[Key, Right, Right]]:
    """What both sides have, with the rights of each. A column on which nothing is granted has no line of its own."""
    tables = {name for kind, name in found if not kind.endswith(_COLUMN)}
    pairs = [(key, one, found[key]) for key, one in wanted.items() if key in found and one.made == found[key].made]
    for key, right in wanted.items():
        if key[0].endswith(_COLUMN) and key not in found and _column(key[1])[0] in tables:
            pairs.append((key, right, Right(right.owner, frozenset(), True)))
    for key, right in found.items():
        if key[0].endswith(_COLUMN) and key not in wanted and any(name == _column(key[1])[0] for _kind, name in wanted):
            pairs.append((key, Right(right.owner, frozenset(), True), right))
    return pairs


def _wanted(source: psycopg.Connection[Any], kind: Kind) -> dict[Key, Right]:
    return {key: _mapped(key, right, kind) for key, right in _read(source).items()}


def _read(connection: psycopg.Connection[Any]) -> dict[Key, Right]:
    return {
        (kind, name): Right(owner, _grants(acl), follows, made)
        for kind, name, owner, acl, follows, made in connection.execute(_RIGHTS).fetchall()
    }


def _grants(acl: Sequence[Any]) -> frozenset[Grant]:
    """Without what comes and goes: MAINTAIN, which PostgreSQL 17 has added, and what throw-away roles may."""
    told = ((str(who), str(what), passed in (True, "t")) for who, what, passed in acl if what != "MAINTAIN")
    return frozenset(one for one in told if not throwaway_roles.is_one(one[0]))


def _mapped(key: Key, right: Right, kind: Kind) -> Right:
    owner = target_name(right.owner, kind) if not right.owner.startswith("pg_") else right.owner
    if key == ("schema", "public"):
        owner = "pg_database_owner"
    if not owner or key[0] in _OWNED_BY_SUPERUSER:
        owner = SUPERUSER
    grants = {
        (target_name(who, kind) if who and not who.startswith("pg_") else who, what, passed)
        for who, what, passed in right.grants
        if not who or who.startswith("pg_") or target_name(who, kind)
    }
    return Right(owner, frozenset(grants), right.follows, right.made)


def _statements(key: Key, wanted: Right, found: Right, owners: bool | None = None) -> Iterator[Any]:
    from psycopg import sql

    kind, name = key
    if owners is not False and wanted.owner != found.owner and not wanted.follows and not kind.endswith(_COLUMN):
        yield sql.SQL("ALTER {} OWNER TO {}").format(sql.SQL(f"{_noun(kind)} {name}"), sql.Identifier(wanted.owner))
    if owners is True:
        return
    # What the platform's own roles could do with their objects is nobody's at the target.
    own = wanted.owner in (SUPERUSER, "pg_database_owner")
    before, after = (
        {one for one in side if not (own and one[0] == wanted.owner)} for side in (found.grants, wanted.grants)
    )
    for who, what, passed in sorted(before - after):
        if who != PEOPLE_FOLLOWER and ((who, what, not passed) not in after or passed):  # what that may is ours to say
            yield _privilege("REVOKE", key, who, what, passed and (who, what, False) in after)
    for who, what, passed in sorted(after - before):
        yield _privilege("GRANT", key, who, what, passed)


def _privilege(verb: str, key: Key, who: str, what: str, option: bool) -> str:
    kind, name = key
    column = ""
    if kind.endswith(_COLUMN):
        name, column = _column(name)
    on = {"view": "TABLE", "materialized view": "TABLE", "foreign table": "TABLE"}.get(kind.removesuffix(_COLUMN))
    on = on or ("TABLE" if column else "")
    on = on or {"server": "FOREIGN SERVER", "domain": "TYPE", "composite type": "TYPE"}.get(kind) or _noun(kind)
    words = f"{what} ({column})" if column else what
    if verb == "REVOKE":
        return f"REVOKE {'GRANT OPTION FOR ' if option else ''}{words} ON {on} {name} FROM {_who(who)} CASCADE"
    return f"GRANT {words} ON {on} {name} TO {_who(who)}{' WITH GRANT OPTION' if option else ''}"


def _column(identity: str) -> tuple[str, str]:
    """`schema.table.column`, each quoted where it must be, into its table and its column."""
    inside, cut = False, -1
    for place, letter in enumerate(identity):
        inside ^= letter == '"'
        if letter == "." and not inside:
            cut = place
    return identity[:cut], identity[cut + 1 :]


def _noun(kind: str) -> str:
    """The word of ALTER and GRANT for a type of object as pg_identify_object calls it."""
    words = {"function": "ROUTINE", "procedure": "ROUTINE", "aggregate": "ROUTINE", "statistics object": "STATISTICS"}
    return words.get(kind) or {"composite type": "TYPE"}.get(kind) or kind.upper()


def _default_statements(source: psycopg.Connection[Any], target: psycopg.Connection[Any], kind: Kind) -> list[str]:
    wanted = _defaults(source, kind)
    found = _defaults(target, "plain")
    there = {name for (name,) in target.execute("SELECT quote_ident(nspname) FROM pg_namespace").fetchall()}
    statements = []
    for key in wanted.keys() | found.keys():
        (role, schema, objects) = key
        if not role or (schema and schema not in there) or key not in wanted:
            continue
        before, after = found.get(key, _without_entry(target, key)), wanted[key]
        head = f"ALTER DEFAULT PRIVILEGES FOR ROLE {_who(role)}" + (f" IN SCHEMA {schema}" if schema else "")
        of = _OBJECTS_OF[objects]
        statements += [
            f"{head} REVOKE {what} ON {of} FROM {_who(who)}" for who, what, _passed in sorted(before - after)
        ]
        statements += [
            f"{head} GRANT {what} ON {of} TO {_who(who)}{' WITH GRANT OPTION' if passed else ''}"
            for who, what, passed in sorted(after - before)
        ]
    return statements


def _without_entry(target: psycopg.Connection[Any], key: tuple[str, str, str]) -> frozenset[Grant]:
    """What a role's new objects are granted where no entry says otherwise: only entries for every schema replace it."""
    role, schema, objects = key
    if schema:
        return frozenset()
    rows = target.execute(
        "SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable"
        ' FROM pg_roles CROSS JOIN LATERAL aclexplode(acldefault(%s::"char", oid)) WHERE rolname = %s',
        (objects.replace("S", "s"), role),
    ).fetchall()
    return _grants(rows)


def _defaults(connection: psycopg.Connection[Any], kind: Kind) -> Mapping[tuple[str, str, str], frozenset[Grant]]:
    rows = connection.execute(_DEFAULTS).fetchall()
    return {
        (target_name(role, kind), schema, _text(objects)): _mapped(
            ("", ""), Right(role, _grants(acl), False), kind
        ).grants
        for role, schema, objects, acl in rows
    }


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _who(name: str) -> str:
    return identifier(name) if name else "PUBLIC"
