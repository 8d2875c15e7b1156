"""The launcher on a copy of this checkout: first run, everyday run, and what comes between them."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import enterable_folder, killed

ROOT = Path(__file__).parents[2]
NEEDED = ("founder", "pyproject.toml", "uv.lock", "src")
VERSION = "founder 0."


def run(
    launcher: Path | str, *arguments: str, cwd: Path | str = "/", **environment: str
) -> subprocess.CompletedProcess[str]:
    """`founder ARGUMENTS`, as a person starts it from `cwd`."""
    return subprocess.run(
        [str(launcher), *(arguments or ("--version",))],
        cwd=cwd,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def copy_to(folder: Path) -> Path:
    """The launcher of a fresh copy, as a clone would have it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder / "founder"


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = enterable_folder("founder-launcher-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A launcher that has had its first run. Tests leave it as it is."""
    folder = enterable_folder("founder-launcher-")
    launcher = copy_to(folder / "checkout")
    first = run(launcher, LANG="C.UTF-8")
    assert (first.returncode, first.stdout[: len(VERSION)]) == (0, VERSION), first.stderr
    assert first.stderr.startswith("First run: preparing Founder Stack")
    yield launcher
    shutil.rmtree(folder)


def test_the_everyday_run_says_nothing_of_its_own(prepared: Path) -> None:
    again = run(prepared)
    assert (again.returncode, again.stderr, again.stdout[: len(VERSION)]) == (0, "", VERSION)


def test_the_everyday_run_starts_no_program_but_python(prepared: Path) -> None:
    # With an empty PATH the shell finds nothing to start.
    assert run(prepared, PATH="/nonexistent").returncode == 0


@pytest.mark.parametrize("name", ["absolute", "relative"])
def test_a_link_to_the_launcher_works_from_any_folder(prepared: Path, folder: Path, name: str) -> None:
    target = str(prepared) if name == "absolute" else os.path.relpath(prepared, folder)
    (folder / "founder").symlink_to(target)
    (folder / "second").symlink_to("founder")
    for launcher in (folder / "founder", folder / "second", "./second"):
        linked = run(launcher, cwd=folder)
        assert (linked.returncode, linked.stderr) == (0, "")


def test_it_is_found_through_a_path_with_a_link_in_it(prepared: Path, folder: Path) -> None:
    (folder / "link").symlink_to(prepared.parent)
    linked = run("link/founder", cwd=folder)
    assert (linked.returncode, linked.stderr) == (0, "")


def test_the_verbs_exit_code_is_the_launchers(prepared: Path) -> None:
    assert run(prepared, "no-such-verb").returncode == 64


def test_two_first_runs_at_once_make_one_environment(folder: Path) -> None:
    launcher = copy_to(folder / "checkout")
    both = [
        subprocess.Popen(
            [str(launcher), "--version"],
            env=_environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("First run" in errors for _, errors in said) == 1


def test_who_may_only_read_the_checkout_cannot_hold_up_its_first_run(folder: Path) -> None:
    """Another user of the machine locks every file that they can open; our lock is not among them."""
    launcher = copy_to(folder / "checkout")
    with launcher.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(launcher).returncode == 0
    assert launcher.with_name(".venv.lock").stat().st_mode & 0o077 == 0


def test_a_changed_lock_file_brings_the_environment_up_to_date(prepared: Path) -> None:
    os.utime(prepared.with_name("uv.lock"))
    changed = run(prepared, LANG="es_ES.UTF-8")
    assert changed.returncode == 0
    assert changed.stderr.startswith("Founder Stack ha cambiado")
    assert run(prepared).stderr == ""


def test_without_a_usable_python_it_says_what_to_type(folder: Path) -> None:
    launcher = copy_to(folder / "checkout")
    # /usr/bin/python3 cannot be hidden from one process, so this launcher looks elsewhere.
    launcher.write_text(launcher.read_text().replace("in /usr/bin/python3 python3 ", "in no-python "))
    hidden = _only(folder / "bin", "sh", "id", "tail", "readlink", "flock")
    nothing = run(launcher, PATH=str(hidden), LANG="es_ES.UTF-8")
    assert nothing.returncode == 6
    assert "sudo apt-get install -y python3 python3-venv" in nothing.stderr
    assert [line.split(":")[0].strip() for line in nothing.stderr.splitlines()[-3:]] == ["founder", "causa", "solución"]


def test_what_was_cut_off_moved_or_lost_its_python_is_made_anew(folder: Path) -> None:
    launcher = copy_to(folder / "checkout")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    offline = run(launcher, **nowhere)
    assert offline.returncode == 6
    assert "uv could not be installed" in offline.stderr
    assert f"fix: cure what it says, then run {launcher} again" in offline.stderr
    shutil.rmtree(folder / "checkout/.venv")
    _kill_a_first_run(launcher)
    again = run(launcher)
    assert (again.returncode, again.stdout[: len(VERSION)]) == (0, VERSION), again.stderr
    (folder / "checkout").rename(folder / "moved")
    moved = run(folder / "moved/founder")
    assert (moved.returncode, "First run" in moved.stderr) == (0, True)
    python = folder / "moved/.venv/bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-that-was-removed")
    repaired = run(folder / "moved/founder")
    assert (repaired.returncode, "First run" in repaired.stderr) == (0, True)


def _kill_a_first_run(launcher: Path) -> None:
    """`kill -9` while it waits for an index of packages that takes its connection, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(120)
        silent = {"PIP_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/simple", "PIP_NO_CACHE_DIR": "1"}
        first = subprocess.Popen(
            [str(launcher), "--version"],
            env=_environment({**silent, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with index.accept()[0]:
            assert killed(first)
    assert (launcher.parent / ".venv/bin/python").exists()
    assert not (launcher.parent / ".venv/founder-ready").exists()


def test_a_system_user_without_a_home_can_run_it(folder: Path) -> None:
    launcher = copy_to(folder / "checkout")
    nobody: list[str] = []
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody", str(folder / "checkout")], check=True)
        nobody = ["setpriv", "--reuid", "nobody", "--clear-groups"]
    command = [*nobody, str(launcher), "--version"]
    homeless = _environment({"HOME": "/nonexistent"})
    done = subprocess.run(command, env=homeless, cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout[: len(VERSION)]) == (0, VERSION), done.stderr


def _environment(own: dict[str, str]) -> dict[str, str]:
    languages = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "VIRTUAL_ENV", "PIP_FIND_LINKS")
    inherited = {name: value for name, value in os.environ.items() if name not in languages}
    return {**inherited, "LANG": "C.UTF-8", **own}


def _only(folder: Path, *programs: str) -> Path:
    """A folder for PATH that holds these programs and no other."""
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(shutil.which(program) or "/nonexistent")
    return folder
