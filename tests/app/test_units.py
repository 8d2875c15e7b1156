"""The app's own unit tests, each file on a database of its own, and their types; a migration that is cut off."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.app.servers import APP, SECRET, SOURCES, Build, Postgres, Redis, installed

FILES = sorted(path.name.removesuffix(".test.ts") for path in (APP / "tests").glob("*.test.ts"))


@pytest.fixture(scope="module")
def sources(shared_home: Path, place: Path, built: Build) -> Path:
    """The app with its tests and its packages, as somebody has it who works on it."""
    folder = place / "sources"
    folder.mkdir()
    for name in (*SOURCES, "tests"):
        (shutil.copytree if (APP / name).is_dir() else shutil.copy2)(APP / name, folder / name)
    (folder / "node_modules").symlink_to(installed(shared_home / "app-tests", built.node, APP) / "node_modules")
    return folder


@pytest.mark.parametrize("name", FILES)
def test_the_apps_units(
    name: str, sources: Path, built: Build, postgres: Postgres, redis: Redis, tmp_path: Path
) -> None:
    environment = {
        "PATH": f"{built.node}/bin:/usr/bin:/bin",
        "DATABASE_URL": postgres.create(f"units_{name.replace('-', '_')}", template="empty"),
        "REDIS_URL": redis.url,
        "BETTER_AUTH_URL": "https://diary.example.org",
        "BETTER_AUTH_SECRET": SECRET,
        "FILES_DIR": str(tmp_path),
        "STACK_NAME": f"units-{name}",
    }
    done = _ran([str(built.node / "bin/node"), "tests/run.mjs", name], sources, environment)
    assert done.returncode == 0, done.stdout
    assert "\nℹ skipped 0\n" in done.stdout, done.stdout


def test_the_apps_tests_say_what_they_take_and_give(sources: Path, built: Build) -> None:
    environment = {"PATH": f"{built.node}/bin:/usr/bin:/bin"}
    done = _ran(["node_modules/.bin/tsc", "--noEmit", "--project", "tests"], sources, environment)
    assert done.returncode == 0, done.stdout


def test_a_migration_that_loses_its_database_says_which_it_was(
    built: Build, postgres: Postgres, tmp_path: Path
) -> None:
    shutil.copy2(built.dist / "migrate.mjs", tmp_path)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/0001-x.sql").write_text("select pg_terminate_backend(pg_backend_pid())")
    environment = {"DATABASE_URL": postgres.create("lost_by_a_migration")}
    done = _ran([str(built.node / "bin/node"), "migrate.mjs"], tmp_path, environment)
    assert (done.returncode, done.stdout) == (
        1,
        "The migration failed and changed nothing more: "
        "0001-x.sql: terminating connection due to administrator command\n",
    )


def _ran(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
