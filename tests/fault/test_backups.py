"""Backups when something breaks: what the founder sees, and what still holds. A real stack, a real S3 over TLS."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from minio import Minio

from founderstack.world.keys.secrets import Secrets
from tests.conftest import enterable_folder, killed, wait_until
from tests.fault.stacks import FAILED, LOCKED, PRECONDITION, UNHEALTHY, USAGE, Founder, gone_afterwards, small_stack
from tests.fault.terminal import terminal
from tests.service.bucket_server import BucketServer, bucket_server
from tests.service.inboxes import Inbox

pytestmark = pytest.mark.timeout(600)

ROUNDS = [*range(3), *(pytest.param(number, marks=pytest.mark.soak) for number in range(3, 20))]
RESTORING = (
    "restore:database:app",
    "backup:take",
    "restore:swap:app",
    "restore:compare:app",
    "restore:files:app",
    "restore:files:seaweedfs",
    "restore:swap:seaweedfs",
)
"""Steps of a restore in place; one is killed in each round."""
ROWS, ROW_BYTES = 50, 250_000
"""12 MB that do not compress."""
FILL = f"""
CREATE TABLE note (n int PRIMARY KEY, body bytea);
ALTER TABLE note ALTER body SET STORAGE EXTERNAL, OWNER TO app;
INSERT INTO note SELECT n, (SELECT string_agg(sha256((n || '/' || m)::text::bytea), '') FROM
    generate_series(1, {ROW_BYTES // 32}) m) FROM generate_series(1, {ROWS}) n;
"""


BACKUP = """
[storage]
memory_mib = 128

[backup]
schedule = "never"
keep_last = 3
keep_daily = 0
keep_weekly = 0
keep_monthly = 0
s3_prefix = "{prefix}"
s3_ca = "{ca}"
"""


class Stack:
    """The stack under test."""

    def __init__(self, founder: Founder, server: BucketServer, inbox: Inbox) -> None:
        self.founder = founder
        self.server = server
        self.inbox = inbox
        self.seconds = 1.0
        """How long a backup takes here."""
        self.asked = ""
        """What stood on the screen at set-up."""

    def set_up(self) -> None:
        """Somebody brings it up and answers what is asked; the first try of each answer is wrong."""
        about = self.server.about
        early = Founder(self.founder.folder, self.founder.home, env={"GIVEN": "a secret that came before all else"})
        early.ok("secrets", "set", "backup.s3_key", "--from-env", "GIVEN")
        with terminal(self.founder, "up", "--yes") as screen:
            screen.asked("Address (not shown): ", "nonsense")
            screen.asked("Address (not shown): ", f"json://127.0.0.1:{self.inbox.port}/token-of-mine")
            for secret in ("a wrong one", about.secret):
                screen.asked("Address (https://…): ", about.endpoint)
                screen.asked("Bucket: ", about.bucket)
                screen.asked("Key (not shown): ", about.key)
                screen.asked("Secret (not shown): ", secret)
            assert screen.ended() == 0, screen.shown
            self.asked = screen.shown

    def write_photo(self, content: bytes) -> None:
        """A file that somebody uploaded, and an object."""
        photo = self.founder.state / "data/app/files/photo"
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(content)
        self.objects.put_object("app", "ana/photo", io.BytesIO(content), len(content), content_type="image/webp")

    def photos(self) -> tuple[bytes, bytes]:
        """The file and the object as they are now."""
        with closing(self.objects.get_object("app", "ana/photo")) as answer:
            return (self.founder.state / "data/app/files/photo").read_bytes(), bytes(answer.read())

    @property
    def objects(self) -> Minio:
        """The stack's own S3, as the app uses it."""
        secret = Secrets(f"{self.founder.state}/secrets.json").get("storage.app")
        address = f"127.0.0.1:{self.founder.port('seaweedfs.s3')}"
        return Minio(address, access_key="app", secret_key=secret, secure=False, region="us-east-1")

    def connected(self) -> psycopg.Connection[Any]:
        """The superuser, beside the app's database."""
        socket = str(self.founder.state / "run" / "postgres")
        return psycopg.connect(
            host=socket, port=self.founder.port("postgres.sql"), user="postgres", dbname="postgres", autocommit=True
        )

    def query(self, sql: str, database: str = "app") -> list[tuple[Any, ...]]:
        socket = str(self.founder.state / "run" / "postgres")
        with psycopg.connect(
            host=socket, port=self.founder.port("postgres.sql"), user="postgres", dbname=database, autocommit=True
        ) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else []

    def sets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.founder.run("backups", "--json").out)["sets"]
        return found

    def newest(self) -> dict[str, Any]:
        """The newest set, in both places: a backup that another test killed may be whole in the first one alone."""
        if self.sets()[0]["places"] != ["local", "s3"]:
            self.founder.ok("backup")
        return self.sets()[0]

    def rubbish(self) -> list[str]:
        """What lies in a place and belongs to no set."""
        sets = {one["id"] for one in self.sets()}
        here = {path.name for path in (self.founder.state / "backups" / self.founder.name / "sets").iterdir()}
        there = {one.name.split("/")[2] for one in self.server.store().list(f"{self.founder.name}/sets/")}
        return sorted((here | there) - sets)


@pytest.fixture(scope="module")
def stack(shared_home: Path) -> Iterator[Stack]:
    """A stack with object storage of its own whose founder gave, when asked, a bucket elsewhere and an address."""
    home = enterable_folder("founder-backups-")
    (home / "shared").symlink_to(shared_home)
    with bucket_server(shared_home) as server, Inbox() as inbox:
        founder = small_stack(home / "stack", home)
        with (home / "stack" / "founder.toml").open("a") as file:
            file.write(BACKUP.format(prefix=server.about.prefix, ca=server.about.ca))
        with gone_afterwards(founder):
            made = Stack(founder, server, inbox)
            made.set_up()
            made.query(FILL)
            made.write_photo(os.urandom(100_000))
            founder.ok("backup")
            made.seconds = made.sets()[0]["seconds"]
            yield made
    shutil.rmtree(home)


def test_what_is_asked_at_set_up_is_tried_before_it_is_kept(stack: Stack) -> None:
    """What breaks: the first answers are wrong. What the founder sees: what is wrong with each, and the question again.
    What still holds: no secret is shown, or on a command line."""
    assert "InvalidAccessKeyId" in stack.asked or "SignatureDoesNotMatch" in stack.asked
    assert "Sign in to the panel" in stack.asked, "a secret that was given before does not hide what is said once"
    assert "It takes objects" in stack.asked
    assert "A test message was delivered" in stack.asked
    assert [path for path, _content in stack.inbox.taken][:1] == ["/token-of-mine"]
    about = stack.server.about
    for secret in (about.secret, about.key, "a wrong one", "token-of-mine"):
        assert secret not in stack.asked
    text = (stack.founder.folder / "founder.toml").read_text()
    assert f's3_bucket = "{about.bucket}"' in text
    assert about.secret not in text


def test_a_secret_and_an_address_are_given_at_a_terminal_unseen(stack: Stack) -> None:
    with terminal(stack.founder, "secrets", "set", "backup.s3_secret") as screen:
        screen.asked("Value of backup.s3_secret (not shown): ", stack.server.about.secret)
        assert screen.ended() == 0
        assert stack.server.about.secret not in screen.shown
    before = len(stack.inbox.taken)
    with terminal(stack.founder, "alerts", "add", "phone") as screen:
        screen.asked("Address (not shown): ", f"json://127.0.0.1:{stack.inbox.port}/second")
        assert screen.ended() == 0
        assert "/second" not in screen.shown
    assert stack.inbox.taken[before][0] == "/second"
    assert "second" not in stack.founder.ok("alerts", "list").text
    stack.founder.ok("alerts", "remove", "phone")


def test_a_table_comes_back_among_empty_ones(stack: Stack) -> None:
    stack.query("CREATE TABLE IF NOT EXISTS other AS SELECT 1 AS n")
    stack.founder.ok("backup")
    said = stack.founder.ok("restore", "--table", "public.note", "--replace", "--yes")
    assert "rows of public.note, of database app → app_restored" in said.err
    assert 'DROP DATABASE "app_restored";' in said.out
    assert stack.query("SELECT count(*) FROM note", "app_restored") == [(ROWS,)]
    assert stack.query("SELECT count(*) FROM other", "app_restored") == [(0,)]
    stack.query("DROP DATABASE app_restored", "postgres")
    stack.query("DROP TABLE other")
    said = stack.founder.run("restore", "--table", "public.nowhere", "--replace", "--yes")
    assert said.code == USAGE
    assert "It holds: public.note" in said.err
    assert stack.query("SELECT 1 FROM pg_database WHERE datname = 'app_restored'", "postgres") == []


def test_a_bucket_that_is_away_is_told_everywhere_and_the_next_backup_catches_up(stack: Stack) -> None:
    """What breaks: the place off the machine. What the founder sees: it, in `backup`, `backups` and `status`. What
    still holds: the set on this machine, and every other one."""
    file = stack.founder.folder / "founder.toml"
    before = file.read_text()
    try:
        file.write_text(before.replace(f's3_bucket = "{stack.server.about.bucket}"', 's3_bucket = "another"'))
        said = stack.founder.run("backup")
        assert said.code == PRECONDITION
        assert "The backup is on this machine only" in said.err
        assert "AccessDenied" in said.err
        file.write_text(before.replace(stack.server.about.endpoint, "https://localhost:1"))
        listed = stack.founder.run("backups")
        assert listed.code == UNHEALTHY
        assert "A place that keeps backups cannot be asked" in listed.out
        assert "A place that keeps backups cannot be asked" in stack.founder.run("status").out
    finally:
        file.write_text(before)
    assert stack.sets()[0]["places"] == ["local"]
    assert "The newest backup is on this machine only" in stack.founder.run("status").out
    stack.founder.ok("backup")
    assert [one["places"] for one in stack.sets()[:2]] == [["local", "s3"]] * 2


def test_a_set_is_in_both_places_and_nothing_of_it_in_clear(stack: Stack) -> None:
    newest = stack.newest()
    assert newest["places"] == ["local", "s3"]
    assert newest["missing"] == []
    assert "app" in newest["databases"]
    folder = stack.founder.state / "backups" / stack.founder.name
    assert folder.stat().st_mode & 0o777 == 0o700
    secret = json.loads((stack.founder.state / "secrets.json").read_text())["values"]["postgres.app"]
    for path in folder.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_backup_that_is_killed_is_no_set_and_the_next_one_clears_up(stack: Stack, round_: int) -> None:
    before = {one["id"] for one in stack.sets()}
    step = ("backup:take", "backup:send")[round_ % 2]
    stack.founder.killed_at("started", step, "backup", later_s=random.uniform(0, stack.seconds))
    assert all(one["missing"] == [] for one in stack.sets())
    stack.founder.ok("backup")
    sets = stack.sets()
    assert sets[0]["id"] not in before
    assert sets[0]["places"] == ["local", "s3"]
    assert stack.rubbish() == []
    wait_until(lambda: not _dumping(stack), "no pg_dump is left of the killed one")


def _dumping(stack: Stack) -> list[tuple[Any, ...]]:
    return stack.query("SELECT pid FROM pg_stat_activity WHERE application_name IN ('pg_dump', 'founder backup')")


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_restore_that_is_killed_is_finished_by_the_same_command(stack: Stack, round_: int) -> None:
    stack.founder.ok("backup")
    set_id = stack.newest()["id"]
    kept = stack.photos()
    stack.query(f"DELETE FROM note WHERE n > {random.randrange(ROWS)}; CREATE TABLE later (n int)")
    stack.write_photo(b"spoilt")
    words = ("restore", set_id, "--in-place", "--yes", "--confirm", stack.founder.name)
    step = RESTORING[round_ % len(RESTORING)]
    stack.founder.killed_at("started", step, *words, later_s=random.uniform(0, stack.seconds))
    counted = stack.query("SELECT count(*) FROM note") if not stack.query(_MOVED, "postgres") else [(ROWS,)]
    assert counted[0][0] <= ROWS, "the database answers at every moment, with what was or with what is restored"
    stack.founder.ok(*words)
    assert stack.query("SELECT count(*), sum(length(body)) FROM note") == [(ROWS, ROWS * (ROW_BYTES // 32) * 32)]
    assert stack.query("SELECT to_regclass('later')") == [(None,)]
    assert stack.photos() == kept
    names = {name for (name,) in stack.query("SELECT datname FROM pg_database", "postgres")}
    assert not {name for name in names if name.endswith(("_restoring", "_replaced"))}
    assert not (stack.founder.state / "restore.json").exists()
    wait_until(lambda: stack.founder.serves("one"), "the app serves", 60)


_MOVED = "SELECT 1 FROM pg_database WHERE datname = 'app' AND NOT datallowconn"


def test_a_restore_that_is_killed_while_names_change_is_mended_by_up(stack: Stack) -> None:
    """What breaks: the restore, once it has closed the app's database. What holds: the next `up` opens it again."""
    set_id = stack.newest()["id"]
    words = ("restore", set_id, "--database", "app", "--in-place", "--yes", "--confirm", stack.founder.name)
    stack.query("DROP DATABASE IF EXISTS app_restoring WITH (FORCE)", "postgres")
    with stack.connected() as holding, holding.transaction():
        holding.execute("COMMENT ON DATABASE app IS NULL")  # until this ends, nobody can change the name
        with stack.founder.start(*words, "--without-safety-set") as process:
            wait_until(lambda: bool(stack.query(_MOVED, "postgres")), "the database is closed", 60)
            assert killed(process)
    said = stack.founder.run("backup")
    assert said.code == FAILED
    assert "The database app is not in it" in said.text
    assert stack.sets()[0]["lacks"]
    said = stack.founder.ok("up", "--yes")
    assert "The database app took no connections" in said.text
    assert stack.query("SELECT count(*) FROM note")[0][0] > 0
    stack.founder.ok(*words, "--without-safety-set")
    stack.founder.ok("backup")
    assert not stack.sets()[0]["lacks"]


def test_two_at_once_the_second_is_told_who_holds_the_lock(stack: Stack) -> None:
    with stack.founder.start("backup") as first:
        wait_until(lambda: "founder backup" in (stack.founder.state / "backup.lock").read_text(), "it runs", 30)
        second = stack.founder.run("backup")
        assert first.wait(60) == 0
    assert second.code == LOCKED
    assert f"process {first.pid}" in second.text or "founder backup" in second.text


def test_beside_what_is_used_nothing_that_is_used_changes(stack: Stack) -> None:
    stack.founder.ok("backup")  # the newest may be the safety set of a restore in another test
    stack.query("INSERT INTO note VALUES (100000, 'new') ON CONFLICT DO NOTHING")
    said = stack.founder.ok("restore", "--replace", "--yes")
    assert stack.query("SELECT count(*) FROM note WHERE n = 100000") == [(1,)]
    assert stack.query("SELECT count(*) FROM note", "app_restored") == [(ROWS,)]
    assert str(stack.founder.state / "restored/app") in said.text
    assert (stack.founder.state / "restored/app/files/photo").read_bytes() == stack.photos()[0]
    assert (stack.founder.state / "restored/seaweedfs/app/ana/photo").read_bytes() == stack.photos()[1]
    stack.founder.ok("backup")
    assert "app_restored" not in stack.sets()[0]["databases"], "copies are not backed up again"
    stack.query("DELETE FROM note WHERE n = 100000")
    stack.query("DROP DATABASE app_restored", "postgres")


def test_in_place_wants_the_name_of_the_stack(stack: Stack) -> None:
    said = stack.founder.run("restore", "--in-place", "--yes", "--confirm", "another")
    assert said.code == 4
    assert "Nothing was replaced" in said.text
    assert "is lost" in said.text


def test_a_full_disk_is_told_and_leaves_no_half_set(stack: Stack, tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(tmp_path)], check=True)
    file = stack.founder.folder / "founder.toml"
    before = file.read_text()
    try:
        file.write_text(before.replace('schedule = "never"', f'schedule = "never"\nfolder = "{tmp_path}"'))
        said = stack.founder.run("backup")
        assert said.code == FAILED
        assert "The disk is full" in said.text
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    finally:
        file.write_text(before)
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_database_that_is_away_is_told_and_the_older_sets_stay(stack: Stack) -> None:
    before = [one["id"] for one in stack.sets()]
    stack.founder.ok("stop", "postgres", "--yes")
    try:
        said = stack.founder.run("backup")
        assert said.code == FAILED
        assert "The database cannot be asked" in said.text
        assert [one["id"] for one in stack.sets()] == before
    finally:
        stack.founder.ok("start", "postgres")


def test_damage_is_named_and_a_restore_refuses_it_before_anything_changes(stack: Stack) -> None:
    newest = stack.newest()["id"]
    folder = stack.founder.state / "backups" / stack.founder.name / "sets" / newest
    dump = folder / "database/app.dump.age"
    whole = dump.read_bytes()
    try:
        dump.write_bytes(whole[:-5])
        listed = stack.founder.run("backups")
        assert listed.code == 3
        assert f"{newest}: local: database/app.dump.age" in listed.out
        said = stack.founder.ok("restore", newest, "--only", "databases", "--replace", "--yes")
        assert "(s3)" in said.text, "the other place has it whole"
        dump.write_bytes(whole[:-5] + b"12345")
        said = stack.founder.run(
            "restore", newest, "--database", "app", "--in-place", "--yes", "--confirm", stack.founder.name
        )
        assert said.code == FAILED
        assert "app.dump.age is damaged" in said.text
        assert stack.query("SELECT count(*) FROM note") == [(ROWS,)]
    finally:
        dump.write_bytes(whole)
        (stack.founder.state / "restore.json").unlink(missing_ok=True)
        stack.query("DROP DATABASE IF EXISTS app_restored", "postgres")


def test_another_key_opens_nothing(stack: Stack) -> None:
    secrets = stack.founder.state / "secrets.json"
    before = secrets.read_text()
    values = json.loads(before)
    from founderstack.world.keys.sealing import new_identity

    values["values"]["backup.identity"] = new_identity()
    secrets.write_text(json.dumps(values))
    try:
        said = stack.founder.run("restore", "--replace", "--yes")
        assert said.code == PRECONDITION
        assert "not written with this stack's key" in said.text
    finally:
        secrets.write_text(before)


def test_sets_that_have_served_their_time_go_from_both_places(stack: Stack) -> None:
    for _again in range(3):
        stack.founder.ok("backup")
    sets = stack.sets()
    past = [one for one in sets if not one["replaced_by"]]
    # A safety set stays with the one that its restore came from, and the newest that is proven stays.
    held = {one["replaced_by"] for one in sets} | {one["id"] for one in past if one["proven"]}
    assert len(past) >= 3
    assert [one["id"] for one in past[3:] if one["id"] not in held] == []
    there = {one.name.split("/")[2] for one in stack.server.store().list(f"{stack.founder.name}/sets/")}
    assert there == {one["id"] for one in stack.sets()}
