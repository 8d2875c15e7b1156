"""The package as `pipx install .` and `uv tool install .` get it: whole, and enough on its own."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from founderstack import __version__

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


def uv(*arguments: str, cwd: Path = ROOT) -> None:
    subprocess.run([find_uv_bin(), *arguments], cwd=cwd, check=True, capture_output=True, timeout=180)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", str(folder))
    return next(folder.glob("*.whl"))


def test_the_package_holds_every_file_of_the_source(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    present = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".po"
    }
    assert packed == present


@pytest.fixture(scope="module")
def founder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command of an installed package, in an environment of its own."""
    folder = tmp_path_factory.mktemp("installed")
    uv("venv", str(folder / "venv"), cwd=folder)
    uv("pip", "install", "--python", str(folder / "venv"), str(wheel), cwd=folder)
    return str(folder / "venv/bin/founder")


def test_an_installed_package_gives_the_command_in_english_and_spanish(founder: str) -> None:
    assert _said(founder, "--version") == f"founder {__version__}\n"
    assert "show this help message and exit" in _said(founder, "up", "--help")
    assert "mostrar esta ayuda y terminar" in _said(founder, "up", "--help", LANG="es_ES.UTF-8")


def test_an_installed_package_says_where_the_tests_are(founder: str) -> None:
    asked = subprocess.run([founder, "test"], capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode == 6
    assert "./founder test" in asked.stderr


def _said(*command: str, **environment: str) -> str:
    environment = {**{name: os.environ[name] for name in ("PATH", "HOME")}, **environment}
    return subprocess.run(
        command, env=environment, cwd="/", check=True, capture_output=True, text=True, timeout=60
    ).stdout
