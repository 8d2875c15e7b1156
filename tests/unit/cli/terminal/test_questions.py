"""Whoever ends the input has said no, and a closed input is nobody to ask."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest

import founderstack.cli
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.transfer import Line
from founderstack.model.events import Event

_END = b"\x04"
"""Ctrl-D, as a terminal sends it."""


class Terminal(io.StringIO):
    """What is drawn on a screen."""

    def isatty(self) -> bool:
        return True


def test_a_question_begins_on_a_line_of_its_own_whatever_progress_stands_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, (outside, inside) = Terminal(), pty.openpty()
    with open(inside, encoding="utf-8") as typed, open(outside, "wb") as keys, redirect_stderr(drawn):
        monkeypatch.setattr(sys, "stdin", typed)
        Line()(Event("progress", "backup:dump:app", 0.0, detail="12 MB"))
        keys.write(b"y\n")
        keys.flush()
        assert questions.agreed("Go on? ")
    assert drawn.getvalue().endswith("12 MB\r\x1b[2K")
    assert capsys.readouterr().out == "Go on? "


def _said(expression: str, keys: bytes | None) -> subprocess.CompletedProcess[str]:
    """What a command prints whose answer is typed at a terminal; None: its input is closed."""
    script = f"from founderstack.cli.terminal import questions; print(repr({expression}))"
    if keys is None:
        script = f"import sys; sys.stdin = None; {script}"  # as Python starts with `founder … <&-`
    screen, inside = pty.openpty()
    os.write(screen, keys or b"")
    try:
        command = ["setsid", sys.executable, "-c", script]
        return subprocess.run(command, stdin=inside, capture_output=True, text=True, timeout=60, check=True)
    finally:
        os.close(inside)
        os.close(screen)


@pytest.mark.parametrize(
    ("expression", "keys", "answer"),
    [
        ("questions.agreed('Go on? ')", _END, "False"),
        ("questions.agreed('Go on? ')", "sí\n".encode(), "True"),
        ("questions.agreed('Go on? ')", None, "False"),
        ("questions.typed('Name: ')", _END, "''"),
        ("questions.typed('Name: ')", b" diary \n", "'diary'"),
        ("questions.piped()", None, "''"),
    ],
)
def test_the_end_of_the_input_is_no_answer(expression: str, keys: bytes | None, answer: str) -> None:
    said = _said(expression, keys)
    assert said.stdout.endswith(answer + "\n")
    assert ("The input has ended" in said.stderr) == (keys == _END)


def test_every_question_is_asked_in_one_way() -> None:
    asking = re.compile(r"\binput\(|getpass\(")
    folder = Path(founderstack.cli.__file__).parent
    found = {path.name for path in folder.rglob("*.py") if asking.search(path.read_text("utf-8"))}
    assert found == {"questions.py"}
