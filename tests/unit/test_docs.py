"""The generated pages say what the code says."""

from __future__ import annotations

import pytest

from docs import generate
from founderstack.catalogue import COMPONENTS
from founderstack.model.settings import fields_of
from founderstack.stackfile.keys import StackSettings, ToolSettings


@pytest.mark.parametrize(("name", "text"), generate.pages().items(), ids=generate.pages())
def test_a_generated_page_is_up_to_date(name: str, text: str) -> None:
    assert generate.DOCS.joinpath(name).read_text() == text, "run `python docs/generate.py`"


@pytest.mark.parametrize("settings", [StackSettings, ToolSettings, *(made.settings for made in COMPONENTS.values())])
def test_every_setting_is_explained(settings: type) -> None:
    explained = generate.texts_of(settings)
    assert [field.name for field in fields_of(settings) if not explained.get(field.name)] == []


def test_every_sentence_of_the_generated_pages_exists_in_spanish() -> None:
    assert generate.untranslated() == [], "say it in docs/es.json"
