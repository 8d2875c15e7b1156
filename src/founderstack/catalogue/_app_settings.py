"""What a founder may say of an application. Not a component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from founderstack.model.settings import setting
from founderstack.model.stack import RING_SLOTS


@dataclass(frozen=True)
class AppSettings:
    path: str = setting("app")
    """Folder of the application, relative to the stack file."""
    runtime: Literal["auto", "node", "none"] = setting("auto")
    """`node` offers Node and npm; `auto` does so where the folder has a package.json."""
    build: str = setting("")
    """Shell command that builds it; for Node `npm ci && npm run build` when empty."""
    output: str = setting(".")
    """Folder, relative to the application, that the build leaves and a release keeps."""
    start: str = setting("")
    """Shell command that starts one instance, within the release; for Node `npm start` when empty."""
    migrate: str = setting("")
    """Shell command, within the release, that changes the database's schema before new instances start."""
    health: str = setting("/", pattern=r"/\S*")
    """Path that answers 200 once an instance can serve."""
    listen: Literal["auto", "socket", "port"] = setting("auto")
    """How an instance is told where to listen: by the Unix socket `$LISTEN_UDS` or by the port `$PORT`."""
    replicas: int = setting(1, least=1, most=RING_SLOTS)
    """Instances that share the requests."""
    drain_s: int = setting(30, least=0, most=600)
    """Seconds that a replaced instance may take to finish what it has begun."""
    start_timeout_s: int = setting(60, least=1, most=900)
    """Seconds within which a new instance must answer its health path; up to three times as many on a busy machine."""
    memory_limit_mib: int = setting(0, least=0, most=1048576)
    """Memory that an instance may take, with all that it starts, before it is started again; 0 sets no limit."""
    body_limit_mib: int = setting(0, least=0, most=1048576)
    """Largest request body; 0 takes the gateway's `upload_limit_mib`."""
    stream_bodies: bool = setting(False)
    """`true` hands a request's body to the app while it comes, for uploads larger than the disk should hold. Without
    it a request waits in the gateway until it is whole, and is asked of another instance should the first one fail."""
    buffer_answers: bool = setting(False)
    """`true` frees an instance from slow visitors: the gateway takes the answer and keeps it for them. Streamed pages,
    events and tokens then come in lumps; without it each piece is passed on at once."""
    idle_s: int = setting(3600, least=5, most=86400)
    """Seconds that a WebSocket or a stream of events may be silent before the gateway closes it."""
    env: Mapping[str, str] = setting({}, pattern=r"[A-Za-z_][A-Za-z0-9_]*")
    """Environment for build, migrations and instances; not for secrets. A change of a `NEXT_PUBLIC_…` builds anew."""
