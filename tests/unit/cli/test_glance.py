"""What `status` says of backups from the files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from founderstack.cli.glance import backup_warnings, found, secrets_lost, services
from founderstack.model.backup import NOT_AWAY, NOT_YET
from founderstack.model.errors import StackError
from founderstack.model.identity import Identity
from founderstack.planner.backups.warnings import GAP, LATE

DAY = 86400.0


def test_what_came_to_be_since_somebody_looked_is_said(tmp_path: Path) -> None:
    for folder in ("etc/agent", "agent", "archive"):
        (tmp_path / folder).mkdir(parents=True)
    about = {"v": 1, "stack": "diary", "schedule": "03:30", "archive": f"{tmp_path}/archive"}
    settings, index = tmp_path / "etc/agent/backup.json", tmp_path / "agent/backups.json"
    settings.write_text(json.dumps({**about, "warnings": [NOT_YET, NOT_AWAY]}))
    assert backup_warnings(str(tmp_path), DAY) == [NOT_YET, NOT_AWAY]
    index.write_text(json.dumps({"newest": 4 * 3600.0, "warnings": [NOT_AWAY]}))
    assert backup_warnings(str(tmp_path), 5 * 3600.0) == [NOT_AWAY]
    (tmp_path / "archive/broken").write_text("1000")
    assert backup_warnings(str(tmp_path), 3 * DAY) == [LATE, GAP, NOT_AWAY]
    settings.write_text(json.dumps({"v": 1}))
    assert backup_warnings(str(tmp_path), 3 * DAY) == [], "it makes none"


def test_secrets_that_are_gone_are_missed_once_somebody_was_given_them(tmp_path: Path) -> None:
    assert not secrets_lost(str(tmp_path))
    (tmp_path / "applied").mkdir()
    (tmp_path / "applied/redis.json").write_text(json.dumps({"name": "redis"}))
    assert secrets_lost(str(tmp_path))
    (tmp_path / "secrets.json").write_text("{}")
    assert not secrets_lost(str(tmp_path))


def test_an_app_without_a_release_is_missed_once_something_was_applied(tmp_path: Path) -> None:
    def applied(name: str, group: str) -> None:
        (tmp_path / "applied" / f"{name}.json").write_text(json.dumps({"name": name, "group": group}))

    (tmp_path / "applied").mkdir()
    (tmp_path / "stack.json").write_text(json.dumps({"v": 1, "app": True}))
    assert not found(str(tmp_path)).unreleased
    applied("redis", "data")
    assert found(str(tmp_path)).unreleased
    applied("app-1-0f3a9c-1", "app")
    assert not found(str(tmp_path)).unreleased


@pytest.mark.parametrize(
    ("word", "why", "fix"),
    [
        ("redis", "This stack has: app, valkey, redis-commander.", "Did you mean “valkey”?"),
        ("cache", "This stack has: app, valkey, redis-commander.", "Did you mean “valkey”?"),
        ("valky", "This stack has: app, valkey, redis-commander.", "Did you mean “valkey”?"),
        ("postgres", "This stack has: app, valkey, redis-commander.", "Choose one of them."),
    ],
)
def test_what_fills_a_role_is_known_by_the_other_names_of_it(word: str, why: str, fix: str) -> None:
    app = [Identity(f"app-1-0f3a9c-{n}", f"app-{n}", ring="app", number=n) for n in (1, 2)]
    with pytest.raises(StackError) as unknown:
        services([*app, Identity("valkey"), Identity("redis-commander")], [word])
    assert (unknown.value.why, unknown.value.fix) == (why, fix)


def test_where_nothing_runs_yet_the_next_step_is_said() -> None:
    with pytest.raises(StackError) as unknown:
        services([], ["redis"])
    assert unknown.value.fix == "Run “founder up” first."
