"""No text keeps a regular expression busy: a linter made for it reads those of the app, the panel and the tool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.app.patterns import scripts
from tests.app.servers import APP, Build, installed

ROOT = APP.parent
TOOL = ROOT / "tools/regexes"
BAD = """
export const links = (text: string) => [...text.matchAll(/\\]\\(<?([^)>\\s]+)>?[^)]*\\)/g)];
export const isAddress = (text: string) => /^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$/.test(text);
export const trimmed = (text: string) => text.replace(/\\s+$/, "");
"""
BAD_PYTHON = """
import re
_NUMBERS = re.compile(r"\\d+;")
_QUOTED = re.compile(r"(?:a|[a-c])*+;")
_TWICE = re.compile("^(?:one|two|one)$")
def first(text):
    return _NUMBERS.search(text) or re.fullmatch(r"(?P<quote>['\\"]).{0,9}(?P=quote)", text)
"""


@pytest.fixture(scope="module")
def linter(shared_home: Path, built: Build) -> Path:
    folder = installed(shared_home / "app-tests", built.node, TOOL, "--ignore-scripts")
    shutil.copy2(TOOL / "eslint.config.mjs", folder)
    return folder


def complaints(linter: Path, node: Path, folder: Path) -> str:
    """What the linter says of a folder's scripts; it reads only below its own."""
    copy = linter / "read"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("node_modules", ".next", "dist"))
    argv = [str(node / "bin/node"), "node_modules/eslint/bin/eslint.js", "--quiet", "read"]
    done = subprocess.run(argv, cwd=linter, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_the_linter_finds_overlapping_repetitions(linter: Path, built: Build, tmp_path: Path) -> None:
    (tmp_path / "bad.ts").write_text(BAD)
    assert complaints(linter, built.node, tmp_path).count("  error  ") == 3


@pytest.mark.parametrize("folder", ["app", "src/founderstack/panel"])
def test_no_text_keeps_a_regular_expression_busy(linter: Path, built: Build, folder: str) -> None:
    assert complaints(linter, built.node, ROOT / folder) == ""


def test_expressions_of_python_are_found_and_read_as_well(linter: Path, built: Build, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/bad.py").write_text(BAD_PYTHON)
    said = complaints(linter, built.node, written(tmp_path / "source", tmp_path / "scripts"))
    found = [line.split()[0].partition(":")[0] for line in said.splitlines() if "  error  " in line]
    assert sorted(set(found)) == ["1", "2", "3"]


def test_no_text_keeps_a_regular_expression_of_the_tool_busy(linter: Path, built: Build, tmp_path: Path) -> None:
    assert complaints(linter, built.node, written(ROOT / "src", tmp_path / "scripts")) == ""


def written(source: Path, folder: Path) -> Path:
    """A folder with the regular expressions of a folder of Python, as scripts."""
    folder.mkdir()
    for name, text in scripts(source):
        (folder / name).write_text(text)
    return folder
