"""Redis Commander: look into the cache, opened from the panel with one click."""

from __future__ import annotations

import json
from dataclasses import dataclass

from founderstack.catalogue import _node, _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import KeyValue, Route

_NAME = "redis-commander"
_MOUNT = "/tools/redis"
VERSION = "0.9.0"
_PACKAGES = f"{_NAME}-{VERSION}"
_PROGRAMS = ("server.cjs", "guard.cjs", "hidden.cjs")
_SECRET = "redis-commander.gateway"


@dataclass(frozen=True)
class RedisCommanderSettings:
    memory_limit_mib: int = setting(0, least=0, most=1048576)
    """Memory that it may take before it is started again; 0 sets no limit."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    etc = places.etc(_NAME)
    return (
        p.Process(
            name=_NAME,
            component=_NAME,
            card=p.Card(
                title=N_("Redis Commander"),
                group="tools",
                summary=N_("Look into the cache"),
                version=VERSION,
                address=f"{view.panel_url}{_MOUNT}/",
                path=f"{_MOUNT}/",
            ),
            # A small young generation: it is used by one person, and Node would keep three times as much at rest.
            argv=(f"{places.node(_node.VERSION)}/bin/node", "--max-semi-space-size=2", f"{etc}/server.cjs"),
            cwd=places.run(_NAME),
            env=(("FOUNDER_REDIS_COMMANDER_SETTINGS", f"{etc}/settings.json"), ("NODE_ENV", "production")),
            folders=(p.Folder(places.run(_NAME), enter=view.providers["gateway"]),),
            files=(
                *(p.File(f"{etc}/{name}", _packaged.text("redis_commander_files", name)) for name in _PROGRAMS),
                p.File(f"{etc}/settings.json", _settings(view)),
            ),
            # Through the guard, as the gateway comes for an admin: Redis Commander itself answers.
            ready=p.Probe("http", _socket(view), ask=f"{_MOUNT}/connections", timeout_s=60, headers=_AS_THE_GATEWAY),
            needs=("redis-commander/packages", *view.wait_for("cache")),
            stop_wait_s=5,
            interrupts=False,
            memory_limit_mib=view.settings.memory_limit_mib,
        ),
    )


_AS_THE_GATEWAY = (
    ("X-Founder-Gateway", secret(_SECRET)),
    ("X-Founder-User", "probe"),
    ("X-Founder-Session", "founder-health-probe"),
    ("X-Founder-Role", "admin"),
)


def tasks(view: View) -> tuple[p.Task, ...]:
    return (
        _node.runtime(_NAME),
        p.Task(
            name="redis-commander/packages",
            component=_NAME,
            summary=N_("Redis Commander from npm"),
            action=p.NodePackages(_PACKAGES, pins=_NAME, node=_node.VERSION),
            needs=("redis-commander/node",),
        ),
    )


def routes(view: View) -> tuple[Route, ...]:
    return (Route("redis", f"{_MOUNT}/", _socket(view), secret(_SECRET)),)


def _socket(view: View) -> str:
    return view.places.socket(_NAME, "commander")


def _settings(view: View) -> str:
    cache, endpoint = view.one(KeyValue), view.endpoint("cache")
    return json.dumps(
        {
            "modules": view.places.node_packages(_PACKAGES),
            "mount": _MOUNT,
            "socket": _socket(view),
            "gateway_secret": secret(_SECRET, "json"),
            "hidden": list(cache.hidden),
            "redis": {
                "label": view.stack.name,
                "host": endpoint.host,
                "port": endpoint.port,
                "username": cache.viewer,
                "password": secret(cache.viewer_secret, "json"),
            },
        },
        indent=2,
    )


COMPONENT = Component(
    name=_NAME,
    summary=N_("Redis Commander, to look into the cache"),
    role="cache-admin",
    optional=True,
    follows="cache",
    phase=1,
    backup=NoBackup("holds no data: its files are rebuilt from the stack file"),
    settings=RedisCommanderSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=50,
    needs=("cache", "gateway", "panel"),
    replaces=("Upstash’s data browser", "RedisInsight"),
    secrets=(_SECRET,),
    provides=(Provides(Route, routes),),
    ready_after=("",),
)
