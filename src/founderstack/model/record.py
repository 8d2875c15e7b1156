"""What is written down of an applied process, `applied/NAME.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from founderstack.model import version_0_1
from founderstack.model.identity import Identity


def identity_of(values: Mapping[str, Any]) -> Identity:
    """Who the process of a record is."""
    if "family" not in values and values.get("ring"):
        return version_0_1.named(str(values["name"]))
    return Identity(
        name=str(values["name"]),
        family=str(values.get("family") or values["name"]),
        generation=str(values.get("generation") or ""),
        component=str(values.get("component") or ""),
        ring=str(values.get("ring") or ""),
        number=int(values.get("number") or 0),
        release=str(values.get("version") or ""),
    )
