"""What a person is shown of a process: its card, and the sign-ins that it offers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Credential:
    """A sign-in that the component offers: who, which secret, and how a person uses it."""

    name: str
    user: str
    secret: str
    """Name of the secret, `postgres.app`."""
    url: str = ""
    """Connection string with a secret reference, for the panel and the terminal."""
    command: str = ""
    """A command to copy, without the secret."""


@dataclass(frozen=True)
class Card:
    """What a person is shown of a process, in the terminal and on its tile in the panel."""

    title: str
    group: str
    summary: str = ""
    version: str = ""
    address: str = ""
    """Where it answers: `127.0.0.1:5432`, or the URL that a person opens."""
    path: str = ""
    """Path on the panel's origin that opens it with one click, or "" where it has no page there."""
    asks_first: bool = False
    """True where a restart cuts off whoever is in the middle of something, so that the panel asks before it."""
    stops: bool = True
    """False where stopping it would take away the page or the part that starts it again."""
    credentials: tuple[Credential, ...] = ()
    """Its component's sign-ins: on the card of the component's first process."""
