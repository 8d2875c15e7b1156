"""A bucket as a place for sets, on a real S3 server over TLS: what it takes when the server is killed under it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.keys import certificates
from founderstack.world.objects.folder import ObjectMissing
from founderstack.world.objects.s3 import PART_BYTES
from founderstack.world.os.clock import SystemClock
from tests.service.bucket_server import BucketServer, bucket_server

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def server(shared_home: Path) -> Iterator[BucketServer]:
    with bucket_server(shared_home) as running:
        yield running


class Content:
    """Bytes without an end in sight, with something that happens on the way."""

    def __init__(self, size: int, at: int = -1, happens: object = None) -> None:
        self._left = size
        self._at = size - at if at >= 0 else -1
        self._happens = happens
        self._block = os.urandom(65536)
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        found = self._block[: min(self._left, 65536 if size < 0 else size)]
        self._left -= len(found)
        self.digest.update(found)
        if self._left <= self._at:
            self._at = -1
            assert callable(self._happens)
            self._happens()
        return found


def _digest(server: BucketServer, name: str) -> str:
    digest = hashlib.sha256()
    with server.store().open(name) as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 77])
def test_what_is_stored_comes_back(server: BucketServer, size: int) -> None:
    store, content = server.store(), Content(size)
    assert store.put(f"sizes/{size}", content) == size
    found = store.stat(f"sizes/{size}")
    assert found is not None
    assert found.size == size
    assert _digest(server, f"sizes/{size}") == content.digest.hexdigest()


def test_objects_are_listed_by_name_and_gone_when_they_are_deleted(server: BucketServer) -> None:
    store = server.store()
    for name in ("list/b/2", "list/a", "list/b/1", "other"):
        store.put(name, Content(3))
    assert [one.name for one in store.list("list/")] == ["list/a", "list/b/1", "list/b/2"]
    store.delete(["list/a", "list/b/1", "list/nowhere"])
    assert [one.name for one in store.list("list/")] == ["list/b/2"]
    assert store.stat("list/a") is None
    with pytest.raises(ObjectMissing), store.open("list/a") as source:
        source.read(1)


@pytest.fixture
def killed_for(server: BucketServer) -> Iterator[Callable[[float], None]]:
    """Kill the server for some seconds. The test ends once it is back: a start that fails is the test's failure."""
    starts: list[threading.Timer] = []

    def kill(seconds: float) -> None:
        server.kill()
        starts.append(threading.Timer(seconds, server.up))
        starts[-1].start()

    yield kill
    for start in starts:
        start.join()


@pytest.mark.parametrize("round_", [0, 1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 20))])
def test_a_server_that_is_killed_while_it_takes_is_waited_for(
    server: BucketServer, killed_for: Callable[[float], None], round_: int
) -> None:
    size = 3 * PART_BYTES
    content = Content(size, int.from_bytes(os.urandom(2), "big") * size // 65536, lambda: killed_for(0.5))
    server.store().put("killed", content)
    assert _digest(server, "killed") == content.digest.hexdigest()


@pytest.mark.parametrize("round_", [0, *(pytest.param(n, marks=pytest.mark.soak) for n in range(1, 20))])
def test_a_server_that_is_killed_while_it_gives_is_waited_for(
    server: BucketServer, killed_for: Callable[[float], None], round_: int
) -> None:
    content = Content(2 * PART_BYTES)
    server.store().put("read", content)
    at = int.from_bytes(os.urandom(2), "big") * 2 * PART_BYTES // 65536
    digest, count = hashlib.sha256(), 0
    with server.store().open("read") as source:
        while chunk := source.read(1 << 18):
            digest.update(chunk)
            if count <= at < count + len(chunk):
                killed_for(0.5)
            count += len(chunk)
    assert digest.hexdigest() == content.digest.hexdigest()


def test_a_server_that_stays_away_is_told_and_nothing_half_is_shown(server: BucketServer) -> None:
    with pytest.raises(StackError, match="cannot be reached"):
        server.store(tries=1).put("away", Content(3 * PART_BYTES, PART_BYTES, server.kill))
    server.up()
    assert server.store().stat("away") is None


def test_what_is_wrong_with_a_place_is_told_with_its_cure(server: BucketServer, tmp_path: Path) -> None:
    other = certificates.ensure_authority(str(tmp_path), ("localhost",), SystemClock())
    wrong: dict[str, dict[str, object]] = {
        "s3_ca": {"ca": other.certificate, "tries": 0},
        "backup.s3_key": {"key": "somebody"},
        "backup.s3_secret": {"secret": "something"},
        "bucket": {"bucket": "no-such-bucket"},
        "address": {"endpoint": "https://localhost:1", "tries": 0},
    }
    for cure, change in wrong.items():
        with pytest.raises(StackError) as refused:
            server.store(**change).put("file", Content(3))
        assert cure in refused.value.fix, refused.value.why
