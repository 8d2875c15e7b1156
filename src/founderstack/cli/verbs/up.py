"""`founder up`: bring everything to what the stack file says."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.changes import carry_out, report
from founderstack.cli.first_run import offer_alerts, say_first_password
from founderstack.cli.options import parser
from founderstack.cli.render import plan_json
from founderstack.model.errors import EXIT_CHANGES_PENDING, EXIT_OK
from founderstack.operations.prepare import prepare
from founderstack.operations.up import up
from founderstack.world.stack_file import find_stack_file


def run(arguments: list[str]) -> int:
    """Plan, show, apply."""
    options = parser("up", yes=True, example="founder up --yes")
    options.add_argument("--check", action="store_true", help=_check_help())
    given = options.parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    if given.check:
        return EXIT_CHANGES_PENDING if plan_json(prepare(site).plan)["changes"] else EXIT_OK
    first = not site.secrets.exists()
    prepared, took = carry_out(site, up, yes=given.yes)
    code = report(site, prepared, took)
    if first:
        say_first_password(site, prepared)
        offer_alerts(site)
    return code


def _check_help() -> str:
    from founderstack.locale import _

    return _("change nothing; exit code 2 where something would change")
