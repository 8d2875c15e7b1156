"""What `stop` and `restart` say and ask before a service goes."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator

import pytest

from founderstack.cli.stack.single import ask_to_restart, ask_to_stop
from founderstack.cli.terminal.manner import Manner
from founderstack.model.errors import StackError
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import up
from founderstack.testing.world import FakeWorld


@pytest.fixture
def site() -> Site:
    """A stack that is up."""
    site = FakeWorld().site('name = "diary"\n')
    up(site, lambda _prepared: None, lambda _event: None)
    return site


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Somebody sits at the terminal, and types what is written here."""
    outside, inside = pty.openpty()
    with open(inside, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield outside
    os.close(outside)


def test_who_needs_it_is_said_once_for_all_instances(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    ask_to_stop(site, ["redis"], Manner(yes=True))
    assert "! These need it and may fail meanwhile: app, redis-commander\n" in capsys.readouterr().err
    ask_to_stop(site, ["pgadmin"], Manner(yes=True))
    assert capsys.readouterr().err == ""


def test_a_script_is_told_how_to_stop_something_and_restarts_it_without_being_asked(site: Site) -> None:
    with pytest.raises(StackError) as stopped:
        ask_to_stop(site, ["redis"], Manner())
    assert stopped.value.fix == "To stop it all the same, add: --yes"
    ask_to_restart(site, ["redis"], Manner())


@pytest.mark.parametrize("name", ["redis", "postgres", "nginx"])
def test_whoever_sits_there_is_asked_before_something_that_others_need_restarts(
    site: Site, screen: int, name: str
) -> None:
    os.write(screen, b"n\n")
    with pytest.raises(StackError, match="Nothing was changed"):
        ask_to_restart(site, [name], Manner())
    os.write(screen, b"y\n")
    ask_to_restart(site, [name], Manner())


def test_nobody_is_asked_before_a_tool_restarts(site: Site, screen: int) -> None:
    ask_to_restart(site, ["redis-commander"], Manner())
