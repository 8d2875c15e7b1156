"""What of the caller's environment reaches a program that downloads."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from founderstack.cli.verbs.help import TOPICS
from founderstack.world.os.ambient import download_environment, state_home, user_root


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL", "FOUNDER_HOME", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_secrets_of_the_caller_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert not download_environment().keys() & {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "PATH"}


def test_proxies_pass_in_the_spelling_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert download_environment()["HTTPS_PROXY"] == "http://proxy:3128"


def test_the_index_set_for_pip_serves_uv_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert download_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    monkeypatch.setenv("UV_INDEX_URL", "https://other.example/simple")
    assert "UV_DEFAULT_INDEX" not in download_environment()


def test_an_authority_file_that_is_not_there_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    assert "SSL_CERT_FILE" not in download_environment()


def test_the_state_root_may_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_home() == ""
    monkeypatch.setenv("FOUNDER_HOME", "/srv/founder")
    assert state_home() == "/srv/founder"


def test_the_usual_folder_for_state_is_heeded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    usual = f"{tmp_path}/.local/state/founder"
    assert user_root() == usual
    monkeypatch.setenv("XDG_STATE_HOME", f"{tmp_path}/xdg")
    assert user_root() == f"{tmp_path}/xdg/founder"
    os.makedirs(usual)
    assert user_root() == usual, "what is there is not lost sight of"
    os.makedirs(f"{tmp_path}/xdg/founder")
    assert user_root() == f"{tmp_path}/xdg/founder"


def test_every_variable_of_ours_is_in_the_help() -> None:
    source = Path(__file__).parents[4] / "src/founderstack"
    found = {
        name for path in source.rglob("*.py") for name in re.findall(r"\bFOUNDER_[A-Z0-9_]+[A-Z0-9]", path.read_text())
    }
    # What the tool says to its own processes, and what developers say to the tests.
    own = {"FOUNDER_ASKED_BY", "FOUNDER_PGADMIN_SETTINGS", "FOUNDER_REDIS_COMMANDER_SETTINGS", "FOUNDER_TEST_SHARED"}
    own |= {"FOUNDER_OWN_VERSION"}
    assert {name for name in found - own if name not in TOPICS["environment"] and name != "FOUNDER_S3"} == set()
