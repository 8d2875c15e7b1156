"""What somebody types on a bare machine, in order, who has the page of `founder kit` and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from founderstack.locale import _
from founderstack.model.tool import Tool
from founderstack.model.words import Archive
from founderstack.operations.backups.paper import Entry, authority, place_of
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site

_NEEDED = "apt-get update && apt-get install -y git python3 python3-venv ca-certificates"
_COPY = "founder-stack.tgz"


def from_nothing(site: Site, prepared: Prepared, tool: Tool) -> Iterator[Entry]:
    """The steps, for a stack that makes backups; nothing for one that makes none."""
    part = site.stack.parts.get("backup")
    if part is None:
        return
    yield Entry(_("It ran on"), _ran_on(site, tool))
    yield Entry(_("1. As root (sudo -i), on a new Debian or Ubuntu"), command=_NEEDED)
    yield from _the_tool(tool)
    away = bool(part.settings.s3_bucket)
    if away:
        yield from authority(site, part.settings.s3_ca)
    else:
        yield Entry(
            _("3. The backups"),
            _(
                "They lie on the old machine's disk alone. Bring this folder of it to the same place here: {folder}"
            ).format(folder=place_of(site)),
        )
    asks = _("It asks for the key of the backups and for both keys of the bucket; see below. Then answer y.")
    yield Entry(
        _("4. Everything back"),
        asks if away else _("It asks for the key of the backups; see below. Then answer y."),
        f"./founder rebuild --from {place_of(site)}",
    )
    yield from _afterwards(site, prepared)


def _the_tool(tool: Tool) -> Iterator[Entry]:
    name = _("2. This tool, version {version}").format(version=tool.version)
    if tool.address:
        at = f" && git checkout {tool.commit}" if tool.commit else ""
        text = _("Where a private repository asks who you are: a token of yours there.")
        yield Entry(name, text, f"git clone {quote(tool.address)} founder-stack && cd founder-stack{at}")
    if tool.address and not tool.changed:
        return
    folder = quote(tool.folder.lstrip("/"))
    why = _("Somebody has changed it here since: keep a copy where the backups are. Today:")
    yield Entry(
        _("2. Or a copy of it") if tool.address else name,
        why if tool.address else _("No address of it is known: keep a copy where the backups are. Today:"),
        f"tar -C / --exclude='.venv*' --exclude=node_modules -czf {_COPY} {folder}",
    )
    yield Entry(_("On the new machine"), command=f"tar -C / -xzf {_COPY} && cd {quote(tool.folder)}")


def _afterwards(site: Site, prepared: Prepared) -> Iterator[Entry]:
    if prepared.resolved.views["database"].find(Archive) is not None:
        yield Entry(
            _("5. What was committed after that backup"),
            _("At once, on the same version of PostgreSQL, before anybody writes."),
            f"cd {site.stack.name} && ../founder restore --whole-server --yes --confirm {site.stack.name}; cd ..",
        )
    if site.stack.domain:
        text = _("Let {domain} lead to the new machine, where your domain's records are kept.")
        yield Entry(_("6. The name"), text.format(domain=site.stack.domain))
    yield Entry(_("Does it serve?"), _("From now on the command is run in this folder."), _look(site))


def _look(site: Site) -> str:
    return f"cd {site.stack.name} && ../founder status"


def _ran_on(site: Site, tool: Tool) -> str:
    machine = site.machine
    name, _colon, version = machine.os.partition(":")
    text = _("{os}, {ram} MiB of memory, processors: {cores}, as {user}; the stack is called {name}.")
    return text.format(
        os=f"{name.capitalize()} {version}",
        ram=machine.ram_mib,
        cores=machine.cores,
        user=machine.user,
        name=site.stack.name,
    )
