"""What only the target has and others than the app may use: neither the source nor we have put it there.

What was there when the migration began is known, and so is what belongs to an extension. Tables, types and functions of
the app's own that nobody else may use are its business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import fates, platform, settings
from founderstack.migration.database.large_objects import LargeObjects
from founderstack.migration.database.roles import OWN_ROLES, PEOPLE_FOLLOWER, target_name
from founderstack.migration.files.index import INDEX
from founderstack.migration.server_settings import of_database, pairs
from founderstack.migration.values import Finding
from founderstack.world.net import ddl_guard, throwaway_roles

if TYPE_CHECKING:
    import psycopg

PRESENT = "present"
"""The fact of a run that tells what the target had when it began."""
_SHIMS = frozenset(
    {"auth.follow_app()", "vault.decrypted_secrets", "vault._open(pg_catalog.bytea)", "vault._seal(pg_catalog.text)"}
    | {"vault.create_secret(pg_catalog.text,pg_catalog.text,pg_catalog.text)", INDEX}
    | {"vault.update_secret(pg_catalog.uuid,pg_catalog.text,pg_catalog.text,pg_catalog.text)"}
)
"""What we make beside `platform.SHIM_FUNCTIONS`; those who own it at the target decide with the name."""

# `usable` says that somebody else than the app may use an object, or that nobody is asked who uses it.
_OBJECTS = f"""
WITH insider AS (
    SELECT oid FROM pg_roles WHERE rolsuper OR rolname = ANY (%(own)s) OR rolname ~ '^{throwaway_roles.PATTERN}$'
        OR pg_has_role(oid, %(owner)s, 'MEMBER')
), one AS (
    SELECT 'pg_class'::regclass AS class, c.oid, relowner AS owner, coalesce(relacl,
        acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
        || (SELECT array_agg(acl) FROM pg_attribute, unnest(attacl) AS acl WHERE attrelid = c.oid) AS acl,
        false AS always
    FROM pg_class AS c WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner,
        CASE WHEN prorettype = 'trigger'::regtype AND NOT prosecdef THEN NULL
            ELSE coalesce(proacl, acldefault('f', proowner)) END, false FROM pg_proc
    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner,
        (SELECT array_agg(makeaclitem(grantee, grantor, privilege_type, is_grantable)) FROM aclexplode(nspacl)
            WHERE privilege_type = 'CREATE'), false FROM pg_namespace
    UNION ALL SELECT 'pg_type'::regclass, t.oid, typowner, NULL, false FROM pg_type AS t
        LEFT JOIN pg_class AS c ON c.oid = typrelid WHERE typtype IN ('d', 'e', 'r') OR c.relkind = 'c'
    UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl, false FROM pg_largeobject_metadata
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, NULL, true FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, NULL, true FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, NULL, true FROM pg_opfamily
    UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, NULL, true FROM pg_conversion
    UNION ALL SELECT 'pg_cast'::regclass, oid, NULL, NULL, true FROM pg_cast
    UNION ALL SELECT 'pg_transform'::regclass, oid, NULL, NULL, true FROM pg_transform
    UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, NULL, true FROM pg_language
    UNION ALL SELECT 'pg_event_trigger'::regclass, oid, evtowner, NULL, true FROM pg_event_trigger
        WHERE evtfoid <> coalesce(to_regproc('founder_migration.{ddl_guard.FUNCTION}')::oid, 0)
    UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner, NULL, true FROM pg_publication
    UNION ALL SELECT 'pg_subscription'::regclass, s.oid, subowner, NULL, true FROM pg_subscription AS s
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, NULL, true FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, NULL, true FROM pg_foreign_server
    UNION ALL SELECT 'pg_extension'::regclass, e.oid, NULL, NULL, NOT EXISTS (
        SELECT FROM pg_available_extension_versions AS v WHERE v.name = extname AND v.version = extversion AND trusted)
        FROM pg_extension AS e
)
SELECT named.type, named.identity, owner IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolname = ANY (%(own)s)),
    always OR coalesce(owner NOT IN (SELECT oid FROM insider), false)
        OR EXISTS (SELECT FROM aclexplode(nullif(acl, '{{}}')) WHERE grantee NOT IN (SELECT oid FROM insider))
FROM one CROSS JOIN LATERAL pg_identify_object(class, one.oid, 0) AS named
WHERE (one.oid >= 16384 OR class = 'pg_largeobject'::regclass)
    AND coalesce(named.schema, named.name, '') !~ '^pg_(toast|temp)'
    AND coalesce(named.schema, named.name, '') <> 'founder_migration'
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = class AND d.objid = one.oid
        AND (d.deptype IN ('e', 'i') OR (d.deptype = 'a' AND class = 'pg_class'::regclass)))
"""
_DATABASE = """
SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END, privilege_type
FROM pg_database CROSS JOIN LATERAL aclexplode(coalesce(datacl, acldefault('d', datdba)))
WHERE datname = current_database() AND grantee <> datdba
"""
_SETTINGS = """
SELECT coalesce(rolname, ''), unnest(setconfig) FROM pg_db_role_setting LEFT JOIN pg_roles AS r ON r.oid = setrole
WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (setrole <> 0 OR setdatabase <> 0)
"""
_DEFAULTS = """
SELECT pg_get_userbyid(defaclrole)::text, coalesce(nspname, ''), defaclobjtype::text
FROM pg_default_acl LEFT JOIN pg_namespace AS n ON n.oid = defaclnamespace
"""
_LARGE_OBJECTS = "SELECT oid::text FROM pg_largeobject_metadata"


def present(connection: psycopg.Connection[Any], owner: str) -> list[str]:
    """All that somebody has put into a target, for a later comparison."""
    return sorted({key for key, _name, _ours, _usable in _objects(connection, owner)} | {*_rights(connection)})


def findings(context: Context) -> list[Finding]:
    """What is there that neither the source has nor we have made, and that others than the app may use."""
    run = context.journal.run()
    if run is None or PRESENT not in run.facts:  # begun by a version that did not look
        return []
    before = set(run.facts[PRESENT])
    # What has moved is not ours to judge when the source has removed it since.
    known = {one.item.name for one in context.objects} | context.journal.done(LargeObjects.name).keys()
    with context.source.connect() as source, context.target.connect() as target:
        known |= {str(number) for (number,) in source.execute(_LARGE_OBJECTS).fetchall()}
        owner = context.target.owner
        added = [
            key
            for key, name, ours, usable in _objects(target, owner)
            if usable and key not in before and name not in known and not (ours and _made(name, context))
        ]
        rights = [key for key in _rights(target) if key not in before]
        carried = {target_name(str(name), context.kind) for (name,) in source.execute("SELECT rolname FROM pg_roles")}
        moved = {key for key in of_database(source) if settings.moves(key)}
        compared = {
            _default(target_name(str(role), context.kind), *rest)
            for role, *rest in source.execute(_DEFAULTS).fetchall()
        }
    others = [key for key in rights if key not in compared and not _ours(key, carried - {""}, moved, owner)]
    why = _("the source has nothing like it, and others than your app may use it")
    wrong = [Finding(fates.STEP, name, False, why) for name in sorted(added)]
    wrong += [Finding(fates.STEP, _told(name), False, _("it was not there before")) for name in sorted(others)]
    return [*wrong, Finding(fates.STEP, _("nothing was added that others than your app may use"), not wrong)]


def _objects(connection: psycopg.Connection[Any], owner: str) -> list[tuple[str, str, bool, bool]]:
    """(kind and name, name, whether it is the superuser's or the app's, whether others may use it) of each object."""
    own = [owner, PEOPLE_FOLLOWER, "pg_database_owner", *OWN_ROLES]
    rows: Sequence[Any] = connection.execute(_OBJECTS, {"own": own, "owner": owner}).fetchall()
    return [(f"{kind} {name}", str(name), bool(ours), bool(usable)) for kind, name, ours, usable in rows]


def _made(name: str, context: Context) -> bool:
    return context.kind == "supabase" and (
        name in _SHIMS or name in platform.SHIM_FUNCTIONS or name in platform.SHIM_SCHEMAS
    )


def _rights(connection: psycopg.Connection[Any]) -> list[str]:
    """Rights to the database itself, default privileges, and settings of it and of roles with a mark of the value."""
    told = [
        f"database {who}\n{what}"
        for who, what in connection.execute(_DATABASE).fetchall()
        if not throwaway_roles.is_one(str(who))
    ]
    told += [_default(*row) for row in connection.execute(_DEFAULTS).fetchall()]
    for role, one in connection.execute(_SETTINGS).fetchall():
        if not throwaway_roles.is_one(str(role)):
            ((key, value),) = pairs([one])
            told.append(f"setting {role}\n{key}\n{hashlib.sha256(value.encode()).hexdigest()}")
    return told


def _default(role: str, schema: str, objects: str) -> str:
    return f"default {role}\n{schema or '*'}, {objects}"


def _ours(key: str, carried: set[str], moved: set[str], owner: str) -> bool:
    """True for what a step compares itself, and for the settings by which a rotated password becomes the app."""
    kind, who, what = _parts(key)
    if kind != "setting":
        return False
    if not who:
        return what in moved or what == settings.READ_ONLY
    return (who in carried and who not in OWN_ROLES and who != owner and settings.moves(what)) or what == "role"


def _parts(key: str) -> tuple[str, str, str]:
    head, what, *_mark = key.split("\n")
    kind, _space, who = head.partition(" ")
    return kind, who, what


def _told(key: str) -> str:
    kind, who, what = _parts(key)
    if kind == "setting":
        return _("setting {name} of {who}").format(name=what, who=who or _("the database"))
    if kind == "default":
        return _("default privileges of {who} ({what})").format(who=who, what=what)
    return _("{what} on the database for {who}").format(what=what, who=who)
