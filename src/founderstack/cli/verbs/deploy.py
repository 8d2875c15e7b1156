"""`founder deploy`: serve the app as its source is now, without a failed request."""

from __future__ import annotations

import sys
from functools import partial

from founderstack import wiring
from founderstack.cli.stack.changes import Approve, carry_out, report
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.manner import Manner, manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.cli.terminal.waiting_text import document, lines, nothing
from founderstack.model.errors import EXIT_OK
from founderstack.model.protocols import Emit
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import deploy
from founderstack.operations.stack.waiting import Waiting, waiting
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("deploy", yes=True, example="founder deploy --preview\nfounder deploy --ref v1.4")
    options.add_argument(
        "--ref", default="", metavar=_("REF"), help=_("a git commit, branch or tag instead of the working tree")
    )
    options.add_argument("--force", action="store_true", help=_("build and start it anew though nothing is new"))
    options.add_argument("--preview", action="store_true", help=_("say what is new, and change nothing"))
    options.add_argument("--json", action="store_true", help=_("with --preview: for machines"))
    return options


def run(arguments: list[str]) -> int:
    """Build, migrate, start the new instances, switch, let the old ones finish; nothing where nothing is new."""
    options = usage()
    given = options.parse_args(arguments)
    options.only_with(given, "--preview", "--json")
    options.apart(given, "--preview", "--force")
    manner = manner_of(given)
    site = wiring.open_site(find_stack_file(given.file))
    found = waiting(site, given.ref)
    if given.preview:
        return _preview(found, as_json=given.json)
    if found.nothing and not given.force:
        return _nothing(found, manner)
    if not manner.events:
        print("\n".join(lines(found)), file=sys.stderr)
    prepared, took = carry_out(site, partial(_deploy, given.ref, given.force), manner)
    return report(site, prepared, took, manner)


def _preview(found: Waiting, *, as_json: bool) -> int:
    print(document(found) if as_json else "\n".join([nothing(found)] if found.nothing else lines(found)))
    return EXIT_OK


def _nothing(found: Waiting, manner: Manner) -> int:
    if manner.events:
        return tell_result({"steps": 0, "nothing": nothing(found)})
    print(nothing(found))
    print("  " + _("To build and start it anew all the same: founder deploy --force"))
    return EXIT_OK


def _deploy(ref: str, force: bool, site: Site, approve: Approve, emit: Emit) -> Prepared:
    return deploy(site, ref, approve, emit, force=force)
