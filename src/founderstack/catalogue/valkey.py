"""Valkey: cache and sessions."""

from __future__ import annotations

from founderstack.catalogue import _keyvalue
from founderstack.locale import N_
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Port

_PROGRAM = "/usr/bin/valkey-server"

COMPONENT = Component(
    name="valkey",
    summary=N_("Valkey, cache and sessions"),
    role="cache",
    optional=True,
    phase=1,
    backup=NoBackup("it is a cache: keys make room for others, and what was in it is made anew"),
    settings=_keyvalue.CacheSettings,
    processes=lambda view: _keyvalue.processes(view, "valkey", "Valkey", _PROGRAM),
    tasks=lambda view: _keyvalue.tasks("valkey", N_("Valkey from the distribution"), ("valkey-server",), _PROGRAM),
    ram_mib=15,
    systems=("debian:13", "ubuntu:24.04", "ubuntu:26.04"),
    alternatives=("redis",),
    replaces=("Upstash", "ElastiCache"),
    ports=(Port("redis", 6379, "Valkey", setting="port"),),
    secrets=_keyvalue.SECRETS,
    credentials=_keyvalue.credentials,
    provides=_keyvalue.PROVIDES,
    ready_after=("",),
)
