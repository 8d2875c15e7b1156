"""The objects of a stack's own S3 in a set, and back: a real SeaweedFS, as the catalogue starts it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from minio.commonconfig import Tags

from founderstack.backups.buckets.archive import BucketArchive, packed
from founderstack.backups.buckets.part import NotTaken, Objects, look_through
from founderstack.backups.buckets.s3_admin import ObjectStorage
from founderstack.model.errors import StackError
from founderstack.model.words import Buckets
from founderstack.world.objects.s3 import Bucket, S3Store
from tests.service.components import Components
from tests.service.test_seaweedfs import client, get, put

pytestmark = pytest.mark.timeout(400)

CORS = (
    b"<CORSConfiguration><CORSRule><AllowedOrigin>https://diary.example</AllowedOrigin>"
    b"<AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>"
)
PLAIN = {
    "ana/photo": os.urandom(300_000),
    "ana": b"an object where others have a folder",
    "large": os.urandom(20_000_000),
    "empty": b"",
    "with space+plus&?#ñ\nline": b"odd",
    "%2E/x": b"percent",
}


def objects_of(storage: Components, beginning: str = "") -> Objects:
    declared = storage.view("storage").one(Buckets)
    secret = storage.secrets.get(declared.secret)
    server = Bucket(declared.endpoint, "", declared.key, secret, declared.region, tries=1, cure="Run: founder up")
    return Objects("seaweedfs", server, NotTaken(declared.left_out, beginning))


@pytest.fixture
def filled(storage: Components) -> Components:
    """The storage with the same objects each time, and nothing else."""
    admin, app = client(storage, "admin"), client(storage, "app")
    for bucket in admin.list_buckets():
        for found in sorted(admin.list_objects(bucket.name, recursive=True), key=lambda one: str(one.object_name)):
            admin.remove_object(bucket.name, str(found.object_name))
    for name, content in PLAIN.items():
        put(app, "app", name, content)
    tags = Tags.new_object_tags()
    tags["kind"] = "portrait of Ana"
    app.put_object(
        "app", "told", io.BytesIO(b"told"), 4, content_type="image/webp", tags=tags,
        metadata={"Cache-Control": "max-age=3", "Content-Encoding": "gzip", "x-amz-meta-owner": "Ana"},
    )  # fmt: skip
    app.put_object("app", "folder/", io.BytesIO(b""), 0)
    app._execute("PUT", "app", "sealed", body=b"sealed", headers={"x-amz-server-side-encryption": "AES256"})
    admin._execute("PUT", "app", query_params={"cors": ""}, body=CORS)
    put(client(storage, "backup"), "backup", "diary/sets/one", b"a set of another stack")
    return storage


def archive(objects: Objects, meanwhile: Callable[[], object] = lambda: None) -> tuple[bytes, list[str]]:
    """The archive and the names of what vanished; something happens after its first bytes."""
    packing = BucketArchive(ObjectStorage(objects.server), objects.left_out)
    with packed(packing) as stream:
        parts = [stream.read(1)]
        meanwhile()
        while chunk := stream.read(1 << 20):
            parts.append(chunk)
    return b"".join(parts), packing.gone


def test_objects_come_back_as_they_were_whatever_happened_to_them(filled: Components) -> None:
    app, admin, objects = client(filled, "app"), client(filled, "admin"), objects_of(filled)
    kept, gone = archive(objects)
    before = ObjectStorage(objects.server)
    stats = {key: before.stat("app", key) for key in before.keys("app")}
    assert gone == []
    assert stats["told"] is not None
    assert stats["told"].headers["x-amz-tagging"] == "kind=portrait+of+Ana"
    put(app, "app", "ana/photo", b"spoilt")
    app.remove_object("app", "large")
    app.delete_object_tags("app", "told")
    put(app, "app", "folder/later", b"not there then")
    put(app, "app", "later/too", b"not there then")
    admin._execute("DELETE", "app", query_params={"cors": ""})
    objects.put_back(io.BytesIO(kept))
    objects.put_back(io.BytesIO(kept))
    assert {name: get(app, "app", name) for name in PLAIN} == PLAIN
    assert sorted(before.keys("app")) == sorted(stats)
    for key, stat in stats.items():
        now = before.stat("app", key)
        assert stat is not None
        assert now is not None
        assert (now.headers, now.size) == (stat.headers, stat.size), key
    assert b"https://diary.example" in admin._execute("GET", "app", query_params={"cors": ""}).data


def test_what_is_as_it_was_is_not_written_again(filled: Components) -> None:
    objects = objects_of(filled)
    kept, _gone = archive(objects)
    storage = ObjectStorage(objects.server)
    before = storage.stat("app", "ana/photo")
    objects.put_back(io.BytesIO(kept))
    assert storage.stat("app", "ana/photo") == before


def test_an_empty_server_gets_everything_with_its_buckets(filled: Components) -> None:
    admin, objects = client(filled, "admin"), objects_of(filled)
    admin.make_bucket("pictures")
    put(admin, "pictures", "one", b"1")
    kept, _gone = archive(objects)
    for bucket in ("app", "pictures"):
        for key in sorted(ObjectStorage(objects.server).keys(bucket)):
            admin.remove_object(bucket, key)
        admin.remove_bucket(bucket)
    objects.put_back(io.BytesIO(kept))
    assert get(admin, "pictures", "one") == b"1"
    assert {name: get(client(filled, "app"), "app", name) for name in PLAIN} == PLAIN
    admin.remove_object("pictures", "one")
    admin.remove_bucket("pictures")


def test_sets_that_lie_in_the_storage_itself_are_in_no_set(filled: Components) -> None:
    put(client(filled, "app"), "app", "own/diary/sets/one", b"a set")
    put(client(filled, "app"), "app", "own/diary-2/kept", b"of the app")
    objects = objects_of(filled, beginning="app/own/diary/")
    kept, _gone = archive(objects)
    with tarfile.open(fileobj=io.BytesIO(kept)) as opened:
        names = opened.getnames()
    assert [name for name in names if "/one" in name or name.startswith("buckets/backup")] == []
    assert "objects/app/own/diary-2/kept" in names
    put(client(filled, "app"), "app", "own/diary/sets/two", b"a later set")
    objects.put_back(io.BytesIO(kept))
    assert get(client(filled, "app"), "app", "own/diary/sets/two") == b"a later set"


def test_an_object_that_is_removed_or_replaced_meanwhile_is_whole_or_named(filled: Components) -> None:
    app, objects = client(filled, "app"), objects_of(filled)
    other = os.urandom(20_000_000)

    def meanwhile() -> None:
        app.remove_object("app", "told")
        put(app, "app", "large", other)

    kept, gone = archive(objects, meanwhile)
    assert set(gone) <= {"app/told", "app/sealed"}
    assert look_through(io.BytesIO(kept)) == ()
    objects.put_back(io.BytesIO(kept))
    assert get(app, "app", "large") in (PLAIN["large"], other)


def test_objects_are_laid_out_as_files_for_somebody_who_looks(filled: Components, tmp_path: Path) -> None:
    objects = objects_of(filled)
    kept, _gone = archive(objects)
    objects.lay_out(io.BytesIO(kept), str(tmp_path))
    for name, content in PLAIN.items():
        path = tmp_path / "app" / (name + "%" if name == "ana" else name)
        assert path.read_bytes() == content
    assert (tmp_path / "app/folder").is_dir()


def test_an_archive_opens_with_tar_and_sha256sum_alone(filled: Components, tmp_path: Path) -> None:
    kept, _gone = archive(objects_of(filled))
    wanted = ["objects/app/large", "sha256/app/large"]
    subprocess.run(["tar", "-x", "-C", tmp_path, *wanted], input=kept, check=True)
    subprocess.run(["sha256sum", "-c", "sha256/app/large"], cwd=tmp_path, check=True)


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_damage_is_named_before_anything_is_put_back(filled: Components, damage: str) -> None:
    objects = objects_of(filled)
    kept, _gone = archive(objects)
    at = kept.index(PLAIN["large"][:100]) + 5_000_000
    if damage == "cut":
        with pytest.raises(StackError, match="cannot be put back"):
            look_through(io.BytesIO(kept[:at]))
        return
    changed = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
    assert look_through(io.BytesIO(changed)) == ("app/large",)


def test_an_archive_of_something_else_is_refused_instead_of_bringing_back_nothing() -> None:
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w") as made:
        made.addfile(tarfile.TarInfo("app_1.dat"))
    with pytest.raises(StackError, match="cannot be put back"):
        look_through(io.BytesIO(other.getvalue()))


def test_a_storage_that_is_away_is_told_with_its_cure(storage: Components) -> None:
    declared = storage.view("storage").one(Buckets)
    server = Bucket("http://127.0.0.1:1", "", "admin", "x", declared.region, tries=0, cure="Run: founder up")
    with (
        pytest.raises(StackError, match="cannot be reached") as told,
        packed(BucketArchive(ObjectStorage(server), NotTaken(()))) as stream,
    ):
        stream.read(1)
    assert told.value.fix == "Run: founder up"


def test_parts_of_a_killed_upload_go_and_only_ours(storage: Components) -> None:
    backup = client(storage, "backup", tls=True)
    for name in ("own/diary/sets/x/dump", "own/other/sets/x/dump", "own/diary/sets-2/x"):
        upload = backup._create_multipart_upload("backup", name, {})
        backup._upload_part("backup", name, b"x" * 5_500_000, {}, upload, 1)
    port = storage.choices.ports["seaweedfs.tls"]
    authority = f"{storage.places.state}/tls/storage/ca.crt"
    secret = storage.secrets.get("storage.backup")
    about = Bucket(f"https://localhost:{port}", "backup", "backup", secret, prefix="own", ca=authority)
    S3Store(about).tidy("diary/sets/")
    left = {one.object_name for one in backup._list_multipart_uploads("backup").uploads}
    assert left == {"own/other/sets/x/dump", "own/diary/sets-2/x"}
