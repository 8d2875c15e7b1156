"""The quick answer of `up` is given only by the copy of the tool that left the receipt."""

from __future__ import annotations

from pathlib import Path

from founderstack.cli import unchanged


def test_a_receipt_of_another_copy_of_the_tool_says_nothing_about_this_one() -> None:
    own = str(Path(unchanged.__file__).parents[1])
    assert unchanged._is_of_this_copy({"package": [f"0123 {own}"]})
    assert not unchanged._is_of_this_copy({"package": ["0123 /var/lib/founder/shared/venvs/tool-1/founderstack"]})
    assert not unchanged._is_of_this_copy({})
