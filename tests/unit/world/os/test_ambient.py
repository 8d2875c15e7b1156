"""What of the caller's environment reaches a program that downloads."""

from __future__ import annotations

import pytest

from founderstack.world.os.ambient import download_environment, state_home


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
