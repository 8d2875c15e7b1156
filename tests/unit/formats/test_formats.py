"""What version 0.1 wrote into a state folder is read by every later version; `docs/formats.md` names each file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from founderstack.agent import alerts
from founderstack.agent.watching.records import Records as Applied
from founderstack.backups.sets.ledger import Ledger
from founderstack.cli import glance
from founderstack.model.state_folder import StateFolder
from founderstack.operations.stack.status import status
from founderstack.runtimes.host.records import Records, instance_of
from founderstack.testing.clock import FakeClock
from founderstack.world.keys.secrets import Secrets
from founderstack.world.os.files import read_json
from founderstack.world.state.releases import Releases

KEPT = Path(__file__).parent / "folder-0.1"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def old(tmp_path: Path) -> StateFolder:
    folder = shutil.copytree(KEPT, tmp_path / "s")
    (folder / "secrets.json").chmod(0o600)
    return StateFolder(str(folder))


def test_what_was_applied_by_version_0_1_is_known(old: StateFolder) -> None:
    assert set(Records(old.applied).all()) == {"agent", "app-1-766eb9-1", "nginx", "postgres", "redis"}
    app = instance_of(Records(old.applied).all()["app-1-766eb9-1"], up=True)
    assert (app.ring, app.up, sorted(app.parts)) == (
        "app",
        True,
        ["command", "description", "environment", "file:listen.cjs"],
    )
    watched = Applied(old.applied, old.tools)
    assert watched.refresh()
    who = watched.by_name["app-1-766eb9-1"].identity
    assert who == app.identity
    assert (who.family, who.generation, who.number, who.release) == ("app-1", "1-766eb9", 1, "1")
    assert (watched.by_name["postgres"].ready.kind, watched.by_name["postgres"].identity.family) == ("sql", "postgres")


def test_secrets_and_releases_of_version_0_1_are_known(old: StateFolder) -> None:
    assert Secrets(old.secrets).get("app.auth") == "AAAAAAAAAAAAAAAAAAAAAAapp_authAA"
    serving = Releases(old.releases, FakeClock(), lambda _digests: None).current()
    assert serving is not None
    assert (serving.number, serving.digest, serving.revision.author) == (1, "c76b9f3ad0806c0ab4fa", "Ana")


def test_what_the_agent_of_version_0_1_kept_is_known(old: StateFolder) -> None:
    found = glance.found(old.path)
    at = found.health_at
    shown = {line.name: line for line in status(found, at + 1).lines}
    assert shown["postgres"].title == "PostgreSQL"
    app = shown["app-1-766eb9-1"]
    assert (app.service, app.family, app.instance) == ("app", "app-1", "1/1")
    assert found.health["postgres"]["state"] == "online"
    kept = alerts.restored(read_json(old.alerts))
    assert kept.samples is not None
    assert {disk: len(samples) for disk, samples in kept.samples.items()} == {"/var/lib/founder/s": 2}
    assert glance.backup_warnings(old.path, at) == read_json(old.backup_index)["warnings"]


def test_sets_that_version_0_1_left_in_a_place_are_known(old: StateFolder) -> None:
    held = Ledger(old.ledger).held("/var/lib/founder/s/backups")
    assert {set_id[:8] for set_id in held} == {"20261130"}


def test_every_file_of_the_state_folder_is_written_down() -> None:
    text = (ROOT / "docs/formats.md").read_text()
    folder = StateFolder("")
    paths = [getattr(folder, name) for name, value in vars(StateFolder).items() if isinstance(value, property)]
    missing = [path for path in paths if path.strip("/") not in text and Path(path).name not in text]
    assert missing == []
    assert len(paths) > 20
