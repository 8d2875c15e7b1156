"""The secrets file of a stack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.process import secret
from founderstack.world.keys.secrets import Secrets


@pytest.fixture
def store(tmp_path: Path) -> Secrets:
    kept = Secrets(f"{tmp_path}/secrets.json")
    kept.ensure(["postgres.app", "auth"])
    return kept


def test_each_is_made_once_and_is_long_enough(store: Secrets) -> None:
    value = store.get("auth")
    assert store.ensure(["auth", "new"]) == ["new"]
    assert store.get("auth") == value
    assert len(value) * 6 >= 128
    assert len({store.get(name) for name in store.names()}) == 3
    assert os.stat(store.path).st_mode & 0o777 == 0o600


def test_a_rotation_changes_one_value_and_one_digest(store: Secrets) -> None:
    value, before = store.get("auth"), store.digests()
    assert store.rotate("auth") == store.get("auth") != value
    after = store.digests()
    assert {name for name in after if after[name] != before[name]} == {"auth"}


@pytest.mark.parametrize("damage", [False, True])
def test_what_was_made_anew_is_taken_back(store: Secrets, damage: bool) -> None:
    if damage:
        Path(store.path).write_text("{")
    before = Path(store.path).read_bytes()
    put_back = store.as_they_are()
    store.start_anew()
    store.ensure(["auth", "later"])
    put_back()
    assert Path(store.path).read_bytes() == before
    assert os.stat(store.path).st_mode & 0o777 == 0o600
    os.unlink(store.path)
    put_back = store.as_they_are()
    store.ensure(["auth"])
    put_back()
    assert not store.exists()


def test_digests_reveal_nothing_and_differ_between_stacks(store: Secrets, tmp_path: Path) -> None:
    other = Path(f"{tmp_path}/other.json")
    other.write_text(Path(store.path).read_text().replace('"salt": "', '"salt": "x'))
    other.chmod(0o600)
    assert Secrets(str(other)).get("auth") == store.get("auth")
    assert Secrets(str(other)).digests() != store.digests()
    assert store.get("auth") not in str(store.digests())


def test_references_are_filled_in(store: Secrets) -> None:
    value = store.get("auth")
    assert store.fill(f"a={secret('auth')} b={secret('auth', 'sh')}") == f"a={value} b='{value}'"
    assert store.fill(secret("auth", "json")) == value
    assert store.fill("nothing {{here}}") == "nothing {{here}}"


def test_a_password_hash_is_right_and_stays_the_same(store: Secrets) -> None:
    from argon2 import PasswordHasher

    hashed = store.fill(secret("auth", "argon2"))
    assert PasswordHasher().verify(hashed, store.get("auth"))
    assert store.fill(secret("auth", "argon2")) == hashed


def test_a_missing_one_is_named(store: Secrets) -> None:
    with pytest.raises(StackError, match="no secret nothing"):
        store.fill(secret("nothing"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 1}', '{"format": 1, "salt": "%s", "values": {"auth": "short"}}' % ("s" * 32)],
)
def test_a_damaged_file_is_never_written_over(store: Secrets, text: str) -> None:
    Path(store.path).write_text(text)
    for use in (lambda: store.get("auth"), lambda: store.ensure(["more"]), lambda: store.rotate("auth")):
        with pytest.raises(StackError, match="is damaged") as raised:
            use()
        assert raised.value.exit_code == EXIT_PRECONDITION
    assert Path(store.path).read_text() == text


def test_a_file_that_others_may_read_is_refused(store: Secrets) -> None:
    os.chmod(store.path, 0o640)
    with pytest.raises(StackError, match="can be read by other users"):
        store.get("auth")


def test_a_lost_file_can_be_told_from_a_new_stack(store: Secrets) -> None:
    assert store.exists()
    os.unlink(store.path)
    assert not store.exists()
    assert store.names() == []


@pytest.mark.parametrize("damaged", ["", "{"])
def test_what_a_backup_holds_takes_the_place_of_what_is_lost_or_damaged(store: Secrets, damaged: str) -> None:
    path, held, digests = Path(store.path), Path(store.path).read_text(), store.digests()
    path.unlink()
    if damaged:
        path.write_text(damaged)
    with pytest.raises(StackError, match="damaged"):
        store.put_back("{}")
    store.put_back(held)
    assert store.digests() == digests
    assert path.stat().st_mode & 0o777 == 0o600
    assert Path(f"{path}.old").exists() == bool(damaged)
    with pytest.raises(StackError, match="not lost") as told:
        store.put_back(held)
    assert f"mv {path} {path}.old" in told.value.fix


def test_what_a_person_has_given_is_kept_as_it_is_and_never_made_by_the_tool(tmp_path: Path) -> None:
    store = Secrets(f"{tmp_path}/given.json")
    store.ensure(["postgres.app"])
    store.put("backup.s3_key", "short")
    assert store.given() == ["backup.s3_key"]
    assert store.names() == ["backup.s3_key", "postgres.app"]
    assert store.ensure(["backup.s3_key"]) == []
    assert store.get("backup.s3_key") == "short"
    before = store.digests()["backup.s3_key"]
    with pytest.raises(StackError, match="cannot be made anew"):
        store.rotate("backup.s3_key")
    store.start_anew()
    assert store.names() == ["backup.s3_key"]
    store.put("backup.s3_key", "another")
    assert store.digests()["backup.s3_key"] != before
    store.remove("backup.s3_key")
    assert store.names() == []
    with pytest.raises(StackError, match=r"There is no secret backup\.s3_key"):
        store.remove("backup.s3_key")
