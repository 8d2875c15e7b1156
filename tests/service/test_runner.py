"""`founder test` on a small checkout: its last line, its exit code, and what it does with a skipped test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import enterable_folder

ROOT = Path(__file__).parents[2]
GOOD = "def test_good() -> None:\n    assert True\n"
BAD = "def test_bad() -> None:\n    assert False, 'the reason'\n"
SKIPPED = "import pytest\n\n\ndef test_skipped() -> None:\n    pytest.skip('not here')\n"


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    folder = enterable_folder("founder-checkout-")
    (folder / ".ci").mkdir()
    for name in ("pyproject.toml", "uv.lock", "founder", ".ci/run"):
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    yield folder
    shutil.rmtree(folder)


def run(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_CURRENT_TEST")}
    return subprocess.run(
        [sys.executable, "-m", "founderstack", "test", *arguments],
        env={**inherited, "PYTHONPATH": str(checkout / "src"), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.mark.parametrize(
    ("content", "environment", "code", "last"),
    [
        (GOOD, {"CI": "true"}, 0, "1 passed, 0 failed, 0 skipped"),
        (GOOD + BAD, {}, 1, "1 passed, 1 failed, 0 skipped"),
        (GOOD + SKIPPED, {}, 0, "1 passed, 0 failed, 1 skipped"),
        (GOOD + SKIPPED, {"CI": "true"}, 1, "1 passed, 0 failed, 1 skipped"),
    ],
)
def test_the_last_line_counts_and_the_exit_code_judges(
    checkout: Path, content: str, environment: dict[str, str], code: int, last: str
) -> None:
    (checkout / "tests/test_small.py").write_text(content)
    done = run(checkout, "tests/test_small.py", **environment)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last), done.stdout + done.stderr


def test_a_failing_check_does_not_stop_the_ones_after_it(checkout: Path) -> None:
    for name in ("unit", "catalogue", "plans", "contract"):
        (checkout / f"tests/{name}").mkdir(exist_ok=True)
    (checkout / "tests/unit/test_small.py").write_text("import os\n" + GOOD)
    done = run(checkout, "--quick")
    lines = done.stdout.splitlines()
    named = [line.split()[0] for line in lines if line.startswith("  ") and line.split()[1:2] in (["ok"], ["FAILED"])]
    assert named == ["lint", "format", "shell", "scripts", "types", "imports", "unit", "coverage"]
    assert done.returncode == 1
    assert lines[-1].startswith("1 passed, ")
