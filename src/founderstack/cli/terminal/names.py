"""Services as a person names them: a process, or a component for all of its processes."""

from __future__ import annotations

from collections.abc import Iterable

from founderstack.cli.glance import unknown_service
from founderstack.operations.stack.site import Site


def known(site: Site, wanted: Iterable[str]) -> list[str]:
    """Names of the applied processes that are meant; raises StackError with the nearest name for an unknown one."""
    processes = site.runtime.observe().processes
    return matching({name: instance.ring or name for name, instance in processes.items()}, wanted)


def matching(groups: dict[str, str], wanted: Iterable[str]) -> list[str]:
    """Names out of `groups` (name → what else it is called) that `wanted` means; all of them when it is empty."""
    found: list[str] = []
    asked = list(wanted)
    for word in asked:
        meant = [name for name, group in groups.items() if word in (name, group)]
        if not meant:
            raise unknown_service(word, groups.values())
        found.extend(name for name in meant if name not in found)
    return found if asked else list(groups)
