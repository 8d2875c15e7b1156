"""`founder secrets` names who is given a secret as `founder status` does."""

from __future__ import annotations

import json

import pytest

from founderstack.cli.verbs import secrets
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld


def test_services_and_no_instances_or_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    site = FakeWorld().site('name = "diary"\n')
    up(site, lambda _prepared: None, lambda _event: None)
    secrets._list(site, as_json=False)
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])
    assert rows["postgres.app"] == "app, postgres"
    assert rows["panel.gateway"] == "nginx, panel"
    assert rows["backup.identity"] == "backups"
    secrets._list(site, as_json=True)
    assert json.loads(capsys.readouterr().out)["v"] == 1
