"""Redis: cache and sessions."""

from __future__ import annotations

from founderstack.catalogue import _keyvalue
from founderstack.locale import N_
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Port

_PROGRAM = "/usr/bin/redis-server"

COMPONENT = Component(
    name="redis",
    summary=N_("Redis, cache and sessions"),
    role="cache",
    optional=True,
    rank=1,
    phase=1,
    backup=NoBackup("it is a cache: keys make room for others, and what was in it is made anew"),
    settings=_keyvalue.CacheSettings,
    processes=lambda view: _keyvalue.processes(view, "redis", "Redis", _PROGRAM),
    tasks=lambda view: _keyvalue.tasks("redis", N_("Redis from the distribution"), ("redis-server",), _PROGRAM),
    ram_mib=15,
    systems=(),
    alternatives=("valkey",),
    replaces=("Upstash", "ElastiCache"),
    ports=(Port("redis", 6379, "Redis", setting="port"),),
    secrets=_keyvalue.SECRETS,
    credentials=_keyvalue.credentials,
    provides=_keyvalue.PROVIDES,
    ready_after=("",),
)
