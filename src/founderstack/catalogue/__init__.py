"""The components, one self-contained file each. The first of a role that the machine can run is its default."""

from __future__ import annotations

from collections.abc import Mapping

from founderstack.catalogue import (
    agent,
    app,
    apprise,
    dump,
    nginx,
    panel,
    pgadmin,
    pgbackrest,
    postgres,
    redis,
    redis_commander,
    seaweedfs,
    valkey,
)
from founderstack.model.component import Component

COMPONENTS: Mapping[str, Component] = {
    module.COMPONENT.name: module.COMPONENT
    for module in (
        postgres,
        valkey,
        redis,
        seaweedfs,
        app,
        nginx,
        pgadmin,
        redis_commander,
        dump,
        pgbackrest,
        apprise,
        panel,
        agent,
    )
}
