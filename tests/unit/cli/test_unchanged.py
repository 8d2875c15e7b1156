"""The quick answer of `up` is given only by the copy of the tool that left the receipt."""

from __future__ import annotations

import json
from pathlib import Path

from founderstack.cli import unchanged


def test_a_receipt_of_another_copy_of_the_tool_says_nothing_about_this_one() -> None:
    own = str(Path(unchanged.__file__).parents[1])
    assert unchanged._is_of_this_copy({"package": [f"0123 {own}"]})
    assert not unchanged._is_of_this_copy({"package": ["0123 /var/lib/founder/shared/venvs/tool-1/founderstack"]})
    assert not unchanged._is_of_this_copy({})


def test_the_verdict_is_about_the_stack_and_not_about_tools_elsewhere(tmp_path: Path) -> None:
    def verdict(stack: str, elsewhere: str, error: str = "") -> bool:
        content = {
            "processes": {"web": {"state": stack, "error": error}},
            "outside": {"outside-grafana": {"state": elsewhere}},
        }
        path = tmp_path / "state.json"
        path.write_text(json.dumps(content, separators=(",", ":")))
        return unchanged._verdict_is_good(str(path))

    assert verdict("online", "down")
    assert not verdict("down", "online")
    assert not verdict("down", "online", '"outside":')
