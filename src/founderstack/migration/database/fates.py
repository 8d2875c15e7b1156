"""What becomes of each object: decided from its description alone. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from founderstack.locale import _
from founderstack.migration.database import platform
from founderstack.migration.entries import DecidedEntry, Entry
from founderstack.migration.values import Fate, Item, Kind
from founderstack.model.sql import identifier

STEP = "schema"

_AFTER = (
    "CHECK CONSTRAINT|CONSTRAINT|FK CONSTRAINT|INDEX|INDEX ATTACH|TRIGGER|RULE|POLICY|ROW SECURITY|"
    "PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|STATISTICS|EVENT TRIGGER|SUBSCRIPTION"
)
_TABLES = ("TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW")
_AFTER_ROWS = frozenset(_AFTER.split("|"))
"""Kinds that are made when the rows are there: they check, speed up or react to rows."""


@dataclass(frozen=True)
class SourceObject:
    """What the source's catalogue says about an entry's object."""

    schema: str
    """Its schema, or its table's; "" where it has none."""
    identity: str
    """Its whole name, as PostgreSQL writes it: `public.todos`, `owner on public.todos`."""
    table: str
    """The whole name of the table that it belongs to, itself for a table; "" where it belongs to none."""
    owner: str


@dataclass(frozen=True)
class Setting:
    """What the decision depends on beside the objects."""

    kind: Kind
    extensions: Collection[str]
    """Names of the extensions that the target can have."""
    made_by: Mapping[str, str] = field(default_factory=dict)
    """Schemas that an extension has made at the source → its name."""
    present: Collection[str] = ()
    """Tables, types and functions that the target has already, by their whole names."""
    leave: Collection[str] = ()
    """Names that the founder wants left behind."""
    nobody: Collection[str] = ()
    """Policies for roles that are not carried over, by their whole names."""


class _Outcome(NamedTuple):
    """What becomes of one object."""

    fate: Fate
    why: str = ""
    fix: str = ""
    of_platform: bool = False


def decide(entries: Sequence[Entry], known: Mapping[int, SourceObject], setting: Setting) -> tuple[DecidedEntry, ...]:
    """Every entry with its fate, in the same order."""
    decided: dict[int, DecidedEntry] = {}
    for entry in entries:
        needs = [decided[number] for number in entry.needs if number in decided]
        about = known.get(entry.id)
        after = entry.kind in _AFTER_ROWS or any(need.after_rows for need in needs)
        name = about.identity if about else entry.label.removeprefix("- ")
        found = _fate(entry, about, needs, setting)
        item = Item(STEP, entry.kind.lower(), name, found.fate, found.why, found.fix, of_platform=found.of_platform)
        schema, table = (_quoted(about.schema), about.table) if about else ("", "")
        decided[entry.id] = DecidedEntry(entry, item, after, schema, table)
    return tuple(decided.values())


def _quoted(name: str) -> str:
    return identifier(name) if name else ""


def _fate(entry: Entry, known: SourceObject | None, needs: Sequence[DecidedEntry], setting: Setting) -> _Outcome:
    lost = next((need for need in needs if need.item.fate in ("reported", "blocker")), None)
    if entry.kind == "USER MAPPING":
        return _Outcome(
            "reported", _("It holds a password for another server."), _("Make it yourself: CREATE USER MAPPING …")
        )
    if known is None:
        return _property(needs, lost)
    if why := _left(entry, known, needs, setting):
        return _Outcome("reported", why)
    own = _own(entry, known, needs, setting)
    if own is not None:
        return own
    if lost is None:
        return _moved(entry, known, needs, setting)
    if _of_platform(known, setting) and lost.item.of_platform and entry.kind != "POLICY":
        return _platforms()
    why = _("It needs {kind} {name}, which is not moved.").format(kind=lost.item.kind, name=lost.item.name)
    fix = _("Remove that need at the source, or leave this behind: --leave {name}").format(
        name=shlex.quote(known.identity)
    )
    return _Outcome("blocker", why, fix)


def _left(entry: Entry, known: SourceObject, needs: Sequence[DecidedEntry], setting: Setting) -> str:
    """Why it is left behind whatever it is; "" where that is open. What belongs to a table goes with it."""
    if known.identity in setting.leave:
        return _("You chose to leave it behind.")
    if known.identity in setting.nobody:
        return _("It is for roles of the platform only.")
    parts = entry.kind in ("SEQUENCE", "SEQUENCE OWNED BY")  # the one of a column has a name of its own
    for need in needs:
        lost = need.item.fate in ("reported", "blocker") and not need.item.of_platform
        if lost and need.entry.kind in _TABLES and (parts or need.item.name == known.table):
            return _("It belongs to {name}, which is not moved.").format(name=need.item.name)
    return ""


def _property(needs: Sequence[DecidedEntry], lost: DecidedEntry | None) -> _Outcome:
    """A comment, an attached partition: it goes where its object goes."""
    if lost is not None and lost.item.of_platform:
        return _platforms()
    if lost is not None:
        return _Outcome("reported", _("It belongs to {name}, which is not moved.").format(name=lost.item.name))
    if any(need.item.fate == "converted" for need in needs):
        return _Outcome("converted", _("It belongs to something that is made anew."))
    return _Outcome("moved")


def _own(entry: Entry, known: SourceObject, needs: Sequence[DecidedEntry], setting: Setting) -> _Outcome | None:
    """The fate that an object has by itself; None where it depends on what it needs."""
    if entry.kind == "EXTENSION":
        return _extension(known, setting)
    if entry.kind == "EVENT TRIGGER":
        if _runs_platform(needs):
            return _platforms()
        why = _("It would run with the rights of the database’s superuser at every change of anything.")
        return _Outcome("reported", why, _("Look at what it does, then make it yourself where you still need it."))
    if entry.kind == "SUBSCRIPTION":
        return _Outcome(
            "reported", _("It would begin to fetch rows from its publisher."), _("Make it yourself, after the move.")
        )
    if setting.kind == "supabase":
        return _platform(entry, known, needs, setting)
    return None


def _extension(known: SourceObject, setting: Setting) -> _Outcome:
    name = known.identity.strip('"')
    if name in setting.extensions:
        return _Outcome("moved")
    instead = platform.REPLACEMENTS.get(name)
    why = _("The target does not have this extension.")
    return _Outcome("reported", why, _("Instead of it: {what}").format(what=_(instead)) if instead else "")


def _platform(entry: Entry, known: SourceObject, needs: Sequence[DecidedEntry], setting: Setting) -> _Outcome | None:
    if entry.kind == "SCHEMA" and known.identity in platform.SHIM_SCHEMAS:
        return _Outcome("converted", _("It is made anew, with what your objects need of it."))
    if entry.kind == "FUNCTION" and known.identity in platform.SHIM_FUNCTIONS:
        return _Outcome("converted", _("It is written anew and answers the same."))
    bare = known.identity.partition("(")[0].rpartition(".")[2]
    of_extensions = known.schema == "extensions" and bare in platform.EXTENSION_FUNCTIONS
    if not of_extensions and not _of_platform(known, setting):
        return None
    if known.table in platform.KEPT_TABLES:
        return None
    if entry.kind in ("TYPE", "DOMAIN") and known.schema in ("auth", "storage"):
        return _Outcome("converted", _("A column that is kept has this type."))
    if entry.kind == "POLICY" or (entry.kind == "TRIGGER" and not _runs_platform(needs)):
        return _Outcome("reported", _("It is the project’s own, on {name} of the platform.").format(name=known.table))
    return _platforms()


def _platforms() -> _Outcome:
    return _Outcome("reported", platform.why(), of_platform=True)


def _runs_platform(needs: Sequence[DecidedEntry]) -> bool:
    """True where a function of the platform is run: a trigger has no owner, and its name says nothing."""
    functions = [need.item for need in needs if need.entry.kind == "FUNCTION"]
    return any(item.of_platform or item.name in platform.SHIM_FUNCTIONS for item in functions)


def _of_platform(known: SourceObject, setting: Setting) -> bool:
    return setting.kind == "supabase" and platform.owns(known.schema or known.identity, known.owner)


def _moved(entry: Entry, known: SourceObject, needs: Sequence[DecidedEntry], setting: Setting) -> _Outcome:
    if entry.kind != "SCHEMA" and known.identity in setting.present:
        why = _("The target has one of this name already.")
        return _Outcome("blocker", why, _("Move into an empty database, or rename one of the two."))
    extension = setting.made_by.get(known.schema, "")
    if extension and extension not in setting.extensions:
        why = _("Its schema comes with the extension {name}, which the target does not have.").format(name=extension)
        fix = _("Give it another schema at the source (ALTER … SET SCHEMA …), or leave it behind: --leave {name}")
        return _Outcome("blocker", why, fix.format(name=shlex.quote(known.identity)))
    if entry.kind == "TRIGGER" and any(need.item.name == platform.WEBHOOK for need in needs):
        return _Outcome("converted", _("It is a webhook: kept, switched off, and it sends nothing."))
    if known.table in platform.KEPT_TABLES and entry.kind == "TABLE" and setting.kind == "supabase":
        return _Outcome("converted", _("It is kept for what refers to it; secrets in it arrive empty."))
    return _Outcome("moved")
