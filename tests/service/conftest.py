"""A Supabase-shaped source for whoever moves away from one: built once, copied for who writes to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import enterable_folder
from tests.service.supabase_source import SupabaseSource, build, supabase_source


@pytest.fixture(scope="session")
def supabase_built() -> Iterator[Path]:
    """The folder of a built source that is not running."""
    folder = enterable_folder("founder-supabase-")
    build(folder / "built")
    yield folder / "built"
    shutil.rmtree(folder)


@pytest.fixture
def supabase_copy(supabase_built: Path) -> Iterator[Callable[[], SupabaseSource]]:
    """Start a source of the test's own, which it may write to."""
    folder = enterable_folder("founder-supabase-copy-")
    with ExitStack() as stack:
        numbers = iter(range(10))
        yield lambda: stack.enter_context(supabase_source(folder / str(next(numbers)), copy_of=supabase_built))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def supabase(supabase_built: Path) -> Iterator[SupabaseSource]:
    """A running source that tests only read from."""
    folder = enterable_folder("founder-supabase-shared-")
    with supabase_source(folder, copy_of=supabase_built) as source:
        yield source
    shutil.rmtree(folder)
