"""What waits to be deployed: the source as it is now, against the release that serves. Touches nothing."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.model.source import Difference
from founderstack.model.stack import Release
from founderstack.operations.stack.prepare import app_path, new_release
from founderstack.operations.stack.site import Site


@dataclass(frozen=True)
class Waiting:
    """What a deploy would bring."""

    current: Release | None
    """What serves; None before the first release."""
    new: Release
    difference: Difference | None
    """None where there is nothing to compare, or nobody who can."""

    @property
    def nothing(self) -> bool:
        """True where the release that serves was made of the very same."""
        return self.current is not None and self.current.digest == self.new.digest


def waiting(site: Site, ref: str) -> Waiting:
    """What a deploy of the folder, or of a git ref, would bring now; raises StackError where it cannot be."""
    new, current = new_release(site, ref), site.releases.current()
    before = (current.revision.commit or current.ref) if current else ""
    return Waiting(current, new, site.source.difference(app_path(site), before, new.ref))
