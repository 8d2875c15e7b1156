"""What counts as a request to the agent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from founderstack.agent.verbs import VERBS, fits, read_request
from founderstack.model.errors import StackError


def line(verb: object = "ping", args: object = None, version: object = 1) -> bytes:
    return json.dumps({"v": version, "verb": verb, "args": {} if args is None else args}).encode()


def test_a_request_of_the_table_is_read() -> None:
    assert read_request(line("restart", {"process": "web"}), "panel").arguments == {"process": "web"}
    for optional in (dict[str, int](), {"limit": 3}):
        assert read_request(line("happened", optional), "panel").arguments == optional


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000,
        line("destroy"), line(["ping"]), line({}), line("ping", []), line("ping", {"x": 1}),
        line("restart"), line("restart", {"process": 7}), line("restart", {"process": "web", "more": "x"}),
        line("happened", {"limit": "3"}), line("happened", {"limit": True}), line("logs", {"lines": 3}),
        line(version=2), line(version="1"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(bad: bytes) -> None:
    with pytest.raises(StackError):
        read_request(bad, "owner")


def test_the_panel_may_not_end_the_agent() -> None:
    assert read_request(line("stop"), "owner").verb == "stop"
    with pytest.raises(StackError, match="refused"):
        read_request(line("stop"), "panel")


def test_every_verb_says_what_it_does_and_its_arguments_are_plain() -> None:
    for name, verb in VERBS.items():
        assert name == verb.name
        assert verb.summary
        assert {*verb.arguments.values(), *verb.optional.values()} <= {str, int, bool, dict}
        assert not verb.arguments.keys() & verb.optional.keys()


@given(st.binary(max_size=200) | st.sampled_from([line(), line("stop"), line("restart", {"process": "web"})]))
def test_bytes_are_refused_or_ask_what_the_panel_may(content: bytes) -> None:
    try:
        request = read_request(content, "panel")
    except StackError:
        return
    verb = VERBS[request.verb]
    assert "panel" in verb.callers
    assert fits(request.arguments, verb.arguments, verb.optional)
