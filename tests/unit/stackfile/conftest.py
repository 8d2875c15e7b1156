"""For these tests: errors are compared in English, whatever language the tests run in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from founderstack import locale


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    locale.use("en")
    yield
    locale.use("")
