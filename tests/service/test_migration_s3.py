"""Stored objects move by S3 as well, from a real server and into one."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from minio import Minio

from founderstack.catalogue import seaweedfs
from founderstack.migration.context import Context
from founderstack.migration.files.files import Files
from founderstack.migration.files.remote_access import S3Access
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.migration.files.upload_target import BucketShelf, FolderShelf, Shelf
from founderstack.migration.journal import Journal
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Options
from founderstack.model.errors import StackError
from founderstack.world.net.postgres import Address
from founderstack.world.objects.s3 import Bucket, S3Store
from founderstack.world.os.clock import SystemClock
from tests.app.servers import Postgres
from tests.conftest import enterable_folder
from tests.service.components import Components, components
from tests.service.storage_servers import Stored, fill, odd_objects
from tests.service.supabase_source import BINARIES, PASSWORD, SupabaseSource

pytestmark = pytest.mark.timeout(400)

OBJECTS: Stored = {
    # A file where a folder is cannot be in a server that keeps folders.
    **{key: content for key, content in odd_objects().items() if key != ("papers", "a")},
    ("papers", "several parts.bin"): os.urandom(40_000_000),
}


@pytest.fixture(scope="module")
def seaweed(shared_home: Path) -> Iterator[Components]:
    home = enterable_folder("founder-s3-")
    (home / "shared").symlink_to(shared_home)
    with components(home, "[storage]\nmemory_mib = 128\n", ["seaweedfs"]) as running_storage:
        admin = Minio(
            f"127.0.0.1:{running_storage.choices.ports['seaweedfs.s3']}",
            access_key="admin",
            secret_key=running_storage.secrets.get("storage.admin"),
            secure=False,
            region=seaweedfs.REGION,
        )
        for bucket in ("avatars", "papers", "empty"):
            admin.make_bucket(bucket)
        for (bucket, name), content in OBJECTS.items():
            admin.put_object(bucket, name, io.BytesIO(content), len(content))
        yield running_storage
    shutil.rmtree(home)


def access(seaweed: Components, secret: str = "") -> S3Access:
    endpoint = f"http://127.0.0.1:{seaweed.choices.ports['seaweedfs.s3']}"
    return S3Access(endpoint, seaweedfs.REGION, "admin", secret or seaweed.secrets.get("storage.admin"), SystemClock())


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_every_object_comes_by_s3(
    seaweed: Components,
    supabase_copy: Callable[[], SupabaseSource],
    target_server: Postgres,
    tmp_path: Path,
    place: str,
) -> None:
    source = supabase_copy()
    fill(source, OBJECTS)
    target_server.create(place)
    target = Target(Address("127.0.0.1", target_server.port, "diary", place), str(BINARIES))
    journal = Journal(target)
    journal.begin("a source", "supabase", "digest")
    where = Source(Address("127.0.0.1", source.port, "postgres", "postgres", PASSWORD))
    context = Context(
        "supabase", where, target, journal, str(tmp_path), Options(), SystemClock(), lambda _progress: None
    )
    port = seaweed.choices.ports["seaweedfs.s3"]
    app = Bucket(f"http://127.0.0.1:{port}", "app", "app", seaweed.secrets.get("storage.app"), seaweedfs.REGION)
    shelf: Shelf = FolderShelf(str(tmp_path)) if place == "folder" else BucketShelf(S3Store(app))
    files = Files(RemoteFiles(access(seaweed), SystemClock(), patience_s=20), shelf)
    assert [item for item in files.plan(context) if item.fate != "moved"] == []
    files.run(context)
    assert [finding for finding in files.verify(context) if not finding.ok] == []
    with target.connect() as connection:
        keys = dict(connection.execute("select bucket_id || '/' || name, key from storage.files").fetchall())
    read = (lambda key: (tmp_path / key).read_bytes()) if place == "folder" else (lambda key: _read(S3Store(app), key))
    assert {path: read(key) for path, key in keys.items()} == {
        "/".join(key): content for key, content in OBJECTS.items()
    }


def test_a_wrong_secret_is_refused_with_its_cure(seaweed: Components) -> None:
    with (
        pytest.raises(StackError, match="403") as refused,
        RemoteFiles(access(seaweed, "wrong"), SystemClock()) as remote,
    ):
        remote.check("papers")
    assert "S3 key pair" in refused.value.fix


def test_a_name_with_a_path_before_it_is_signed_whole() -> None:
    """Supabase's S3 lies under a path of its host, which client libraries refuse."""
    access = S3Access("https://p.storage.supabase.co/storage/v1/s3", "eu-west-1", "k", "s", SystemClock())
    target = access.target("papers", "a b/ä?.pdf")
    assert (access.origin, target) == (
        "https://p.storage.supabase.co",
        "/storage/v1/s3/papers/a%20b/%C3%A4%3F.pdf",
    )
    headers = access.signed("GET", target, {"Range": "bytes=5-"})
    assert "Credential=k/" in headers["Authorization"]
    assert "/eu-west-1/s3/aws4_request" in headers["Authorization"]
    assert "range" in headers["Authorization"]


def _read(store: S3Store, key: str) -> bytes:
    with store.open(key) as source:
        found = b""
        while chunk := source.read(1024 * 1024):
            found += chunk
        return found
