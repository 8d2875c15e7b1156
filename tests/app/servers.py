"""The diary as it runs in a stack: built, migrated, on a real PostgreSQL and Redis, each an unprivileged process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import psycopg

from founderstack.catalogue._node import VERSION as NODE
from founderstack.world.install.environments import node_runtime
from tests.conftest import wait_until

APP = Path(__file__).parents[2] / "app"
SOURCES = (
    "package.json",
    "package-lock.json",
    "next.config.ts",
    "tsconfig.json",
    "migrations",
    "public",
    "scripts",
    "src",
)
S = TypeVar("S", "Postgres", "Redis", "Diary")
REDIS_USER = "diary"
REDIS_PASSWORD = "a-password-for-tests"
SECRET = "a-secret-of-the-tests-with-more-than-32-characters"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def unprivileged_user(*names: str) -> str | None:
    """The first of these users that exists, for processes that root starts; None when we are not root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (*names, "nobody") if name in known)


@dataclass
class Server:
    """A process of ours, stopped by its own id."""

    argv: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    folder: Path | None = None
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], object], what: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdout=log,
                stderr=log,
                env=dict(self.env),
                user=self.user,
                cwd=self.folder or self.log.parent,
            )

        def up() -> object:
            assert self.process is not None
            assert self.process.poll() is None, f"{what} ended: {self.log.read_text()[-2000:]}"
            return ready()

        wait_until(up, f"{what} is ready", deadline_s=30)

    def stop(self, with_signal: int | None = None) -> int | None:
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(with_signal or self.stop_signal)
        code = self.process.wait(timeout=20)
        self.process = None
        return code


class Postgres(Server):
    """A cluster in a folder of its own; `database` gives a URL to a fresh database."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        user = unprivileged_user("postgres")
        binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        data = folder / "data"
        _give(folder, user)
        arguments = ["-D", str(data), "-A", "trust", "-U", "diary", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([binaries / "initdb", *arguments], check=True, capture_output=True, user=user, cwd=folder)
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "jit": "off",  # as the stack's own: compiling takes longer than what is asked here
            "dynamic_shared_memory_type": "mmap",  # in its own folder: nobody who tidies /dev/shm takes it away
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__(
            [str(binaries / "postgres"), "-D", str(data), *options],
            folder / "log",
            user=user,
            stop_signal=signal.SIGINT,
        )

    def up(self) -> None:
        self.start(lambda: _accepts(self.port) and _answers(self.url("postgres")), "PostgreSQL")

    @property
    def socket(self) -> str:
        """The folder that it listens in."""
        return str(self.log.parent)

    def url(self, name: str) -> str:
        return f"postgresql://diary@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template1") -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}"')
        return self.url(name)


class Redis(Server):
    """A cache with one user, as the stack makes it: the default one may nothing."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        user = unprivileged_user("redis")
        _give(folder, user)
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"unixsocket {folder}/cache.sock",
            "unixsocketperm 777",
            'save ""',
            f"dir {folder}",
            "user default off",
            f"user {REDIS_USER} on >{REDIS_PASSWORD} ~* &* +@all",
        ]
        (folder / "redis.conf").write_text("\n".join(lines) + "\n")
        argv = ["redis-server", str(folder / "redis.conf")]
        super().__init__(argv, folder / "log", env=dict(os.environ), user=user)

    @property
    def url(self) -> str:
        return f"redis://{REDIS_USER}:{REDIS_PASSWORD}@127.0.0.1:{self.port}/0"

    @property
    def socket(self) -> str:
        return f"{self.log.parent}/cache.sock"

    def up(self) -> None:
        self.start(lambda: _accepts(self.port), "Redis")


class Diary(Server):
    """One instance of the app."""

    def __init__(self, node: Path, dist: Path, folder: Path, database: str, redis: str, **more: str) -> None:
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.database = database
        self.files = folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        user = unprivileged_user("nobody")
        _give(folder, user)
        _give(self.files, user)
        env = {
            "PATH": f"{node}/bin:/usr/bin:/bin",
            "PORT": str(self.port),
            "HOSTNAME": "127.0.0.1",
            "NODE_ENV": "production",
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "BETTER_AUTH_URL": self.origin,
            "BETTER_AUTH_SECRET": SECRET,
            "FILES_DIR": str(self.files),
            "STACK_NAME": "tests",
            "REGISTRATION": "open",
            **more,
        }
        env = {name: value for name, value in env.items() if value != "UNSET"}
        super().__init__([f"{node}/bin/node", "server.js"], folder / "log", env=env, user=user, folder=dist)

    def up(self) -> None:
        self.start(lambda: self.health() is not None, "the diary")

    def health(self) -> dict[str, bool] | None:
        try:
            return dict(httpx.get(f"http://127.0.0.1:{self.port}/api/health", timeout=5).json())
        except (httpx.HTTPError, ValueError):
            return None


@dataclass(frozen=True)
class Build:
    node: Path
    dist: Path

    def migrate(self, database: str) -> None:
        env = {"DATABASE_URL": database}
        subprocess.run(
            [f"{self.node}/bin/node", "migrate.mjs"], cwd=self.dist, env=env, check=True, capture_output=True
        )

    def run(self, script: str, *arguments: str, env: Mapping[str, str]) -> str:
        argv = [f"{self.node}/bin/node", script, *arguments]
        done = subprocess.run(argv, cwd=self.dist, env=dict(env), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def build(shared: Path) -> Build:
    """The app as `npm run build` makes it; once for each state of its sources, by whichever tier comes first."""
    with open(shared / "app-tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(shared)


def _build(shared: Path) -> Build:
    node = shared / "node" / NODE
    node.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    node_runtime(str(node), NODE, python="/usr/bin/python3", progress=lambda _line: None)
    cache = shared / "app-tests"
    cache.mkdir(mode=0o711, exist_ok=True)
    folder = cache / _digest(*(APP / name for name in SOURCES))
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o755)
        for name in SOURCES:
            (shutil.copytree if (APP / name).is_dir() else shutil.copy2)(APP / name, folder / name)
        modules = installed(cache, node, APP)
        subprocess.run(["cp", "-al", modules / "node_modules", folder / "node_modules"], check=True)
        _npm(node, folder, "run", "build")
        shutil.rmtree(folder / "node_modules")
        shutil.rmtree(folder / ".next")
        (folder / "done").touch()
    return Build(node, folder / "dist")


def installed(cache: Path, node: Path, source: Path, *options: str) -> Path:
    """A folder with the packages of a lock file; made once for each state of it."""
    folder = cache / f"modules-{_digest(source / 'package-lock.json', root=source)}"
    if not (folder / "done").exists():
        folder.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy2(source / name, folder / name)
        _npm(node, folder, "ci", "--no-audit", "--no-fund", *options)
        (folder / "done").touch()
    return folder


def _npm(node: Path, folder: Path, *arguments: str) -> None:
    env = {**os.environ, "PATH": f"{node}/bin:/usr/bin:/bin", "NEXT_TELEMETRY_DISABLED": "1"}
    done = subprocess.run(
        [node / "bin/npm", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _digest(*paths: Path, root: Path = APP) -> str:
    hasher = hashlib.sha256()
    for path in paths:
        for file in sorted([path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]):
            hasher.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return hasher.hexdigest()[:20]


def _give(folder: Path, user: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        shutil.chown(folder, user)


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def running(server: S) -> Iterator[S]:
    server.up()
    try:
        yield server
    finally:
        server.stop()
