"""The sign-ins that the services offer, as they may be shown: where, who, how, and no secret. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from founderstack.agent.verbs import refused
from founderstack.agent.watching.records import Record
from founderstack.locale import _
from founderstack.model.card import Credential
from founderstack.model.process import secrets_in

MASK = "••••"


def shown(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Every sign-in with its secret masked."""
    return [_shown(record, credential) for record, credential in _each(records)]


def find(records: Mapping[str, Record], name: str) -> Credential:
    """The sign-in of this name; raises StackError where there is none."""
    for _record, credential in _each(records.values()):
        if credential.name == name:
            return credential
    raise refused(_("There is no such sign-in."))


def _each(records: Iterable[Record]) -> Iterator[tuple[Record, Credential]]:
    return ((record, credential) for record in records for credential in record.credentials)


def _shown(record: Record, credential: Credential) -> dict[str, Any]:
    masked = credential.url
    for reference, _name, _filter in secrets_in(credential.url):
        masked = masked.replace(reference, MASK)
    host, port = _place(masked)
    return {
        "name": credential.name,
        "process": record.name,
        "component": record.component,
        "host": host,
        "port": port,
        "user": credential.user,
        "url": masked,
        "command": credential.command,
        "secret": credential.secret,
        "rotates": bool(credential.secret),
    }


def _place(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None
