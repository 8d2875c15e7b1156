"""A stored object of 5 GB comes by REST and by S3: memory of the process that moves it, and its rate.

Budget 256 MB. Beside it, in the same run, what curl takes for the same bytes from the same server. The source's server
is a stand-in that makes its bytes as they are asked for; both sides and the disk are this machine's.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.measure import header, row

SIZE = 5 * 10**9
BUDGET_MIB = 256
_BLOCK = bytes(range(256)) * 4096

MOVER = """
import resource, sys
from founderstack.migration.files.copies import Pace, copy
from founderstack.migration.files.index import StoredFile
from founderstack.migration.files.remote_access import RestAccess, S3Access
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.world.os.clock import SystemClock
from founderstack.migration.files.upload_target import FolderShelf
way, url, folder, size = sys.argv[1:]
clock = SystemClock()
s3 = S3Access(url + "/storage/v1/s3", "eu-west-1", "key", "secret", clock)
access = RestAccess(url, "key") if way == "rest" else s3
file = StoredFile("id", "papers", "big", "storage/papers/big", "x/y", None, None, int(size), None, "mark" * 8)
with RemoteFiles(access, clock) as remote:
    received, problem = copy(file, remote, FolderShelf(folder), Pace(clock, 0))
assert problem is None and received.bytes == int(size), problem
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, received.sha256)
"""


class Endless(BaseHTTPRequestHandler):
    """Answers every GET with the same 5 GB, from where it is asked to begin."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        span = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        start = int(span[1]) if span else 0
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(SIZE - start))
        self.end_headers()
        while start < SIZE:
            offset = start % len(_BLOCK)
            piece = memoryview(_BLOCK)[offset : offset + SIZE - start]
            self.wfile.write(piece)
            start += len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def endless() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def expected() -> str:
    hasher, left = hashlib.sha256(), SIZE
    while left:
        piece = _BLOCK[:left]
        hasher.update(piece)
        left -= len(piece)
    return hasher.hexdigest()


def main() -> None:
    header("a stored object of 5 GB")
    digest = expected()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, endless() as url:
        for way in ("rest", "s3"):
            began = time.monotonic()
            argv = [sys.executable, "-c", MOVER, way, url, folder, str(SIZE)]
            memory, found = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
            took = time.monotonic() - began
            assert found == digest
            row(f"{way}: memory", f"{memory} MiB", f"budget {BUDGET_MIB} MiB")
            row(f"{way}: time", f"{took:.1f} s", f"{SIZE / 2**20 / took:.0f} MiB/s, with two digests and fsync")
            assert int(memory) <= BUDGET_MIB
            Path(folder, "storage/papers/big").unlink()
        began = time.monotonic()
        subprocess.run(["curl", "-sS", "-o", f"{folder}/curl", url], check=True)
        row("curl", f"{time.monotonic() - began:.1f} s", "peer: no digests, no fsync")


if __name__ == "__main__":
    main()
