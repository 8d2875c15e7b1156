"""Files that a component brings along and that are not Python of ours. Not a component."""

from __future__ import annotations

from importlib.resources import files


def text(folder: str, name: str) -> str:
    """A file below the catalogue, as it is packaged."""
    return files("founderstack.catalogue").joinpath(folder, name).read_text(encoding="utf-8")
