"""Stacks to break: one prepared `shared` folder for all, small stacks wherever the whole one is not needed."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import enterable_folder
from tests.fault.stacks import Founder, gone_afterwards, small_stack

HERE = Path(__file__).parent
_numbers = itertools.count(1)

NewStack = Callable[..., Founder]
"""Makes the folder of one more small stack; it is destroyed when the test ends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first stack makes the environments that the others share, which takes longer than a test may."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def state_root(shared_home: Path) -> Iterator[Path]:
    """The FOUNDER_HOME of all stacks of the run."""
    folder = enterable_folder("founder-faults-")
    (folder / "shared").symlink_to(shared_home)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new_stack(state_root: Path, tmp_path: Path) -> Iterator[NewStack]:
    with ExitStack() as stack:

        def make(home: Path = state_root, **options: str) -> Founder:
            return stack.enter_context(
                gone_afterwards(small_stack(tmp_path / f"stack{next(_numbers)}", home, **options))
            )

        yield make


@pytest.fixture(scope="module")
def running(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founder]:
    """A small stack that is up, for the tests of one file; each leaves it up."""
    with gone_afterwards(small_stack(tmp_path_factory.mktemp("running"), state_root)) as founder:
        founder.ok("up", "--yes")
        yield founder
