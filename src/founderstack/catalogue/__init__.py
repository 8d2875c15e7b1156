"""The components, one self-contained file each: every module here whose name does not begin with `_` holds one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from founderstack.model.component import Component

_READING_ORDER = (
    *("database", "cache", "storage", "app", "gateway", "database-admin", "cache-admin"),
    *("backup", "alerts", "panel", "agent"),
)
"""In which roles are shown and asked; those that are not named here follow."""


def _place(component: Component) -> tuple[int, str, int, str]:
    known = component.role in _READING_ORDER
    place = _READING_ORDER.index(component.role) if known else len(_READING_ORDER)
    return (place, component.role, component.rank, component.name)


def _components() -> Mapping[str, Component]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found: list[Component] = [import_module(f"{__name__}.{name}").COMPONENT for name in names]
    return {component.name: component for component in sorted(found, key=_place)}


COMPONENTS: Mapping[str, Component] = _components()
