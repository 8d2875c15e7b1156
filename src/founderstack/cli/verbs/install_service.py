"""`founder install-service`: the stack comes back when the machine boots."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.runtimes.host import systemd_unit
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("install-service", example="sudo ./founder install-service")
    options.add_argument("--remove", action="store_true", help=_("no longer start at boot"))
    return options


def run(arguments: list[str]) -> int:
    """Install the systemd unit, or take it away."""
    options = usage()
    given = options.parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    if given.remove:
        gone = systemd_unit.remove(site.runtime, root=site.machine.root)
        print(_("It no longer starts at boot.") if gone else _("It did not start at boot; nothing to remove."))
        return EXIT_OK
    path = systemd_unit.install(site.runtime, root=site.machine.root)
    print(_("It starts at boot: {path}").format(path=path))
    if not systemd_unit.systemd_runs():
        print(
            _("systemd does not run here; enable it there with: systemctl enable founder-{name}").format(
                name=site.stack.name
            )
        )
    return EXIT_OK
