"""For these tests: errors are compared in English, whatever language the tests run in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from founderstack import locale

# How long an example takes depends on what else the machine does.
settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    locale.use("en")
    yield
    locale.use("")
