"""`founder plan`: what would change, and why."""

from __future__ import annotations

import sys

from founderstack import wiring
from founderstack.cli.stack.changes import plan_document, warn_of_memory
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.plan_text import show_plan
from founderstack.cli.terminal.typed import _
from founderstack.locale import wire
from founderstack.model.errors import EXIT_CHANGES_PENDING, EXIT_OK
from founderstack.operations.stack.converge import estimate
from founderstack.operations.stack.prepare import prepare
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    return parser("plan", as_json=True, example="founder plan --json")


def run(arguments: list[str]) -> int:
    """Decide and show; touches nothing."""
    given = usage().parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    prepared = prepare(site)
    plan = prepared.plan
    if given.json:
        print(wire.dumps(plan_document(prepared), ensure_ascii=False))
    elif not plan.steps:
        print(_("No changes ({count} services)").format(count=len(prepared.resolved.desired.processes)))
    else:
        typical = [site.history.typical_seconds(step.service_id) for step in plan.steps]
        show_plan(plan, prepared.resolved.desired, estimate(plan, typical), sys.stdout)
        warn_of_memory(site, prepared)
    return EXIT_CHANGES_PENDING if plan.steps else EXIT_OK
