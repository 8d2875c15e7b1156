"""Services as a person names them, among the processes that were applied."""

from __future__ import annotations

from collections.abc import Iterable

from founderstack.cli.glance import services
from founderstack.operations.stack.site import Site


def known(site: Site, wanted: Iterable[str]) -> list[str]:
    """Names of the applied processes that are meant; raises StackError with the nearest name for an unknown one."""
    return list(services([instance.identity for instance in site.runtime.observe().processes.values()], wanted))
