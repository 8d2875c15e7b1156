"""What stands on paper about backups: where they are, the key, and how to come back from nothing. Pure."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import quote
from typing import Any

from founderstack.locale import _, number
from founderstack.model.component import Credential
from founderstack.model.words import Archive
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site
from founderstack.planner.backups.schedule import ahead

KEY = "backup.identity"
AWAY_SECRETS = ("backup.s3_key", "backup.s3_secret")
_AUTHORITY_BYTES = 8192
"""A file that is longer is a collection of authorities, which any machine has."""


@dataclass(frozen=True)
class Entry:
    """One line of a section: what it is about, and a text or a command to type."""

    label: str
    text: str = ""
    command: str = ""


def backups_on_paper(site: Site, prepared: Prepared, *, with_secrets: bool) -> Iterator[Entry]:
    """Everything that is needed on the day on which this machine is gone, and nothing else is at hand."""
    part = site.stack.parts.get("backup")
    if part is None:
        yield Entry(_("Today"), _("No backups are made: the stack file says so. A copy that you make is the only one."))
        yield from _by_hand(site, prepared)
        return
    folder = part.settings.folder or site.places.files.backups
    away = _address(part.settings)
    yield Entry(_("On this machine"), folder)
    yield Entry(
        _("Elsewhere"),
        away or _("NOWHERE. If this machine is lost, so are its backups. docs/backups.md shows how to name a place."),
    )
    yield from _key(site, away, with_secrets=with_secrets)
    yield _lost(site, prepared)
    yield from _measured(site)
    yield Entry(
        _("Without this tool"),
        _(
            "A set is a folder of files that Debian's “age” opens; KEY is a file with the key. As root where "
            "Debian's PostgreSQL runs:"
        ),
        "runuser -u postgres -- createdb DATABASE && "
        "age -d -i KEY database/app.dump.age | runuser -u postgres -- pg_restore --no-owner -d DATABASE",
    )
    yield Entry(_("Are they good?"), _("Each is proven by restoring it."), "founder backups; founder backup prove")


def _key(site: Site, away: str, *, with_secrets: bool) -> Iterator[Entry]:
    """The key must not live only inside what it opens."""
    if not with_secrets:
        yield Entry(
            _("The key"),
            _("Without it nobody can open a backup. It must be on paper:"),
            f"founder secrets show {KEY}",
        )
        return
    names = [KEY, *(AWAY_SECRETS if away else ())]
    known = site.secrets.names()
    for name in names:
        if name in known:
            yield Entry(_("The key") if name == KEY else name, " ".join(site.secrets.get(name).split()))


def authority(site: Site, path: str) -> Iterator[Entry]:
    """A place with an authority of its own cannot be reached without it, and its file goes with the machine."""
    content = site.disk.read(path) if path else None
    if content is not None and len(content) <= _AUTHORITY_BYTES:
        yield Entry(
            _("The authority of that place"),
            _("A rebuild needs its file; on a new machine this writes it."),
            f"echo {b64encode(content.encode()).decode()} | base64 -d | install -D -m 644 /dev/stdin {quote(path)}",
        )
    elif path:
        yield Entry(_("The authority of that place"), _("A rebuild needs this file: keep a copy of it."), path)


def _lost(site: Site, prepared: Prepared) -> Entry:
    """How much is not there afterwards."""
    what = _("What is lost then")
    if prepared.resolved.views["database"].find(Archive) is None:
        return Entry(what, _("What came after the newest backup; when they are made:"), "founder backups")
    return Entry(
        what,
        _("Up to 60 s, where this follows at once, on the same version of PostgreSQL, before anybody writes."),
        f"founder restore --whole-server --yes --confirm {site.stack.name}",
    )


def _measured(site: Site) -> Iterator[Entry]:
    """How old the newest set was and how long the newest drill took: what was measured, and no promise."""
    known = _known(site)
    now = site.clock.now()
    if known.get("newest"):
        text = _("When this was printed, the newest backup was {hours} h old.")
        yield Entry(_("How much that was"), text.format(hours=number(max(now - known["newest"], 0.0) / 3600, 1)))
    name = _("How long it takes")
    drills = [one["proven"] for one in known.get("sets") or () if one.get("proven") and one["proven"]["ok"]]
    newest = max((one for one in drills if not ahead(one["at"], now)), key=lambda one: one["at"], default=None)
    if newest is None:
        yield Entry(name, _("Nobody has measured it yet:"), "founder backup prove")
        return
    text = _("On {day} a drill had the databases back in {seconds} s. Packages and the app's build come on top.")
    yield Entry(
        name, text.format(day=f"{datetime.fromtimestamp(newest['at'], UTC):%Y-%m-%d}", seconds=newest["seconds"])
    )


def _known(site: Site) -> dict[str, Any]:
    """The list of backups that the last command has left for the agent."""
    try:
        found = json.loads(site.disk.read(site.places.files.backup_index) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def place_of(site: Site) -> str:
    """Where the backups are, as `founder rebuild --from` takes it."""
    settings = site.stack.parts["backup"].settings
    return _from(settings) or quote(settings.folder or site.places.files.backups)


def _address(settings: Any) -> str:
    found = _from(settings)
    return f"{found.partition(' ')[0]} ({settings.s3_endpoint})" if found else ""


def _from(settings: Any) -> str:
    """The bucket as `founder rebuild` takes it, "" where there is none."""
    if not settings.s3_bucket:
        return ""
    prefix = f"/{settings.s3_prefix}" if settings.s3_prefix else ""
    region = f" --region {settings.s3_region}" if settings.s3_region != "us-east-1" else ""
    authority = f" --ca {settings.s3_ca}" if settings.s3_ca else ""
    return f"s3://{settings.s3_bucket}{prefix} --endpoint {settings.s3_endpoint}{region}{authority}"


def _by_hand(site: Site, prepared: Prepared) -> Iterator[Entry]:
    view = prepared.resolved.views["database"]
    dump = _dump(prepared.resolved.components["database"].credentials(view))
    if dump is not None:
        yield Entry(
            _("The database, while it runs"),
            _("It asks for the password: founder secrets show {name}").format(name=dump.secret),
            f"{dump.command.replace('psql ', 'pg_dump -Fc ', 1)} > {site.stack.name}.dump",
        )
    yield Entry(
        _("Everything, while it is stopped"),
        _("Secrets are in it: keep it where only you can read it."),
        f"founder down && sudo tar -C / -czpf {site.stack.name}.tgz {site.places.state.lstrip('/')}"
        f" {site.stack.file.lstrip('/')} {site.stack.folder.lstrip('/')}/founder.lock && founder up",
    )
    yield Entry(
        _("Bring it back"),
        _("On this same machine, while nothing runs; on another one, restore the dump of the database."),
        f"sudo tar -C / -xzpf {site.stack.name}.tgz && founder up",
    )


def _dump(credentials: tuple[Credential, ...]) -> Credential | None:
    """The sign-in that a dump is taken with: the app's, which owns all that the app has written."""
    return next((credential for credential in credentials if credential.command), None)
