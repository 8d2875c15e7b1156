"""The app's source as the verbs see it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from founderstack.model.source import Difference, Revision
from founderstack.world.source import revisions, sources


class SourceFolder:
    """The app's source (an operations.stack.site.Source)."""

    def files(self, path: str) -> frozenset[str]:
        """Names of the files directly in a folder."""
        try:
            return frozenset(os.listdir(path))
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()

    def digest(self, path: str, ref: str, extra: Sequence[str]) -> str:
        """Content address of the source and of what else shapes a build."""
        return sources.source_digest(path, ref, extra)

    def commit(self, path: str, ref: str) -> str:
        """The full commit that a git ref names."""
        return sources.resolve_ref(path, ref)

    def revision(self, path: str, ref: str) -> Revision:
        """What Git says of a commit, or of the folder as it is."""
        return revisions.revision(path, ref)

    def difference(self, path: str, old: str, ref: str) -> Difference | None:
        """What a commit, or the folder as it is, has that the commit `old` has not."""
        return revisions.difference(path, old, ref)
