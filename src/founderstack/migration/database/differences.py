"""How the target's objects differ from the source's: the target is dumped as the source was, in both directions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.migration.context import Context
from founderstack.migration.database import archive, fates, objects, policies
from founderstack.migration.database.canonical import canonical
from founderstack.migration.database.fates import SourceObject
from founderstack.migration.entries import DecidedEntry, Entry
from founderstack.migration.values import Finding

_ADDED = frozenset({"RULE", "ROW SECURITY"})
"""Kinds that change what a table gives, where only the target has one; policies and triggers are asked by `finish`."""

_BODY = "\n    AS "
"""How the line begins on which pg_dump writes a function's body."""


@dataclass(frozen=True)
class Differences:
    """Between the source's objects and the target's."""

    missing: tuple[DecidedEntry, ...]
    """Objects and properties that the target does not have."""
    other: tuple[DecidedEntry, ...]
    """Objects that it has with another definition."""
    added: tuple[str, ...]
    """What only the target has, by its kind and whole name."""


def find(context: Context) -> Differences:
    """What differs now; reads only."""
    path = os.path.join(context.folder, "target.dump")
    archive.dump(context.target.address, "", context.target.binaries, path)
    there = archive.entries(context.target.binaries, path)
    os.remove(path)
    with context.source.connect() as source, context.target.connect() as target:
        known = objects.known(target, there)
        lost = {form[0] for form in policies.forms(source, context.kind) - policies.forms(target, "plain")}
    names = {(entry.kind, known[entry.id].identity) for entry in there if entry.id in known}
    forms = {_form(entry) for entry in there}
    differing = [
        one
        for one in context.objects
        if _compared(one) and (one.item.name in lost if one.entry.kind == "POLICY" else _form(one.entry) not in forms)
    ]
    has = [(one.entry.kind, one.item.name) in names for one in differing]
    return Differences(
        tuple(one for one, is_there in zip(differing, has, strict=True) if not is_there),
        tuple(one for one, is_there in zip(differing, has, strict=True) if is_there),
        tuple(_added(context, there, known)),
    )


def findings(context: Context) -> list[Finding]:
    """The same as a verification says it. Policies are told by `finish`, in all their parts."""
    found = find(context)
    wrong = [
        Finding(fates.STEP, f"{one.item.kind} {one.item.name}", False, _("its definition differs"))
        for one in (*found.missing, *found.other)
        if one.entry.kind != "POLICY"
    ]
    wrong += [Finding(fates.STEP, name, False, _("the source has nothing like it")) for name in found.added]
    carried = sum(one.carried for one in context.objects)
    return [*wrong, Finding(fates.STEP, _("definitions of {count} objects").format(count=carried), not wrong)]


def _compared(one: DecidedEntry) -> bool:
    """False for what is made in another form; and the schema public, which every database has by itself."""
    own = (one.entry.kind, one.item.name) == ("SCHEMA", "public")
    return one.carried and one.item.fate != "converted" and not own


def _form(entry: Entry) -> str:
    if entry.kind == "COMMENT":
        return f"{entry.kind}\n{entry.sql}"
    # A body is a text, in which every space counts; defaults, and the body that PostgreSQL has read, are expressions.
    head, between, body = entry.sql.partition(_BODY) if entry.kind in ("FUNCTION", "PROCEDURE") else (entry.sql, "", "")
    return f"{entry.kind}\n{canonical(head)}{between}{body}"


def _added(context: Context, there: Sequence[Entry], known: Mapping[int, SourceObject]) -> Iterator[str]:
    carried = [one for one in context.objects if one.carried]
    tables = {one.item.name for one in carried if one.entry.kind == "TABLE"}
    forms = {_form(one.entry) for one in carried}
    for entry in there:
        if entry.kind in _ADDED and _form(entry) not in forms:
            about = [known[number] for number in (entry.id, *entry.needs) if number in known]
            if any(one.table in tables for one in about):
                yield f"{entry.kind.lower()} {about[0].identity}"
