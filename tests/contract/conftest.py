"""Every test of the contract runs against the fake and, marked `service`, against the host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.machines import Fake, Host, Target, host as started_host


@pytest.fixture(params=["fake", pytest.param("host", marks=pytest.mark.service)])
def target(request: pytest.FixtureRequest) -> Target:
    """A runtime with nothing on it."""
    return Fake() if request.param == "fake" else request.getfixturevalue("host")


@pytest.fixture
def host(home: Path) -> Iterator[Host]:
    """A host runtime with nothing on it."""
    with started_host(home) as made:
        yield made
