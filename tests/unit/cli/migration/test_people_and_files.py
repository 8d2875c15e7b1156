"""What is said about people and files on the command line, and what is remembered of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from founderstack.cli.migration.people_and_files import Extras, add_options
from founderstack.migration.files.remote_access import RestAccess, S3Access
from founderstack.model.errors import StackError
from founderstack.operations.stack.site import Site
from founderstack.world.net.postgres import parse
from founderstack.world.os.clock import SystemClock

DIRECT = "postgres://postgres@db.abcd.supabase.co:5432/postgres"
POOLER = "postgres://postgres.abcd@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
OWN = "postgres://postgres@db.example.com:5432/postgres"


def extras(folder: Path, source: str, *words: str) -> Extras:
    options = argparse.ArgumentParser()
    options.add_argument("--json", action="store_true")
    options.add_argument("--events", action="store_true")
    add_options(options)
    site = cast(Site, SimpleNamespace(clock=SystemClock()))
    return Extras(site, parse(source), str(folder), options.parse_args(words), asks=False)


def access(folder: Path, source: str, key: str, *words: str) -> Any:
    (folder / "key").write_text(key, encoding="utf-8")
    said = extras(folder, source, "--files-key", str(folder / "key"), *words)
    return said._access(said._choices())


@pytest.mark.parametrize("source", [DIRECT, POOLER])
def test_one_word_is_the_key_of_the_service_role(tmp_path: Path, source: str) -> None:
    assert access(tmp_path, source, "eyJhbGc.x.y\n") == RestAccess("https://abcd.supabase.co", "eyJhbGc.x.y")


def test_two_words_are_an_s3_key_pair_and_the_pooler_tells_the_region(tmp_path: Path) -> None:
    found = access(tmp_path, POOLER, "ID SECRET")
    assert isinstance(found, S3Access)
    assert (found.endpoint, found.region) == ("https://abcd.storage.supabase.co/storage/v1/s3", "eu-central-1")
    assert (found.key, found.secret) == ("ID", "SECRET")


def test_elsewhere_the_storage_must_be_named_and_is_remembered_without_its_key(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="Where is the source’s storage") as missing:
        access(tmp_path, OWN, "key")
    assert "--files-url" in missing.value.fix
    found = access(tmp_path, OWN, "key", "--files-url", "https://storage.example.com")
    assert found.where == "https://storage.example.com/storage/v1"
    assert access(tmp_path, OWN, "key").where == found.where
    assert json.loads((tmp_path / "choices.json").read_text()) == {
        "files_url": "https://storage.example.com",
        "without_files": False,
    }


def test_choices_about_people_are_remembered_and_can_be_taken_back(tmp_path: Path) -> None:
    extras(tmp_path, OWN, "--second-factor", "dropped", "--provider", "azure=microsoft")._choices()
    extras(tmp_path, OWN, "--provider", "sso:5a=acme")._choices()
    kept = extras(tmp_path, OWN)._choices()
    assert kept["providers"] == {"azure": "microsoft", "sso:5a": "acme"}
    assert kept["second_factor"] == "dropped"
    assert extras(tmp_path, OWN, "--second-factor", "closed")._choices()["second_factor"] == "closed"


@pytest.mark.parametrize("pair", ["azure", "=x", "azure="])
def test_half_a_pair_of_providers_is_refused(tmp_path: Path, pair: str) -> None:
    with pytest.raises(StackError, match="two names"):
        extras(tmp_path, OWN, "--provider", pair)._choices()


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = extras(tmp_path, OWN, "--files-key", str(tmp_path / "none"))
    with pytest.raises(StackError, match="none is not there"):
        said._access({})


def test_without_a_key_nobody_is_asked_for_one_by_a_command_that_reads_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOUNDER_SOURCE_FILES_KEY", raising=False)
    assert extras(tmp_path, OWN)._access({}) is None
    monkeypatch.setenv("FOUNDER_SOURCE_FILES_KEY", "key")
    assert extras(tmp_path, DIRECT)._access({}) is not None


def test_keys_are_in_no_representation() -> None:
    clock = SystemClock()
    shown = repr(RestAccess("https://x", "hidden-key")) + repr(S3Access("https://x", "r", "id", "hidden-key", clock))
    assert "hidden-key" not in shown
