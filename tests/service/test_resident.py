"""The agent's world: secrets as they are now, though they are not read each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.resident import agent_world
from founderstack.world.keys.secrets import Secrets


def test_a_rotated_secret_is_filled_in_anew_and_an_open_file_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "diary"
    state.mkdir()
    world, secrets = agent_world(str(state)), Secrets(str(state / "secrets.json"))
    assert world.fill("no reference") == "no reference"
    secrets.ensure(["one"])
    first = world.fill("{{secret:one}}")
    assert first == secrets.get("one") == world.fill("{{secret:one}}")
    secrets.rotate("one")
    assert world.fill("{{secret:one}}") == secrets.get("one") != first
    (state / "secrets.json").chmod(0o644)
    with pytest.raises(StackError, match="can be read by other users"):
        world.fill("{{secret:one}}")
