"""Roles of a set: as they were on a new server, as nothing but owners on one that is used."""

from __future__ import annotations

import re

from founderstack.backups.postgres import role_script, settings
from founderstack.backups.postgres.databases import damaged
from founderstack.backups.postgres.session import ask, quoted
from founderstack.backups.sets.set_store import OpenSet
from founderstack.model.protocols import Server
from founderstack.world.net import throwaway_roles


def make_roles(server: Server, opened: OpenSet, former: str) -> tuple[str, ...]:
    """Make the roles that are missing on a server that is used, as nothing but owners: their names; safe to repeat.

    Whoever was removed since must not sign in again because somebody looks at a copy of back then: they get no
    password and may do nothing. Roles that are there stay as they are. Those matching `former` are the app's sign-ins
    with earlier passwords: made like the others, and not named.
    """
    there = set(ask(server, "postgres", "SELECT rolname FROM pg_roles"))
    missing = [name for name in _made(opened) if name not in there]
    ask(server, "postgres", "BEGIN", *map(_owner_alone, missing), "COMMIT")
    return tuple(name for name in missing if not (former and re.fullmatch(former, name)))


def restore_roles(server: Server, opened: OpenSet, former: str = "") -> tuple[str, ...]:
    """Make the roles of a new server, with their passwords, and every membership and setting; safe to repeat.

    A role that is there already keeps its password and what it may: what its stack gave it since is not taken back.
    Missing ones that match `former`, the app's sign-ins with earlier passwords, may own what the app has made as one of
    them: they are made as nothing but owners. What is set for them and this server refuses, in words.
    """
    there, refused = set(ask(server, "postgres", "SELECT rolname FROM pg_roles")), list[str]()
    for file in opened.manifest.of_kind("globals"):
        try:
            text, passing = opened.paper(file).decode(), _passing(former)
            script = role_script.missing_only(text, there, passing)
            wanted = tuple(role_script.settings(text, there, passing))
        except ValueError:
            raise damaged(file.name) from None
        owners = [name for name in _made(opened) if former and re.fullmatch(former, name) and name not in there]
        # Passwords are in it.
        ask(server, "postgres", settings.QUIET, "BEGIN", *map(_owner_alone, owners), *script, "COMMIT")
        refused += settings.give(server, wanted)
    return tuple(refused)


def _made(opened: OpenSet) -> list[str]:
    """Roles that a set makes, without throw-away ones."""
    names: list[str] = []
    for file in opened.manifest.of_kind("globals"):
        try:
            names += role_script.made(opened.paper(file).decode())
        except ValueError:
            raise damaged(file.name) from None
    return [name for name in names if not re.fullmatch(throwaway_roles.PATTERN, name)]


def _owner_alone(name: str) -> str:
    return f"CREATE ROLE {quoted(name)} NOLOGIN"


def _passing(former: str) -> str:
    return f"{former}|{throwaway_roles.PATTERN}" if former else throwaway_roles.PATTERN
