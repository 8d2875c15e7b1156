"""One page to print: all that a person needs when the screen shows nothing useful. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.backup import Backup
from founderstack.model.tool import Tool
from founderstack.operations.backups.anew import from_nothing
from founderstack.operations.backups.paper import Entry, backups_on_paper
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site

Secret = Callable[[str], str]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    entries: tuple[Entry, ...]


def kit(site: Site, prepared: Prepared, tool: Tool, *, with_secrets: bool) -> tuple[Section, ...]:
    """The page for a stack as it is; the values of secrets are on it only where that is asked for."""
    return (
        Section(_("Addresses"), tuple(_addresses(site, prepared))),
        Section(_("Sign-ins"), tuple(_sign_ins(site, prepared, with_secrets=with_secrets))),
        Section(_("Trust the certificate"), tuple(_trust(site))),
        Section(_("Where things are"), tuple(_where(site, prepared))),
        Section(_("From nothing, on a bare machine"), tuple(from_nothing(site, prepared, tool))),
        Section(_("Backups"), tuple(backups_on_paper(site, prepared, with_secrets=with_secrets))),
        Section(_("On a bad day"), tuple(_bad_day(site))),
    )


def _addresses(site: Site, prepared: Prepared) -> Iterator[Entry]:
    view = prepared.resolved.views["gateway"]
    if "app" in prepared.resolved.components:
        yield Entry(_("App"), view.app_url)
    yield Entry(_("Panel"), view.panel_url)
    for process in prepared.resolved.desired.processes.values():
        if process.card.path:
            yield Entry(_(process.card.title), process.card.address)
    if not site.stack.domain:
        yield Entry(
            _("From elsewhere"),
            _("No domain is set: everything answers on this machine only ({name}).").format(name=site.machine.hostname),
        )


def _sign_ins(site: Site, prepared: Prepared, *, with_secrets: bool) -> Iterator[Entry]:
    for credential in prepared.resolved.credentials:
        name = credential.name.replace(": ", ", ")  # a colon stands between it and the user
        if with_secrets:
            yield Entry(name, f"{credential.user}  {site.secrets.get(credential.secret)}")
        else:
            yield Entry(name, credential.user, f"founder secrets show {credential.secret}")


def _trust(site: Site) -> Iterator[Entry]:
    authority = site.places.files.authority
    yield Entry(_("This stack's own authority"), authority)
    yield Entry(
        _("Debian, Ubuntu"),
        command=f"sudo cp {shlex.quote(authority)} /usr/local/share/ca-certificates/founder-{site.stack.name}.crt"
        " && sudo update-ca-certificates",
    )
    yield Entry("macOS", command="sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain ca.crt")
    yield Entry(_("Firefox, Chrome"), _("Import that file as an authority in the browser's settings."))


def _where(site: Site, prepared: Prepared) -> Iterator[Entry]:
    yield Entry(_("What is wanted"), site.stack.file)
    yield Entry(_("What was chosen"), f"{site.stack.folder}/founder.lock")
    yield Entry(_("All state"), site.places.state)
    yield Entry(_("Secrets"), site.places.files.secrets)
    used = {folder.path for process in prepared.resolved.desired.processes.values() for folder in process.folders}
    for part in site.stack.parts.values():
        declared, folder = site.components[part.component].backup, site.places.data(part.name)
        if isinstance(declared, Backup) and folder in used:
            yield Entry(f"{part.name}, {_(declared.what)}", folder)


def _bad_day(site: Site) -> Iterator[Entry]:
    yield Entry(_("What is wrong?"), command="founder status; founder doctor")
    yield Entry(_("What does it say?"), command="founder logs SERVICE -n 200")
    yield Entry(_("One service hangs"), command="founder restart SERVICE")
    yield Entry(_("Nothing runs, or the machine started anew"), command="founder up")
    yield Entry(_("Something was deleted or spoiled"), _("Brought back beside what runs."), "founder restore")
    yield Entry(_("The new release is bad"), command="founder rollback")
    yield Entry(
        _("The disk is full"),
        _("Make room, then bring it up; what was acknowledged is on the disk."),
        "df -h; sudo apt-get clean; sudo journalctl --vacuum-size=200M; founder up",
    )
    yield Entry(_("The panel's password is lost"), command="founder secrets rotate panel.admin")
    yield Entry(
        _("The secrets file is lost"),
        _("It comes back from the newest backup, with the key. Without that: founder secrets rotate --all"),
        "founder secrets restore",
    )
    yield Entry(_("Somebody saw a password"), command="founder secrets rotate NAME")
    yield Entry(_("Never"), _("“founder destroy” removes the data as well.") + f" ({site.places.state})")
