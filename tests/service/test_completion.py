"""Completion in real shells: what a person sees after Tab."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from founderstack.cli.table import VERBS
from founderstack.cli.terminal.shells import SCRIPTS
from tests.conftest import wait_until

ROOT = Path(__file__).parents[2]
TAB_S = 0.06
"""What a Tab may take."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH that has `founder`, as a launcher would start it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "founder"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S -c "{_START}" "$@"\n')
    command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


_START = f"import sys; sys.path.insert(0, '{ROOT / 'src'}'); from founderstack.cli.main import main; sys.exit(main())"


def shell(name: str) -> str:
    """The path of a shell; without it there is nothing to prove."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed; ./founder test installs it")
    return found


def bash(path: str, words: list[str], cwd: Path) -> list[str]:
    """COMPREPLY for a line of these words, the last of which is being typed."""
    line = " ".join(f"'{word}'" for word in words)
    script = f"{SCRIPTS['bash']}\nCOMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
    ran = subprocess.run(
        [
            shell("bash"),
            "--norc",
            "-c",
            script + 'compopt() { echo "compopt $*"; }; _founder; printf "%s\\n" "${COMPREPLY[@]}"',
        ],
        cwd=cwd,
        env={"PATH": path, "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert ran.stderr == ""
    return ran.stdout.split("\n")[:-1]


def test_bash(path: str, tmp_path: Path) -> None:
    assert set(VERBS) <= set(bash(path, ["founder", ""], tmp_path))
    assert bash(path, ["founder", "resta"], tmp_path) == ["restart"]
    assert bash(path, ["founder", "secrets", "s"], tmp_path) == ["show", "set"]
    assert bash(path, ["founder", "restore", "--only", "=", ""], tmp_path) == ["databases", "files"]
    assert bash(path, ["founder", "--file", ""], tmp_path)[0] == "compopt -o default"
    assert bash(path, ["founder", "logs", "x"], tmp_path) == [""]


def test_bash_runs_nothing_that_stands_on_the_line(path: str, tmp_path: Path) -> None:
    bash(path, ["founder", "logs", "$(touch ran)"], tmp_path)
    assert not (tmp_path / "ran").exists()


def test_fish(path: str, tmp_path: Path) -> None:
    script = tmp_path / "founder.fish"
    script.write_text(SCRIPTS["fish"])

    def completed(line: str) -> list[str]:
        ran = subprocess.run(
            [shell("fish"), "--no-config", "-c", f"source {script}; complete --do-complete '{line}'"],
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return ran.stdout.split()

    assert completed("founder resta") == ["restart"]
    assert completed("founder secrets s") == ["set", "show"]
    assert "founder.fish" in completed("founder up --file ")


def test_zsh(path: str, tmp_path: Path) -> None:
    """A real line editor at a pseudo-terminal, with the function where zsh looks for it."""
    functions = tmp_path / "functions"
    functions.mkdir()
    (functions / "_founder").write_text(SCRIPTS["zsh"])
    (tmp_path / ".zshrc").write_text(
        f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -d {tmp_path}/dump; PS1='ready> '\n"
    )
    zsh = shell("zsh")
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(tmp_path)
        os.execve(zsh, [zsh, "-i"], {"PATH": path, "HOME": str(tmp_path), "TERM": "dumb"})
    said = b""

    def has(text: bytes) -> bool:
        nonlocal said
        said += os.read(terminal, 4096)
        return text in said

    try:
        wait_until(lambda: has(b"ready> "), "zsh asks for a command")
        os.write(terminal, b"founder resta\t")
        wait_until(lambda: has(b"restart"), "zsh has filled in the verb")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def test_a_tab_is_not_waited_for(path: str, tmp_path: Path) -> None:
    command = [path.split(":")[0] + "/founder", "completion", "--words", "restart"]
    took = []
    for _again in range(9):
        before = os.times()
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL, timeout=20)
        after = os.times()  # the processor's time, which a busy machine does not change by much
        took.append(sum(after[2:4]) - sum(before[2:4]))
    assert min(took) < TAB_S
