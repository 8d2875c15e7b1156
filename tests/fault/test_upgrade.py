"""Another version of the tool, while people use the app: nobody notices, nothing is lost, and there is a way back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from founderstack import __version__
from tests.conftest import enterable_folder, killed, wait_until
from tests.fault.conftest import NewStack
from tests.fault.stacks import PRECONDITION, ROOT, Founder, Visitors, ask

BEFORE = "ed42f07ea4d50072eb9050458ad96dea29f69033"
"""The last commit of version 0.1, which knew no `upgrade`."""
NEXT = "9.0.0"


@dataclass(frozen=True)
class Repository:
    """Where the tool is cloned from: this tree as the version it says, and one that comes after it."""

    folder: Path

    def git(self, *words: str, folder: Path | None = None) -> str:
        who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "safe.directory=*")
        said = subprocess.run(
            ["git", *who, "-C", str(folder or self.folder), *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        return said.stdout

    def clone(self, folder: Path, ref: str) -> Path:
        self.git("clone", "--quiet", str(self.folder), str(folder))
        self.git("checkout", "--quiet", ref, folder=folder)
        return folder / "founder"


@pytest.fixture(scope="module")
def repository() -> Iterator[Repository]:
    made = Repository(enterable_folder("founder-repository-"))
    made.git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(made.folder), folder=ROOT)
    take_the_tree_as_it_is(made)
    made.git("tag", f"v{__version__}")
    write_next(made)
    made.git("tag", f"v{NEXT}")
    yield made
    shutil.rmtree(made.folder)


def take_the_tree_as_it_is(made: Repository) -> None:
    names = made.git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT).split("\0")
    made.git("rm", "-rq", "--cached", ".")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.folder / name)
        else:
            (made.folder / name).unlink(missing_ok=True)
    made.git("add", "--all")
    made.git("commit", "--quiet", "--allow-empty", "--message", "as it is")


def write_next(made: Repository) -> None:
    """A version with another number; its agent and panel are another program then."""
    code, changes = made.folder / "src/founderstack/__init__.py", made.folder / "CHANGELOG.md"
    code.write_text(code.read_text().replace(f'"{__version__}"', f'"{NEXT}"'))
    first = f"## [{NEXT}] - 2030-01-01\n\n- The panel is blue.\n\n"
    changes.write_text(changes.read_text().replace("## [", f"{first}## [", 1))
    made.git("commit", "--quiet", "--all", "--message", "next")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """The folder that somebody clones the tool into."""
    folder = enterable_folder("founder-checkout-")
    yield folder / "tool"
    shutil.rmtree(folder)


def known(founder: Founder) -> dict[str, Any]:
    """What an upgrade must leave as it is."""
    panel = next(path for path in (founder.state / "data/panel").iterdir() if path.read_bytes()[:6] == b"SQLite")
    with closing(sqlite3.connect(panel)) as database:
        people = database.execute("SELECT * FROM person ORDER BY 1").fetchall()
    return {
        "rows": ask(founder, "SELECT string_agg(text, ',' ORDER BY text) FROM note"),
        "secrets": json.loads((founder.state / "secrets.json").read_text())["values"],
        "people": people,
        "backups": [one["id"] for one in json.loads(founder.run("backups", "--json").out)["sets"]],
        "authority": (founder.state / "tls/ca.crt").read_text(),
    }


def fill(founder: Founder) -> None:
    """Rows, a person in the panel, a backup."""
    ask(founder, "CREATE TABLE note (text text); INSERT INTO note VALUES ('one'), ('two'); GRANT ALL ON note TO app")
    panel = next(path for path in (founder.state / "data/panel").iterdir() if path.read_bytes()[:6] == b"SQLite")
    with closing(sqlite3.connect(panel, timeout=30)) as database, database:
        database.execute("INSERT INTO person VALUES ('ana', 'a hash', 'viewer', 'own', '', 0, 0)")
    founder.ok("backup", "--yes")


def serves_with(founder: Founder) -> str:
    """The copy of the tool that panel and agent run from."""
    return str(json.loads((founder.state / "stack.json").read_text())["tool"])


def test_a_stack_of_the_version_before_is_upgraded_in_place_under_load_and_goes_back(
    repository: Repository, checkout: Path, new_stack: NewStack
) -> None:
    old = first_version(repository)
    founder = replace(new_stack(), launcher=repository.clone(checkout, old))
    founder.ok("up", "--yes")
    fill(founder)
    before, tools = known(founder), [serves_with(founder)]
    with Visitors(founder).visiting() as visitors:
        # Version 0.1 has no verb for it: Git brings the first that has one.
        repository.git("checkout", "--quiet", f"v{__version__}", folder=checkout)
        founder.ok("up", "--yes")
        tools.append(serves_with(founder))
        assert known(founder) == before
        assert founder.ok("-V").out.strip() == f"founder {__version__}"

        said = founder.ok("upgrade", "--yes")
        assert "- The panel is blue." in said.err
        tools.append(serves_with(founder))
        assert founder.ok("-V").out.strip() == f"founder {NEXT}"
        assert known(founder) == before
        assert f"Version {NEXT} is the newest." in founder.ok("upgrade").out

        founder.ok("upgrade", "--back", "--yes")
        assert founder.ok("-V").out.strip() == f"founder {__version__}"
        assert serves_with(founder) == tools[1]
        assert known(founder) == before

        repository.git("checkout", "--quiet", old, folder=checkout)
        founder.ok("up", "--yes")
        assert serves_with(founder) == tools[0]
        assert known(founder) == before
    assert visitors.failed == []
    assert len(set(tools)) == 3
    print("\n  requests answered meanwhile:", dict(visitors.ok))


def first_version(repository: Repository) -> str:
    """A ref of the version before this one; where history was cut off, one made of this tree by its number alone."""
    found = subprocess.run(
        ["git", "-C", str(repository.folder), "cat-file", "-e", f"{BEFORE}^{{commit}}"],
        capture_output=True,
        check=False,
    )
    if found.returncode == 0:
        return BEFORE
    code = repository.folder / "src/founderstack/__init__.py"
    repository.git("checkout", "--quiet", "-b", "older", f"v{__version__}")
    code.write_text(code.read_text().replace(f'"{__version__}"', '"0.0.9"'))
    repository.git("commit", "--quiet", "--all", "--message", "older")
    return repository.git("rev-parse", "HEAD").strip()


def test_one_that_is_killed_or_refused_leaves_the_version_that_runs(
    repository: Repository, checkout: Path, running: Founder
) -> None:
    founder = replace(running, launcher=repository.clone(checkout, f"v{__version__}"))
    founder.ok("up", "--yes")
    before = serves_with(founder)

    changed = checkout / "src/founderstack/__main__.py"
    text = changed.read_text()
    changed.write_text(text + "# mine\n")
    refused = founder.run("upgrade", "--yes")
    assert (refused.code, "src/founderstack/__main__.py" in refused.err) == (PRECONDITION, True)
    changed.write_text(text)
    refused = founder.run("upgrade", "--yes", "--to", "7.1.2")
    assert (refused.code, f"{NEXT}" in refused.err) == (PRECONDITION, True)
    refused = founder.run("upgrade", "--back", "--yes")
    assert (refused.code, "no version to go back to" in refused.err) == (PRECONDITION, True)
    assert founder.run("upgrade").code == 4, "nobody can be asked"

    shutil.rmtree(checkout / ".versions")
    half_way = founder.start("upgrade", "--yes", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(
        lambda: (checkout / f".versions/v{NEXT}/.venv").exists() or half_way.poll() is not None, "it is made", 60
    )
    assert killed(half_way)
    assert founder.ok("-V").out.strip() == f"founder {__version__}"
    assert serves_with(founder) == before

    told = json.loads(founder.ok("upgrade", "--yes", "--json").out)
    assert (told["from"], told["to"], told["done"], told["up"]["code"]) == (__version__, NEXT, True, 0)
    assert founder.ok("-V").out.strip() == f"founder {NEXT}"
    # The app of the next tests is served by the tool as it is here.
    running.ok("up", "--yes")
