"""`founder deploy`: serve the app as its source is now, without a failed request."""

from __future__ import annotations

from functools import partial

from founderstack import wiring
from founderstack.cli.changes import Approve, Emit, carry_out, manner_of, report
from founderstack.cli.options import parser
from founderstack.locale import _
from founderstack.operations.prepare import Prepared
from founderstack.operations.site import Site
from founderstack.operations.up import deploy
from founderstack.world.stack_file import find_stack_file


def run(arguments: list[str]) -> int:
    """Build, migrate, start the new instances, switch, let the old ones finish."""
    options = parser("deploy", yes=True, example="founder deploy --ref v1.4")
    options.add_argument("--ref", default="", help=_("a git commit, branch or tag instead of the working tree"))
    given = options.parse_args(arguments)
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    prepared, took = carry_out(site, partial(_deploy, given.ref), manner)
    return report(site, prepared, took, manner)


def _deploy(ref: str, site: Site, approve: Approve, emit: Emit) -> Prepared:
    return deploy(site, ref, approve, emit)
