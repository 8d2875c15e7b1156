"""Secrets that are lost with the backups of this machine, back from a bucket, whose keys were among them."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.backups.sets.set_store import SetStore
from founderstack.cli.backups import secrets_back
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.testing.world import FakeWorld
from founderstack.world.keys.sealing import Key, new_identity
from tests.service.bucket_server import bucket_server

SET = "20261124T033000Z-aaaaaa"


def _packed() -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        about = tarfile.TarInfo("state/secrets.json")
        content = b"postgres.app backup.s3_key"
        about.size = len(content)
        packed.addfile(about, io.BytesIO(content))
    return io.BytesIO(archive.getvalue())


def test_they_come_back_from_the_bucket_with_what_stands_on_paper(
    shared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = new_identity()
    with bucket_server(shared_home) as server:
        made = SetStore(server.store(), "diary").begin(SET, Key(identity))
        made.add("settings.tar", "settings", "", _packed())
        made.finish(Manifest(SET, "diary", 1000.0, 1.0, "dump", "full", ()))
        about = server.about
        settings = {"s3_endpoint": about.endpoint, "s3_bucket": about.bucket, "s3_prefix": about.prefix}
        lines = [f'{name} = "{value}"' for name, value in {**settings, "s3_ca": about.ca}.items()]
        site = FakeWorld().site("\n".join(['name = "diary"', "[backup]", f'folder = "{tmp_path}/none"', *lines]))
        site = replace(site, places=replace(site.places, state=str(tmp_path)))
        monkeypatch.setenv("FOUNDER_BACKUP_KEY", identity)
        with pytest.raises(StackError, match="FOUNDER_S3_KEY is not set"):
            secrets_back.run(site, "", "")
        monkeypatch.setenv("FOUNDER_S3_KEY", about.key)
        monkeypatch.setenv("FOUNDER_S3_SECRET", about.secret)
        assert secrets_back.run(site, "", "") == 0
    assert site.secrets.names() == ["backup.s3_key", "postgres.app"]
    assert SET in capsys.readouterr().out
