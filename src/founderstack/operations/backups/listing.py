"""What backups there are, for people, the panel and programs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from founderstack.locale import N_
from founderstack.model.backup import NOT_AWAY, NOT_YET, FoundSet, Proof, leaves
from founderstack.model.stack import Stack
from founderstack.model.vault import FoundSets
from founderstack.planner.backups.counting import counted
from founderstack.planner.backups.schedule import ahead, following, overdue_s
from founderstack.planner.backups.warnings import LATE, LATE_AFTER_S

UNPROVEN = N_("No backup was restored and checked yet.")
NOT_SENT = N_("The newest backup is on this machine only.")
NOT_WHOLE = N_("Files of a backup are missing or damaged.")
LACKING = N_("The newest backup does not hold all that it should.")
NO_PLACE = N_("A place that keeps backups cannot be asked.")
NEWER = N_("A backup was made by a later version of Founder Stack, which alone can read it.")
BAD = N_("The newest drill failed: that backup could not be restored.")
GONE = N_("A place has lost backups that it held; nothing is let go of until that is settled: founder backup resend")
FORGED = N_("A proof of a backup is another backup's, or was changed or made up: it proves nothing.")
OUTSIDE = N_("Links lead out of what is backed up, and what lies there is in no backup: founder backups names them.")
FUTURE = N_("A backup bears a time that is still to come, because a clock was wrong: it counts for nothing.")
REFUSED = N_("A drill found settings that this machine refuses; a restore leaves them out: founder backup prove")
PRESSING = (NOT_YET, BAD, LATE, LACKING, NOT_WHOLE, GONE, FORGED, NO_PLACE)
"""Warnings that want something to be done now; the others are for a quiet hour."""


def index(stack: Stack, found: FoundSets, now: float) -> dict[str, Any]:
    """Everything about the stack's backups as plain values; warnings are English texts to be translated.

    `{v, at, stack, engine, schedule, prove, next, newest, overdue_s, off_machine, places: [{name, where, error, sets,
    bytes, damaged, newer, gone}], warnings: [text], sets: [{id, taken_at, seconds, size, engine, kind, major, os,
    places, missing, forged, future, notes, lacks, outside, databases, proven: {at, ok, seconds, loss_s, problems,
    place} | null}]}`, sets newest first; times are seconds since the epoch, sizes bytes.
    """
    part = stack.parts["backup"]
    settings = part.settings
    newest = max((one.manifest.taken_at for one in counted(found.sets, now)), default=0.0)
    return {
        "v": 1,
        "at": round(now, 1),
        "stack": stack.name,
        "engine": part.component,
        "schedule": settings.schedule,
        "prove": settings.prove,
        "next": following(settings.schedule, now, stack.name),
        "newest": newest or None,
        "overdue_s": round(overdue_s(settings.schedule, newest, now, stack.name), 1) if newest else None,
        "off_machine": leaves(settings.s3_endpoint, settings.s3_bucket),
        "places": [_place(found, place.name) for place in found.places],
        "warnings": warnings(stack, found, now),
        "sets": [set_values(one, now) for one in found.sets],
    }


def warnings(stack: Stack, found: FoundSets, now: float) -> list[str]:
    """What a person must know, the worst first."""
    settings = stack.parts["backup"].settings
    sets = counted(found.sets, now)
    newest = sets[0] if sets else None
    late = newest is not None and overdue_s(settings.schedule, newest.manifest.taken_at, now, stack.name) > LATE_AFTER_S
    proof = next((one.proof for one in sets if one.proof is not None), None)
    told = {
        NOT_YET: newest is None and not found.unknown,
        BAD: proof is not None and not proof.ok,
        LATE: late,
        LACKING: newest is not None and bool(newest.manifest.lacks),
        NOT_WHOLE: any(one.missing for one in found.sets) or any(place.damaged for place in found.places),
        GONE: bool(found.lost),
        FORGED: any(one.forged for one in found.sets),
        NEWER: any(place.newer for place in found.places),
        FUTURE: len(sets) < len(found.sets),
        NO_PLACE: any(place.error for place in found.places),
        NOT_AWAY: not leaves(settings.s3_endpoint, settings.s3_bucket),
        NOT_SENT: newest is not None and len(found.places) > 1 and newest.places == (found.places[0].name,),
        REFUSED: proof is not None and bool(proof.refused),
        OUTSIDE: newest is not None and bool(newest.manifest.outside),
        UNPROVEN: newest is not None and proof is None and settings.prove != "never",
    }
    return [text for text, holds in told.items() if holds]


def set_values(one: FoundSet, now: float) -> dict[str, Any]:
    """One set as plain values; `future` says that it bears a time that is still to come."""
    manifest = one.manifest
    return {
        "id": manifest.id,
        "taken_at": round(manifest.taken_at, 1),
        "seconds": manifest.seconds,
        "size": manifest.size,
        "engine": manifest.engine,
        "kind": manifest.kind,
        "replaced_by": manifest.replaced_by,
        "major": manifest.major,
        "os": manifest.os,
        "places": list(one.places),
        "missing": list(one.missing),
        "forged": list(one.forged),
        "future": ahead(manifest.taken_at, now),
        "notes": list(manifest.notes),
        "lacks": list(manifest.lacks),
        "outside": list(manifest.outside),
        "databases": [file.about for file in manifest.of_kind("dump")],
        "proven": _proof(one.proof),
    }


def _proof(proof: Proof | None) -> Mapping[str, Any] | None:
    if proof is None:
        return None
    return {
        "at": proof.at,
        "ok": proof.ok,
        "seconds": proof.seconds,
        "compared_s": proof.compared_s,
        "loss_s": round(proof.loss_s, 1),
        "problems": list(proof.problems),
        "refused": list(proof.refused),
        "place": proof.place,
    }


def _place(found: FoundSets, name: str) -> dict[str, Any]:
    place = next(place for place in found.places if place.name == name)
    held = [one for one in found.sets if name in one.places]
    return {
        "name": name,
        "where": place.where,
        "error": place.error,
        "sets": len(held),
        "bytes": sum(one.manifest.size for one in held),
        "damaged": list(place.damaged),
        "newer": list(place.newer),
        "gone": list(place.gone),
    }
