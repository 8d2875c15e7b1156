"""What an attacker with a foot in the door still does not get: one test for each way that was once open."""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.model.process import Build
from founderstack.model.stack import Places
from founderstack.world.install import builds
from founderstack.world.os import accounts, processes
from founderstack.world.os.files import ensure_folder
from founderstack.world.os.lock import stack_lock
from founderstack.world.state.places import places as places_of
from tests.conftest import wait_until

STACK = f"z{secrets.token_hex(3)}"  # what a run that was killed left behind has another name
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs users of its own")
AS_NOBODY = ("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
FLEEING = """\
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
for name in (0, 1, 2):
    os.close(name)
while True:  # a new process for each moment: whoever looks one up finds it gone
    if os.fork():
        os._exit(0)
"""


@pytest.fixture
def builder() -> Iterator[str]:
    yield accounts.ensure_user(STACK, "build")
    accounts.remove_users(STACK)


@pytest.fixture
def places(home: Path) -> Places:
    return Places(state=f"{home}/{STACK}", shared=f"{home}/own-shared", python="/usr/bin/python3", package="/")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "note.txt").write_text("note")
    return tmp_path


def _build(source: Path, command: str) -> Build:
    return Build(1, "d1", str(source), command, ".")


@root_only
def test_a_build_that_flees_from_process_to_process_ends_with_its_build(
    source: Path, places: Places, builder: str
) -> None:
    (source / "flee.py").write_text(FLEEING)
    builds.build(_build(source, "/usr/bin/python3 flee.py; sleep 0.2"), places, user=builder, progress=print)
    uid = pwd.getpwnam(builder).pw_uid
    left = [pid for pid in processes.all_pids() if _user_of(pid) == uid and processes.alive(pid)]
    accounts.end_all_of(builder)
    assert left == []


def _user_of(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except (FileNotFoundError, ProcessLookupError):
        return -1


@root_only
def test_a_builder_never_stands_in_a_folder_that_root_works_in(source: Path, places: Places, builder: str) -> None:
    seen: list[int] = []
    scratch = f"{places.shared}/builds/d1"

    def progress(line: str) -> None:
        if line in ("copying the source", "keeping the release"):
            seen.append(os.stat(scratch).st_uid)

    builds.build(_build(source, "true"), places, user=builder, progress=progress)
    assert seen == [0, 0]


@root_only
def test_a_build_gains_no_rights_from_setuid_programs(source: Path, places: Places, builder: str) -> None:
    lines: list[str] = []
    builds.build(_build(source, "grep NoNewPrivs /proc/self/status"), places, user=builder, progress=lines.append)
    assert "NoNewPrivs:\t1" in lines


@root_only
def test_what_a_build_says_is_for_the_owner_alone(source: Path, places: Places, builder: str) -> None:
    action = _build(source, "echo a password")
    builds.build(action, places, user=builder, progress=print)
    assert os.stat(builds.log_path(action, places)).st_mode & 0o077 == 0


@root_only
def test_nobody_else_can_hold_a_stacks_lock(home: Path) -> None:
    path = home / "lock"
    path.touch(mode=0o644)  # as an earlier version left it
    with stack_lock(str(path), command="founder up"):
        pass
    tried = subprocess.run([*AS_NOBODY, "/usr/bin/flock", "--nonblock", str(path), "true"], capture_output=True)
    assert tried.returncode != 0
    with open(path, "rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)


@root_only
def test_what_a_resident_program_writes_is_for_the_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid = processes.spawn_detached(["/bin/sh", "-c", "umask; exec sleep 60"], log=str(log))
    wait_until(lambda: log.exists() and log.read_text(), "the program has spoken")
    processes.signal(pid, "KILL")
    assert log.read_text() == "0077\n"
    assert os.stat(log).st_mode & 0o077 == 0


class _Database:
    """A PostgreSQL of its own, with the roles of a stack."""

    def __init__(self, folder: Path, user: str, version: str) -> None:
        self._folder, self._user, self._binaries = folder, user, f"/usr/lib/postgresql/{version}/bin"

    def start(self) -> None:
        data, folder = f"{self._folder}/data", str(self._folder)
        initdb = ("-D", data, "-U", "postgres", "--auth-local=trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8")
        self._run("initdb", *initdb)
        options = (
            f"-c listen_addresses= -c unix_socket_directories={folder} -c shared_preload_libraries=pg_stat_statements"
        )
        self._run("pg_ctl", "-D", data, "-w", "-o", f"{options} -c fsync=off", "-l", f"{folder}/log", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "-w", "stop")

    def give_roles(self, login: str = "app_00000001") -> None:
        variables = f"\\set login {login}\n\\set password 'one'\n\\set viewer_password 'two'\n"
        script = files("founderstack.catalogue").joinpath("postgres_files", "roles.sql").read_text()
        self.ask("postgres", "postgres", variables + script)

    def end_former_ones(self, login: str) -> None:
        script = files("founderstack.catalogue").joinpath("postgres_files", "former_sign_ins.sql").read_text()
        self.ask("postgres", "app", f"\\set today {login}\n" + script)

    def ask(self, user: str, database: str, sql: str, *, check: bool = True) -> str:
        place = ("-h", str(self._folder), "-U", user, "-d", database)
        return self._run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *place, stdin=sql, check=check).out.strip()

    def _run(self, program: str, *arguments: str, stdin: str = "", check: bool = True) -> processes.Result:
        argv = [f"{self._binaries}/{program}", *arguments]
        return processes.run(argv, user=self._user, cwd=str(self._folder), stdin=stdin, check=check)


@pytest.fixture
def database(home: Path) -> Iterator[_Database]:
    versions = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir("/usr/lib/postgresql") else []
    if not versions or os.geteuid() != 0:
        pytest.skip("needs PostgreSQL and a user of its own")
    user = accounts.ensure_user(STACK, "database")
    ensure_folder(f"{home}/sql", mode=0o700, owner=user)
    server = _Database(home / "sql", user, versions[-1])
    server.start()
    server.ask("postgres", "postgres", "CREATE ROLE probe LOGIN")
    server.give_roles()
    yield server
    server.stop()
    accounts.remove_users(STACK)


def test_the_app_cannot_become_the_databases_superuser(database: _Database) -> None:
    # As PostgreSQL 14 is: everybody may create functions beside those that the next run of the set-up calls.
    database.ask(
        "postgres", "postgres", "GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT CONNECT ON DATABASE postgres TO PUBLIC"
    )
    trap = (
        "CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN 'ALTER ROLE app_00000001 SUPERUSER'; END $$; "
        "GRANT EXECUTE ON FUNCTION public.format(text, text) TO PUBLIC;"
    )
    database.ask("app_00000001", "postgres", trap)
    database.give_roles("app_00000002")  # a rotated password
    assert database.ask("postgres", "postgres", "SELECT rolname FROM pg_roles WHERE rolsuper") == "postgres"


def test_a_former_sign_in_ends_whatever_the_app_has_made_with_it(database: _Database) -> None:
    """What breaks otherwise: ten minutes after one rotation, every later one."""
    database.ask("app_00000001", "app", "SET ROLE NONE; CREATE SCHEMA own; CREATE TABLE own.made (n int);")
    database.give_roles("app_00000002")
    lasts = "SELECT count(*) FROM pg_roles WHERE rolname = 'app_00000001' AND rolvaliduntil = 'infinity'"
    assert database.ask("postgres", "postgres", lasts) == "1", "whoever serves with it may go on until others do"
    database.end_former_ones("app_00000002")
    assert database.ask("postgres", "postgres", lasts) == "0"
    database.ask("app_00000002", "app", "GRANT SELECT ON own.made TO app_00000002")
    database.give_roles("app_00000003")
    over = "ALTER ROLE app_00000001 VALID UNTIL '2020-01-01'; ALTER ROLE app_00000002 VALID UNTIL '2020-01-01'"
    database.ask("postgres", "postgres", over)
    database.end_former_ones("app_00000003")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'own'"
    assert database.ask("postgres", "app", owners) == "app"
    left = "SELECT rolname || ' ' || rolcanlogin FROM pg_roles WHERE rolname ~ '^app_' ORDER BY 1"
    assert database.ask("postgres", "postgres", left).splitlines() == ["app_00000002 false", "app_00000003 true"]


def test_the_app_enters_its_own_database_alone(database: _Database) -> None:
    doors = "SELECT datname FROM pg_database WHERE datallowconn AND has_database_privilege('app', oid, 'CONNECT')"
    assert database.ask("postgres", "postgres", doors) == "app"
    assert database.ask("postgres", "postgres", doors.replace("'app'", "'probe'")) == "postgres"


def test_no_stack_is_kept_where_others_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("FOUNDER_HOME", str(home))
    assert places_of("diary").state == f"{home}/diary"
    (home / "diary").mkdir(parents=True)
    for folder in (home, home / "diary"):
        folder.chmod(0o1777)
        with pytest.raises(StackError, match="is not safe to keep a stack in"):
            places_of("diary")
        folder.chmod(0o755)
    assert places_of("diary").state == f"{home}/diary"
