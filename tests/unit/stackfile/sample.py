"""Components made for these tests, so that the expected errors do not change with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Port
from founderstack.model.settings import setting
from founderstack.model.stack import Choices, Machine, Role, Stack
from founderstack.stackfile.check import check

FOLDER = "/home/ana/diary"
DEBIAN = Machine(os="debian:12", ram_mib=4096, cores=2, root=True, user="root")


@dataclass(frozen=True)
class StoreSettings:
    port: int = setting(0, least=0, most=65535)
    """Port."""
    memory_mib: int = setting(64, least=16, most=65536)
    durability: Literal["none", "second", "always"] = setting("second")


@dataclass(frozen=True)
class ValkeySettings(StoreSettings):
    io_threads: int = setting(1, least=1, most=16)


@dataclass(frozen=True)
class DatabaseSettings:
    port: int = setting(0, least=0, most=65535)
    max_connections: int = setting(100, least=10, most=1000)
    shared_buffers: str = setting("", pattern=r"[1-9][0-9]{0,5}(kB|MB|GB)", example="256MB")
    extensions: tuple[str, ...] = setting((), pattern=r"[a-z][a-z0-9_]*", example="pg_trgm")


@dataclass(frozen=True)
class AppSettings:
    path: str = setting("app", pattern=r"[^/\s][^\s]*", example="web")
    start: str = setting("npm start")
    replicas: int = setting(2, least=1, most=12)
    migrate: bool = setting(True)
    env: Mapping[str, str] = setting({}, pattern=r"[A-Za-z_][A-Za-z0-9_]*", example="NODE_OPTIONS")


@dataclass(frozen=True)
class GatewaySettings:
    https_port: int = setting(0, least=0, most=65535)
    http_port: int = setting(0, least=0, most=65535)
    upload_mib: int = setting(25, least=1)
    retries: int = setting(1, most=9)


@dataclass(frozen=True)
class NoSettings:
    """Nothing to choose."""


def component(name: str, role: Role, settings: type, **more: Any) -> Component:
    """A component that starts nothing."""
    return Component(
        name=name,
        summary=name,
        role=role,
        phase=1,
        backup=NoBackup("made for a test"),
        settings=settings,
        processes=lambda view: (),
        ram_mib=1,
        **more,
    )


_SQL = Port("sql", 5432, "SQL", setting="port")
_STORE = Port("store", 6379, "Store", setting="port")
_HTTPS = Port("https", 443, "HTTPS", public=True, setting="https_port")
_WITH_VALKEY = ("debian:13", "ubuntu:24.04")
_HTTP = Port("http", 80, "HTTP", public=True, setting="http_port")

COMPONENTS: Mapping[str, Component] = {
    made.name: made
    for made in (
        component("postgres", "database", DatabaseSettings, ports=(_SQL,)),
        component(
            "valkey", "cache", ValkeySettings, optional=True, ports=(_STORE,), systems=("debian:13", "ubuntu:24.04")
        ),
        component("redis", "cache", StoreSettings, optional=True, ports=(_STORE,)),
        component("web", "app", AppSettings, optional=True, needs=("database",), uses=("cache",)),
        component("nginx", "gateway", GatewaySettings, ports=(_HTTPS, _HTTP), needs=("panel",)),
        component("pgadmin", "database-admin", NoSettings, optional=True, needs=("database", "cache")),
        component("dump", "backup", NoSettings, optional=True),
        component("browser", "cache-admin", NoSettings, optional=True, follows="cache", needs=("cache",)),
        component("panel", "panel", NoSettings),
    )
}


@dataclass(frozen=True)
class Given:
    """What a stack file is checked against, with the usual answers."""

    components: Mapping[str, Component] = field(default_factory=lambda: COMPONENTS)
    machine: Machine = DEBIAN
    choices: Choices = field(default_factory=Choices)
    folder: str = FOLDER
    folders: tuple[str, ...] = (f"{FOLDER}/app",)

    def check(self, content: bytes | str) -> Stack:
        """The stack of a file with this content."""
        return check(
            content.encode() if isinstance(content, str) else content,
            file=f"{self.folder}/founder.toml",
            folder=self.folder,
            components=self.components,
            machine=self.machine,
            choices=self.choices,
            folder_exists=self.folders.__contains__,
        )
