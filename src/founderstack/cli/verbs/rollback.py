"""`founder rollback`: serve an earlier release of the app again."""

from __future__ import annotations

from functools import partial

from founderstack import wiring
from founderstack.cli.stack.changes import Approve, carry_out, report
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.protocols import Emit
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import rollback
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("rollback", yes=True, example="founder rollback")
    options.description = " ".join(
        (
            _("Serve an earlier release of the app again, without building it anew."),
            _("Six releases are kept: the one that serves and five others."),
            _("The database stays as it is: a schema that a later release changed is not changed back."),
        )
    )
    options.add_argument(
        "number",
        nargs="?",
        metavar=_("NUMBER"),
        type=int,
        default=0,
        help=_("number of the release (default: the one before)"),
    )
    return options


def run(arguments: list[str]) -> int:
    """Go back to the release before, or to the one named."""
    options = usage()
    given = options.parse_args(arguments)
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    prepared, took = carry_out(site, partial(_rollback, given.number), manner)
    return report(site, prepared, took, manner)


def _rollback(number: int, site: Site, approve: Approve, emit: Emit) -> Prepared:
    return rollback(site, number, approve, emit)
