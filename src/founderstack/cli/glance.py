"""What lies on the disk about a running stack, read without building anything: for verbs that must answer at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from founderstack import locale
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.identity import Identity, meant
from founderstack.model.record import identity_of
from founderstack.model.state_folder import StateFolder
from founderstack.operations.stack.status import Found
from founderstack.planner.backups.warnings import standing
from founderstack.runtimes.host import quick
from founderstack.world.os.ambient import state_root


def state_of(file: str) -> str:
    """The state folder of the stack that a file describes, "" where it was never brought up.

    Speaks the stack's language from here on.
    """
    locale.use(_language(file))
    root = state_root()
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return ""
    for name in names:
        about = json_of(StateFolder(f"{root}/{name}").about)
        if about.get("file") == file:
            return f"{root}/{name}"
    return ""


def records(state: str) -> dict[str, dict[str, Any]]:
    """Process name → what was written down when it was applied."""
    try:
        entries = sorted(os.listdir(StateFolder(state).applied))
    except OSError:
        return {}
    read = [json_of(f"{state}/applied/{entry}") for entry in entries if entry.endswith(".json")]
    return {str(record["name"]): record for record in read if "name" in record}


def backup_warnings(state: str, now: float) -> list[str]:
    """What must be known of the backups, as English texts; nothing where the stack shall make none."""
    index, about = json_of(StateFolder(state).backup_index), json_of(StateFolder(state).backup_settings)
    return standing(index, about, now, os.path.exists)


def secrets_lost(state: str) -> bool:
    """True where services were given secrets and their file is not there: everything runs, nothing can be changed."""
    return bool(records(state)) and not os.path.exists(StateFolder(state).secrets)


def found(state: str) -> Found:
    """All that `operations.stack.status` judges by."""
    health = json_of(StateFolder(state).verdict)
    at, processes, elsewhere = health.get("at", 0.0), health.get("processes", {}), health.get("outside", {})
    known = records(state)
    return Found(
        records=known,
        conditions=_conditions(state),
        health=processes if isinstance(processes, dict) else {},
        outside=_outside(state),
        outside_health=elsewhere if isinstance(elsewhere, dict) else {},
        health_at=float(at) if isinstance(at, int | float) else 0.0,
        unreleased=_unreleased(state, known),
    )


def _unreleased(state: str, known: Mapping[str, Mapping[str, Any]]) -> bool:
    """True where the stack has an app that was never started; nothing is missed before anything was."""
    awaited = bool(known) and bool(json_of(StateFolder(state).about).get("app"))
    return awaited and not any(record.get("group") == "app" for record in known.values())


def _outside(state: str) -> dict[str, dict[str, Any]]:
    """The tools elsewhere that the agent was told of."""
    listed = json_of(StateFolder(state).tools).get("records")
    return {str(one["name"]): one for one in listed or () if isinstance(one, dict) and "name" in one}


def addresses(known: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What a person opens: name → URL; the app first, then the panel, then its tools."""
    urls: dict[str, str] = {}
    first: dict[str, str] = {}
    for name, record in known.items():
        address = str(record.get("address", ""))
        if address.startswith(("http://", "https://")):
            urls[str(record.get("ring") or ("app" if record.get("group") == "gateway" else name))] = address
    first.update((name, urls[name]) for name in ("app", "panel") if name in urls)
    return {**first, **{name: url for name, url in sorted(urls.items()) if name not in first}}


def identities(known: Mapping[str, Mapping[str, Any]]) -> list[Identity]:
    """Who the processes of these records are."""
    return [identity_of(record) for record in known.values()]


def services(known: Sequence[Identity], wanted: Iterable[str]) -> tuple[str, ...]:
    """The processes that these words mean; raises StackError naming the nearest for one that means none."""
    picked, unknown = meant(known, wanted)
    if not unknown:
        return picked
    raise _unknown(unknown, service_names(known))


def service_names(known: Iterable[Identity]) -> list[str]:
    """The words that a person uses, each once."""
    return list(dict.fromkeys(one.service for one in known))


def _unknown(name: str, short: Sequence[str]) -> StackError:
    """The error for a word that means no process: with the one of the same role, or the nearest."""
    if not short:
        return StackError(
            _("There is no service “{name}”").format(name=name),
            _("Nothing is applied yet."),
            _("Run “founder up” first."),
            exit_code=EXIT_PRECONDITION,
        )
    near = _nearest(name, short)
    return StackError(
        _("There is no service “{name}”").format(name=name),
        _("This stack has: {names}.").format(names=", ".join(short)),
        _("Did you mean “{name}”?").format(name=near) if near else _("Choose one of them."),
        exit_code=EXIT_USAGE,
    )


def _nearest(name: str, short: Sequence[str]) -> str:
    """What fills the role that is named, or that the named component would fill; else what is written alike."""
    from difflib import get_close_matches

    from founderstack.catalogue import COMPONENTS

    role = COMPONENTS[name].role if name in COMPONENTS else name
    same = [one for one in short if one in COMPONENTS and COMPONENTS[one].role == role]
    return next(iter(same or get_close_matches(name, short, n=1)), "")


def _conditions(state: str) -> Mapping[str, str]:
    try:
        return quick.conditions(state)
    except TimeoutError:
        from founderstack.runtimes.host.supervisor import silent

        raise silent() from None


def json_of(path: str) -> dict[str, Any]:
    """The object in a file; nothing where there is none or it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _language(file: str) -> str:
    """The language that the top of a stack file asks for; whether it is one of ours is for `check` to say."""
    try:
        with open(file, encoding="utf-8") as opened:
            for line in opened:
                key, _sign, value = line.partition("=")
                if line.startswith("["):
                    break
                if key.strip() == "language":
                    asked = value.strip().strip("\"'")[:2]
                    return asked if asked in locale.LANGUAGES else ""
    except (OSError, ValueError):
        return ""
    return ""
