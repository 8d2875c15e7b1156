"""SeaweedFS as the catalogue starts it: S3 for those with keys, and nothing else for anybody."""

from __future__ import annotations

import http.client
import io
import os
import signal
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.error import S3Error

from founderstack.catalogue import seaweedfs
from founderstack.world.objects import copy_into_bucket
from tests.conftest import wait_until
from tests.service.components import Components

pytestmark = pytest.mark.timeout(400)


def client(storage: Components, name: str, *, tls: bool = False, key: str = "") -> Minio:
    port = storage.choices.ports["seaweedfs.tls" if tls else "seaweedfs.s3"]
    trusting = urllib3.PoolManager(ca_certs=f"{storage.places.state}/tls/storage/ca.crt", timeout=20)
    return Minio(
        f"localhost:{port}",
        access_key=name,
        secret_key=key or storage.secrets.get(f"storage.{name}"),
        secure=tls,
        region=seaweedfs.REGION,
        http_client=trusting,
    )


def put(minio: Minio, bucket: str, name: str, content: bytes) -> None:
    minio.put_object(bucket, name, io.BytesIO(content), len(content))


def get(minio: Minio, bucket: str, name: str) -> bytes:
    with closing(minio.get_object(bucket, name)) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("tls", [False, True])
def test_each_key_opens_its_own_bucket_and_no_other(storage: Components, tls: bool) -> None:
    for name, other in (("app", "backup"), ("backup", "app")):
        own = client(storage, name, tls=tls)
        content = os.urandom(6_000_000)
        put(own, name, "folder/file", content)
        assert get(own, name, "folder/file") == content
        with pytest.raises(S3Error, match="AccessDenied"):
            put(own, other, "file", b"x")
        with pytest.raises(S3Error, match="AccessDenied"):
            get(own, other, "folder/file")


def test_nobody_gets_in_without_a_key_or_with_a_wrong_one(storage: Components) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        put(client(storage, "app", key="wrong"), "app", "file", b"x")
    with closing(http.client.HTTPConnection("127.0.0.1", storage.choices.ports["seaweedfs.s3"], timeout=10)) as web:
        for method, path in (("GET", "/app/folder/file"), ("PUT", "/app/file"), ("GET", "/"), ("DELETE", "/app")):
            web.request(method, path)
            answer = web.getresponse()
            answer.read()
            assert answer.status == 403, f"{method} {path}"


def test_its_parts_answer_nobody_over_http(storage: Components) -> None:
    """Master, volume and filer: their pages would show, and let change, every object to whoever is on the machine."""
    first = storage.choices.ports["seaweedfs.inside"]
    for port in range(first, first + 7):
        for method, path in (("GET", "/buckets/app/folder/file"), ("GET", "/dir/assign"), ("PUT", "/buckets/app/x")):
            assert _status(port, method, path) not in (200, 201, 204, 301, 302, 307), f"{method} {port}{path}"


def test_its_parts_answer_over_grpc_to_those_with_its_certificate_alone(storage: Components, tmp_path: Path) -> None:
    argv = storage.desired().processes["seaweedfs"].argv
    inside = storage.choices.ports["seaweedfs.inside"]
    master = f"-master=127.0.0.1:{inside}.{inside + 1}"
    filer = f"-filer=127.0.0.1:{inside + 4}.{inside + 5}"

    def lists(*options: str) -> bool:
        command = ["timeout", "4", argv[0], *options, "-logtostderr", "shell", master, filer]
        asked = subprocess.run(
            command, input="s3.bucket.list\n", cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
        )
        return "backup" in asked.stdout

    assert lists(argv[1])
    assert not lists()


def test_it_listens_on_loopback_alone(storage: Components) -> None:
    proc = Path(f"/proc/{storage.pid('seaweedfs')}")
    sockets = set()
    for fd in (proc / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            sockets.add(os.readlink(fd))
    rows = [line.split() for name in ("tcp", "tcp6") for line in (proc / "net" / name).read_text().splitlines()[1:]]
    # Source: proc(5). The local address in hexadecimal, the state (0A listens), the inode.
    listening = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    assert len(listening) == 9
    assert [address for address in listening if not address.startswith("0100007F:")] == []


def test_what_was_stored_outlives_a_kill_and_its_bucket_is_made_once(storage: Components) -> None:
    app = client(storage, "app")
    kept = {f"kill/{number}": os.urandom(50_000) for number in range(20)}
    for name, content in kept.items():
        put(app, "app", name, content)
    pid = storage.pid("seaweedfs")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: _reads(app, "kill/0") and storage.pid("seaweedfs") != pid, "it is back", 60)
    assert {name: get(app, "app", name) for name in kept} == kept
    assert storage.apply() == []


def test_its_memory_stays_near_what_it_declares(storage: Components) -> None:
    app = client(storage, "app", tls=True)
    for number in range(15):
        put(app, "app", f"memory/{number}", os.urandom(8_000_000))
        get(app, "app", f"memory/{number}")
    rollup = Path(f"/proc/{storage.pid('seaweedfs')}/smaps_rollup").read_text()
    anonymous = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Pss_Anon", "Pss_Shmem")))
    assert anonymous / 1024 < 2.5 * 128


def test_the_files_of_an_app_are_brought_in_once_and_stay_where_they_were(storage: Components, tmp_path: Path) -> None:
    content = {"ana/one": b"1" * 70_000, "ana/two": b"", "ben/three": os.urandom(100)}
    for name, data in content.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    offers = storage.view("storage").variables
    env = {"FILES_DIR": str(tmp_path), **{name: storage.secrets.fill(value) for name, value in offers.items()}}
    assert copy_into_bucket.copy_files(env) == 3
    assert copy_into_bucket.copy_files(env) == 0
    (tmp_path / "ben/three").write_bytes(b"changed")
    assert copy_into_bucket.copy_files(env) == 1
    assert get(client(storage, "app"), "app", "ben/three") == b"changed"
    assert get(client(storage, "app"), "app", "ana/one") == content["ana/one"]
    assert (tmp_path / "ana/one").read_bytes() == content["ana/one"]
    client(storage, "app").remove_object("app", "ana/one")
    put(client(storage, "app"), "app", "ana/two", b"written by the app")
    assert copy_into_bucket.copy_files(env) == 0, "what the app has done with them since stays"


def _status(port: int, method: str, path: str) -> int:
    """What a plain HTTP request gets; 0 where the answer is none."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as web:
            web.request(method, path)
            return web.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def _reads(minio: Minio, name: str) -> bool:
    try:
        return bool(get(minio, "app", name))
    except (urllib3.exceptions.HTTPError, S3Error):
        return False
