"""A PostgreSQL of the catalogue's making, archived by pgBackRest, on this system or inside the root of another one."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from founderstack.backups.pgbackrest import recovery
from founderstack.backups.pgbackrest.repository import Repository
from founderstack.catalogue import COMPONENTS
from founderstack.model import process as p
from founderstack.model.point_in_time import Target
from founderstack.model.stack import Choices, Machine, Places
from founderstack.model.words import Archive, Database
from founderstack.planner.backups.point_in_time import beginning
from founderstack.planner.stack.choose import choose
from founderstack.planner.stack.resolve import Facts, Resolved, resolve
from founderstack.stackfile.check import check
from founderstack.world.keys.secrets import Secrets
from founderstack.world.net.network import can_bind
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.machine import read_machine
from founderstack.world.os.processes import Result, run
from tests.conftest import enterable_folder, wait_until
from tests.service.components import Components
from tests.service.roots import debian_13

USER = "postgres"
"""The packages' own user, in every root."""
OTHER_PACKAGES = ("postgresql-17", "pgbackrest", "ca-certificates", "valkey-server")
"""What tests of this folder take from Debian 13: one root for all of them."""
MOMENT = "YYYY-MM-DD HH24:MI:SS.US+00"


@dataclass(frozen=True)
class System:
    """Where the programs come from."""

    os: str
    major: str
    root: Path | None = None
    """Root folder of another system, whose `/tmp` is reached by the same paths as ours."""

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str = "",
        timeout_s: float = 120,
        nice: int = 0,
        on_line: Callable[[str], None] | None = None,
        check: bool = True,
    ) -> Result:
        """world.os.processes.run, inside that root."""
        if self.root is None:
            return run(argv, user=user, timeout_s=timeout_s, nice=nice, on_line=on_line, check=check)
        prefix = ["chroot", *([f"--userspec={user}:{user}"] if user else []), str(self.root)]
        return run([*prefix, *argv], timeout_s=timeout_s, nice=nice, on_line=on_line, check=check)

    @contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        """A new folder that has one path on both sides."""
        outside = enterable_folder(prefix)
        if self.root is not None:
            inside = Path(f"{self.root}{outside}")
            inside.mkdir(mode=0o711, parents=True)
            outside.rmdir()
            outside.symlink_to(inside)
        try:
            yield outside
        finally:
            shutil.rmtree(outside.resolve())
            if self.root is not None:
                outside.unlink()


@dataclass
class Primary:
    """The running server and its repositories."""

    system: System
    places: Places
    resolved: Resolved
    repository: Repository

    @property
    def process(self) -> p.Process:
        return self.resolved.desired.processes["postgres"]

    @property
    def binaries(self) -> str:
        return f"/usr/lib/postgresql/{self.system.major}/bin"

    @property
    def data(self) -> str:
        return self.resolved.views["database"].one(Database).folder

    @property
    def socket(self) -> str:
        return self.resolved.views["database"].endpoint("database").socket

    @property
    def port(self) -> int:
        return self.resolved.views["database"].port("sql")

    def start(self) -> None:
        options = " ".join(self.process.argv[3:])
        command = [f"{self.binaries}/pg_ctl", "-s", "-D", self.data, "-l", f"{self.places.data('postgres')}/log"]
        self.system.run([*command, "-o", options, "-w", "start"], user=USER)

    def stop(self, how: str = "fast") -> None:
        command = [f"{self.binaries}/pg_ctl", "-s", "-D", self.data, "-m", how, "-w", "stop"]
        self.system.run(command, user=USER, check=False)

    def ask(self, question: str, *, database: str = "postgres") -> str:
        return self.asked(question, self.socket, self.port, database)

    def asked(self, question: str, socket: str, port: int, database: str = "postgres") -> str:
        """What a server of this system answers the superuser."""
        command = [f"{self.binaries}/psql", "-XqAtw", "-v", "ON_ERROR_STOP=1", "-h", socket, "-p", str(port)]
        return self.system.run([*command, "-U", USER, "-d", database, "-c", question], user=USER).out.strip()

    def load(self, seconds: int, clients: int = 4) -> subprocess.Popen[bytes]:
        """Clients that commit one row after the other, for so long."""
        script = f"{self.places.state}/load.sql"
        Path(script).write_text("INSERT INTO load DEFAULT VALUES;\n")
        command = [f"{self.binaries}/pgbench", "-n", "-c", str(clients), "-R", "150", "-T", str(seconds), "-f", script]
        command += ["-h", self.socket, "-p", str(self.port), "-U", USER, "postgres"]
        prefix = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
        if self.system.root:
            prefix = ["chroot", f"--userspec={USER}:{USER}", str(self.system.root)]
        return subprocess.Popen([*prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def archive_everything(self) -> None:
        """Hand on the segment that is being written, and wait until none waits."""
        self.ask("SELECT pg_current_xact_id()" if int(self.system.major) >= 13 else "SELECT txid_current()")
        self.ask("SELECT pg_switch_wal()")
        wait_until(lambda: self.repository.archived(self.data).waiting == 0, "all is archived", 60)

    def site(self, name: str) -> recovery.RecoverySite:
        folder = f"{self.places.state}/{name}"
        return recovery.RecoverySite(self.binaries, USER, folder, SystemClock(), run=self.system.run)

    def recovered(self, target: Target, *, number: int = 0, wal: str = "", may_end_early: bool = False) -> list[str]:
        """Every row of the load after a recovery to the target, from one repository or from the best one."""
        backups = [one for one in self.repository.stored().backups if number in (0, one.repository)]
        chosen = beginning(backups, self.repository.gaps(), target, SystemClock().now())
        site = self.site("recovered")
        recovery.prepare(site)
        self.repository.restore(chosen, target, site.data)
        recovery.recover(site, target, wal, may_end_early=may_end_early, tell=lambda _piece: None)
        try:
            return self.asked("SELECT id FROM load ORDER BY id", site.server.socket, site.server.port).split()
        finally:
            recovery.end(site)  # its files spare the next recovery most of its work


def this_system() -> System:
    """The machine's own."""
    return System(read_machine().os, max(os.listdir("/usr/lib/postgresql"), key=int))


def other_system() -> System:
    """PostgreSQL 17 and its pgBackRest in a root with Debian 13."""
    return System("debian:13", "17", debian_13(*OTHER_PACKAGES))


@contextmanager
def primary(system: System, text: str, storage: Components | None = None) -> Iterator[Primary]:
    """A running server with an empty table `load`, archived as the stack file's [backup] in `text` says.

    With `storage`, into the bucket `backup` there as well, over TLS.
    """
    with system.folder("founder-pitr-") as folder:
        places = Places(f"{folder}/s", f"{folder}/shared", "/usr/bin/python3", "/nowhere")
        Path(places.state).mkdir(mode=0o755)
        given = {}
        if storage:
            shutil.copy(f"{storage.places.state}/tls/storage/ca.crt", folder)
            text += f'{_to(storage)}s3_prefix = "{folder.name}"\ns3_ca = "{folder}/ca.crt"\n'
            given = {"backup.s3_key": "backup", "backup.s3_secret": storage.secrets.get("storage.backup")}
        made = _made(system, places, text, given)
        made.start()
        try:
            made.ask("CREATE TABLE load (id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())")
            yield made
        finally:
            made.stop("immediate")


def _to(storage: Components) -> str:
    return f's3_endpoint = "https://localhost:{storage.choices.ports["seaweedfs.tls"]}"\ns3_bucket = "backup"\n'


def _made(system: System, places: Places, text: str, given: dict[str, str]) -> Primary:
    machine = Machine(os=system.os, ram_mib=1024, cores=2, root=False, user=USER)
    stack = check(
        f'name = "pitr"\n{text}'.encode(),
        file="/nowhere/founder.toml",
        folder="/nowhere",
        components=COMPONENTS,
        machine=machine,
        choices=Choices(),
        folder_exists=lambda _path: False,
    )
    first = random.randrange(12_000, 30_000)
    choices = choose(
        stack, COMPONENTS, machine, Choices(), lambda port: port >= first and can_bind(port), lambda _port: ""
    )
    secrets = Secrets(f"{places.state}/secrets.json")
    secrets.ensure([name for part in stack.parts.values() for name in COMPONENTS[part.component].secrets])
    for name, value in given.items():
        secrets.put(name, value)
    choices = replace(choices, versions={**choices.versions, "postgres": system.major})
    resolved = resolve(stack, COMPONENTS, Facts(machine, places, choices, secret_digests=secrets.digests()))
    desired = resolved.desired
    postgres = desired.processes["postgres"]
    configuration = desired.tasks["pgbackrest/configuration"].action
    cluster = desired.tasks["postgres/initdb"].action
    assert isinstance(configuration, p.Run)
    assert isinstance(cluster, p.Run)
    for made in (postgres, configuration, cluster):
        _write(made.files, made.folders, secrets)
    for command in cluster.commands:
        if not (command.unless_exists and os.path.exists(command.unless_exists)):
            system.run(
                ["/bin/sh", "-c", 'printf %s "$1" | { shift; "$@"; }', "sh", command.stdin, *command.argv], user=USER
            )
    archive = resolved.views["database"].find(Archive)
    assert archive is not None
    path = f"{places.etc('pgbackrest')}/pgbackrest.conf"
    return Primary(system, places, resolved, Repository(path, USER, archive.folder, system.run))


def _write(files: Sequence[p.File], folders: Sequence[p.Folder], secrets: Secrets) -> None:
    owner = pwd.getpwnam(USER)
    for folder in folders:
        Path(folder.path).mkdir(parents=True, exist_ok=True)
        os.chown(folder.path, owner.pw_uid, owner.pw_gid)
    for file in files:
        path = Path(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.fill(file.content))
        path.chmod(0o755 if file.executable else 0o400)
        os.chown(path, owner.pw_uid, owner.pw_gid)
