"""What Redis and Valkey share: one protocol, one configuration, one folder of data.

Not a component. Both run as the account `cache` over the same data, so that one can take the other's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.component import Credential, View
from founderstack.model.process import secret
from founderstack.model.settings import setting

ACCOUNT = "cache"


@dataclass(frozen=True)
class CacheSettings:
    port: int = setting(0, least=0, most=65535)
    """TCP port on loopback; 0 takes 6379, or the next free one, and keeps it."""
    memory_mib: int = setting(256, least=16, most=1048576)
    """Memory for keys; when it is full, the least recently used ones make room (sessions stay in the database)."""


def processes(view: View, component: str, title: str, program: str) -> tuple[p.Process, ...]:
    """The server's process; `program` is the absolute path of its binary."""
    port = view.port("cache", "redis")
    etc, data = view.places.etc(component), view.places.data(ACCOUNT)
    return (
        p.Process(
            name=component,
            component=component,
            account=ACCOUNT,
            card=p.Card(title=title, group="data", summary=N_("Cache and sessions"), address=f"127.0.0.1:{port}"),
            argv=(program, f"{etc}/server.conf"),
            cwd=data,
            folders=(p.Folder(data),),
            files=(
                p.File(f"{etc}/server.conf", _configuration(view, port, etc, data)),
                p.File(f"{etc}/users.acl", _USERS),
            ),
            ready=p.Probe("redis", f"127.0.0.1:{port}", ask="PING", credential="probe:cache.probe", timeout_s=30),
            needs=(f"{component}/packages",),
            stop_wait_s=30,
        ),
    )


def tasks(component: str, summary: str, packages: tuple[str, ...], program: str) -> tuple[p.Task, ...]:
    """The installation of the server's packages."""
    return (
        p.Task(
            name=f"{component}/packages",
            component=component,
            summary=summary,
            action=p.Install(packages=packages, provides=(program,)),
        ),
    )


def offers(view: View) -> Mapping[str, str]:
    """The address that the app reaches the cache by."""
    return {"REDIS_URL": f"redis://app:{secret('cache.app', 'url')}@127.0.0.1:{view.port('cache', 'redis')}/0"}


def credentials(view: View) -> tuple[Credential, ...]:
    """The sign-in that people and the app use."""
    port = view.port("cache", "redis")
    return (
        Credential(
            name="Cache: app",
            user="app",
            secret="cache.app",
            url=offers(view)["REDIS_URL"],
            command=f"redis-cli -h 127.0.0.1 -p {port} --user app --askpass",
        ),
    )


SECRETS = ("cache.app", "cache.probe")


def _configuration(view: View, port: int, etc: str, data: str) -> str:
    return f"""\
bind 127.0.0.1
port {port}
protected-mode yes
dir {data}
aclfile {etc}/users.acl
daemonize no
supervised no
databases 16
maxmemory {view.settings.memory_mib}mb
maxmemory-policy allkeys-lru
appendonly yes
appendfsync everysec
save 900 1
save 300 100
tcp-keepalive 60
"""


# The application may use keys and scripts, not change the server; INFO and CONFIG|GET are what clients ask on connect.
_USERS = f"""\
user default off
user app on #{secret("cache.app", "sha256")} ~* &* +@all -@admin -@dangerous +info +keys +flushdb +client|info
user probe on #{secret("cache.probe", "sha256")} resetkeys resetchannels -@all +ping +info
"""
