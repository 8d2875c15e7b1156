"""A migration for tests: from a Supabase-shaped source into a cluster with an empty database `app`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from founderstack.migration.run import Migration
from founderstack.migration.source import Source
from founderstack.migration.target import Target
from founderstack.migration.values import Finding, Kind, Options, Progress
from founderstack.world.net import postgres
from founderstack.world.os.clock import SystemClock
from tests.service.clusters import BINARIES, HERE, Cluster, Programs, cluster
from tests.service.supabase_source import PASSWORD, SupabaseSource


class Told:
    """What a migration has told of its progress."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.happened = threading.Event()

    def __call__(self, progress: Progress) -> None:
        self.progress.append(progress)
        self.happened.set()


def address_of(source: SupabaseSource, user: str = "postgres", port: int = 0) -> postgres.Address:
    """As the owner signs in, by another port where the test stands in between."""
    address = postgres.parse(source.url(user)).with_password(PASSWORD if user != "supabase_admin" else "")
    return replace(address, port=port or address.port)


def target_of(target: Cluster) -> Target:
    """The database `app` of a cluster."""
    return Target(postgres.Address(str(target.root), target.port, "postgres", "app"), str(BINARIES))


def migration(
    source: postgres.Address, target: Cluster, folder: Path, *, kind: Kind = "supabase", options: Options | None = None
) -> Migration:
    """A migration that a test works with."""
    return Migration(
        source=Source(source),
        target=target_of(target),
        kind=kind,
        folder=str(folder),
        options=options or Options(jobs=2, patience_s=20, part_mib=1),
        clock=SystemClock(),
        tell=Told(),
    )


@contextmanager
def empty_target(folder: Path, programs: Programs = HERE) -> Iterator[Cluster]:
    """A cluster as the stack makes it: with the role and the database `app`."""
    with cluster(folder, reader=False, programs=programs) as made:
        made.query("CREATE ROLE app")
        made.query("CREATE DATABASE app OWNER app")
        yield made


def differing(findings: list[Finding]) -> list[str]:
    """What a verification found to be otherwise."""
    return [f"{one.step}: {one.what}: {one.detail}" for one in findings if not one.ok]
