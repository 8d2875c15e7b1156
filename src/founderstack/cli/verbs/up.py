"""`founder up`: bring everything to what the stack file says."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.backups.offer_place import offer_place
from founderstack.cli.backups.reopening import opened_databases
from founderstack.cli.on_path import homes, offer_link
from founderstack.cli.stack.changes import carry_out, report
from founderstack.cli.stack.first_run import first_run, offer_alerts, say_first_password
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_CHANGES_PENDING, EXIT_OK
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.up import up
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("up", yes=True, example="founder up\nfounder up --check")
    options.add_argument(
        "--check", action="store_true", help=_("change nothing; exit code 2 where something would change")
    )
    options.add_argument(
        "--plan", default="", metavar=_("DIGEST"), help=_("only if this is still the plan (plan --json)")
    )
    return options


def run(arguments: list[str]) -> int:
    """Plan, show, apply."""
    options = usage()
    given = options.parse_args(arguments)
    options.apart(given, "--check", "--plan", "--events")
    site = wiring.open_site(find_stack_file(given.file))
    if given.check:
        return EXIT_CHANGES_PENDING if prepare(site).plan.steps else EXIT_OK
    manner = manner_of(given)
    with opened_databases(site), first_run(site) as first:
        prepared, took = carry_out(site, up, manner)
    code = report(site, prepared, took, manner)
    if first and not manner.events:
        say_first_password(site, prepared)
        offer_link(homes(root=site.machine.root), ask=not given.yes)
        offer_alerts(site)
        offer_place(site)
    return code
