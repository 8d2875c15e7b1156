"""What Redis and Valkey share: one protocol, one configuration, one folder of data.

Not a component. Both run as the account `cache` over the same data, so that one can take the other's place.
"""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.catalogue._hidden_keys import visible
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.component import Credential, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import Endpoint, KeyValue, Variables

ACCOUNT = "cache"
VIEWER = "founder"
"""The user that people's tools sign in with: may read what is not hidden, and change nothing."""

# Where sessions lie by default: this project's diary, connect-redis, Flask-Session, Better Auth, Django.
_SESSIONS = ("{stack}:diary:", "sess:", "session:", "better-auth:", ":1:django.contrib.sessions.cache")


_NEWER_DATA = tuple(
    p.Sign(
        words,
        N_("Another program, or a newer version of this one, has written {folder}; this one cannot read it."),
        N_(
            "Name the cache of before under [cache] in founder.toml: use = …; or, where what it holds may be lost, move"
            " the contents of {folder} elsewhere. Then run: founder up"
        ),
    )
    for words in ("Can't handle RDB format version", "Wrong signature trying to load DB")
)


@dataclass(frozen=True)
class CacheSettings:
    port: int = setting(0, least=0, most=65535)
    """TCP port on loopback; 0 takes 6379, or the next free one, and keeps it."""
    memory_mib: int = setting(256, least=16, most=1048576)
    """Memory for keys; when it is full, the least recently used ones make room (sessions stay in the database)."""
    hidden: tuple[str, ...] = setting(_SESSIONS, pattern=r"[A-Za-z0-9:._@/{}-]{1,64}")
    """Beginnings of the keys that people's tools do not show, sessions above all; `{stack}` is the stack's name."""


def processes(view: View, component: str, title: str, program: str) -> tuple[p.Process, ...]:
    """The server's process; `program` is the absolute path of its binary."""
    etc, data = view.places.etc(component), view.places.data(ACCOUNT)
    endpoint = view.endpoint("cache")
    return (
        p.Process(
            name=component,
            component=component,
            account=ACCOUNT,
            card=p.Card(title=title, group="data", summary=N_("Cache and sessions"), address=endpoint.address),
            argv=(program, f"{etc}/server.conf"),
            cwd=data,
            folders=(p.Folder(data), p.Folder(view.places.run(ACCOUNT), enter="app")),
            sockets=(endpoint.socket,),
            files=(
                p.File(f"{etc}/server.conf", _configuration(view, endpoint, etc, data)),
                p.File(f"{etc}/users.acl", _users(view)),
            ),
            ready=p.Probe("redis", endpoint.socket, ask="PING", credential="probe:cache.probe", timeout_s=30),
            needs=(f"{component}/packages",),
            stop_wait_s=30,
            signs=_NEWER_DATA,
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


def endpoints(view: View) -> tuple[Endpoint, ...]:
    """Its port, and the socket, which nobody else can take while it is down."""
    return (Endpoint("cache", "direct", view.host, view.port("redis"), view.places.socket(ACCOUNT)),)


def variables(view: View) -> tuple[Variables, ...]:
    """How the app reaches the cache."""
    endpoint = view.endpoint("cache")
    return (Variables({"REDIS_URL": _url(endpoint, "app"), "REDIS_SOCKET": endpoint.socket}),)


def _url(endpoint: Endpoint, user: str) -> str:
    return f"redis://{user}:{secret(f'cache.{user}', 'url')}@{endpoint.address}/0"


def credentials(view: View) -> tuple[Credential, ...]:
    """The sign-in that people and the app use."""
    endpoint = view.endpoint("cache")
    return tuple(
        Credential(
            name=f"Cache: {user}",
            user=user,
            secret=f"cache.{user}",
            url=_url(endpoint, user),
            command=f"redis-cli -h {endpoint.host} -p {endpoint.port} --user {user} --askpass",
        )
        for user in ("app", VIEWER)
    )


def key_value(view: View) -> tuple[KeyValue, ...]:
    """How people's tools reach the cache."""
    return (KeyValue(VIEWER, f"cache.{VIEWER}", _hidden(view)),)


PROVIDES = (Provides(Endpoint, endpoints), Provides(Variables, variables), Provides(KeyValue, key_value))


SECRETS = ("cache.app", "cache.founder", "cache.probe")


def _configuration(view: View, endpoint: Endpoint, etc: str, data: str) -> str:
    return f"""\
bind {endpoint.host}
port {endpoint.port}
unixsocket {endpoint.socket}
unixsocketperm 777
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


def _hidden(view: View) -> tuple[str, ...]:
    return tuple(beginning.replace("{stack}", view.stack.name) for beginning in view.settings.hidden)


def _users(view: View) -> str:
    """The server's access list.

    The application may use keys and scripts, not change the server; INFO and CONFIG|GET are what clients ask on
    connect. People may read what is not hidden. SCAN and RANDOMKEY tell names whatever may be read: who may SCAN must
    take the hidden names out again.
    """
    shown = " ".join(f"~{pattern}" for pattern in visible(_hidden(view)))
    return f"""\
user default off
user app on #{secret("cache.app", "sha256")} ~* &* +@all -@admin -@dangerous +info +keys +flushdb +client|info
user {VIEWER} on #{secret("cache.founder", "sha256")} {shown} resetchannels -@all +@read -@dangerous -randomkey \
+info +ping +select +command +dbsize +hello +client|setname
user probe on #{secret("cache.probe", "sha256")} resetkeys resetchannels -@all +ping +info
"""
