"""The engines by the name of the component that stands for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from founderstack.backups.pgbackrest import engine, recovery
from founderstack.backups.pgbackrest.drill import PhysicalDrill
from founderstack.backups.pgbackrest.point_in_time import PgBackRestMoments
from founderstack.backups.postgres.dump import Dump
from founderstack.backups.vault import Vault
from founderstack.model.component import View
from founderstack.model.point_in_time import PointInTime
from founderstack.model.protocols import Clock, Engine, Server
from founderstack.model.words import Database


@dataclass(frozen=True)
class EngineInputs:
    """What an engine can be made from."""

    view: View
    """The view of its component: settings, places, choices."""
    secret: Callable[[str], str]
    """The value of a secret."""
    clock: Clock


ENGINES: Mapping[str, Callable[[EngineInputs], Engine]] = {
    "dump": lambda making: Dump(),
    "pgbackrest": lambda making: engine.made(making.view, making.clock),
}


def engine_of(component: str, making: EngineInputs) -> Engine:
    """The engine that a component stands for."""
    return ENGINES[component](making)


MomentsOf = Callable[[EngineInputs, Vault, Server], PointInTime]
MOMENTS: Mapping[str, MomentsOf] = {
    "pgbackrest": lambda making, vault, server: PgBackRestMoments(
        repository=engine.repository_of(making.view),
        vault=vault,
        server=server,
        data=making.view.one(Database).folder,
        major=making.view.choices.versions[making.view.providers["database"]],
        clock=making.clock,
    )
}
"""What can go back to any moment, by the name of the component as well."""

PhysicalOf = Callable[[EngineInputs, Server], PhysicalDrill]
PHYSICAL: Mapping[str, PhysicalOf] = {
    "pgbackrest": lambda making, server: PhysicalDrill(
        engine.repository_of(making.view),
        recovery.RecoverySite(
            server.binaries,
            server.user,
            f"{making.view.places.data(making.view.one(Database).account)}/drill",
            making.clock,
            running=making.view.one(Database).folder,
        ),
    )
}
"""How to prove what an engine keeps in a repository of its own, by the name of the component as well."""
