"""Random moments under load, on two timelines, here and in a real S3: what a ledger says is what comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from founderstack.world.keys.secrets import Secrets
from tests.conftest import wait_until
from tests.fault.ledgers import CREATE, Fork, Ledger, connected, written
from tests.fault.stacks import PRECONDITION, Founder, gone_afterwards, small_stack
from tests.service.bucket_server import bucket_server

pytestmark = pytest.mark.timeout(3000)

MOMENTS = 15
ENGINE = """
[backup]
use = "pgbackrest"
schedule = "never"
prove = "never"
keep_last = 40
s3_endpoint = "{endpoint}"
s3_bucket = "{bucket}"
s3_prefix = "{prefix}"
s3_ca = "{ca}"
"""


@pytest.fixture
def stack(state_root: Path, shared_home: Path, tmp_path: Path) -> Iterator[Founder]:
    """A small stack whose server and log of changes are kept here and in a bucket, with an empty ledger."""
    with (
        bucket_server(shared_home) as server,
        gone_afterwards(small_stack(tmp_path / "drill", state_root)) as founder,
    ):
        file, about = founder.folder / "founder.toml", server.about
        file.write_text(
            file.read_text()
            + ENGINE.format(endpoint=about.endpoint, bucket=about.bucket, prefix=about.prefix, ca=about.ca)
        )
        founder.ok("up", "--yes")
        secrets = Secrets(f"{founder.state}/secrets.json")
        secrets.put("backup.s3_key", about.key)
        secrets.put("backup.s3_secret", about.secret)
        founder.ok("up", "--yes")
        with connected(founder) as connection:
            connection.execute(CREATE)
        founder.ok("backup")
        yield founder


def said(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def a_moment(earliest: float, latest: float) -> float:
    """A random one, as it can be written down."""
    return round(random.uniform(earliest, latest), 6)


def settled() -> float:
    """Now, once what was backed up before lies far enough in the past to be gone back to."""
    ended = time.time() + 2.5
    wait_until(lambda: time.time() > ended, "the backup lies in the past")
    return time.time()


def taken_back(founder: Founder, ledger: Ledger, to: float, *words: str, reachable: bool) -> None:
    """The same way back twice in a row, while clients go on writing, and a backup of what came of it."""
    for _again in (1, 2):
        began = time.time()
        founder.ok("restore", *words, "--to", said(to), "--yes", "--confirm", founder.name)
        ledger.forks.append(Fork(to, began, time.time(), reachable))
        ledger.check_now()
    founder.ok("backup")


def seen_beside(founder: Founder, ledger: Ledger, moment: float) -> None:
    """Twice in a row, the moment beside what is used is what the ledger says of it."""
    for _again in (1, 2):
        founder.ok("restore", "--to", said(moment), "--only", "databases", "--replace", "--yes")
        ledger.check(moment, written(founder, "app_restored"))


@pytest.mark.soak
def test_fifteen_moments_under_load_on_two_timelines_twice_in_a_row_and_backed_up_again(stack: Founder) -> None:
    ledger = Ledger(stack)
    stretches: list[tuple[float, float]] = []
    with ledger.writing():
        began = settled()
        ledger.grown(400)
        stack.ok("backup")
        ledger.grown(400)
        back = a_moment(began, time.time())
        taken_back(stack, ledger, back, "--whole-server", reachable=False)
        stretches.append((began, back))
        began = settled()
        ledger.grown(400)
        again = a_moment(began, time.time())
        swap = time.time()
        taken_back(stack, ledger, again, "--in-place", reachable=True)
        stretches += [(began, swap)]
        began = settled()
        ledger.grown(400)
        stretches.append((began, time.time()))
        chosen = [a_moment(*stretches[number % len(stretches)]) for number in range(MOMENTS)]
        for number, moment in enumerate(chosen):
            print(f"moment {number + 1}: {said(moment)}, {len(ledger.must(moment))} rows")
            seen_beside(stack, ledger, moment)
        lost = a_moment(back + 1, ledger.forks[0].began)
        refused = stack.run("restore", "--to", said(lost), "--replace", "--yes")
        assert refused.code == PRECONDITION, "what the way back has left out is refused, and not answered with less"
    stack.ok("backup")
    everything = written(stack)
    ledger.check(time.time(), everything)
    stack.ok("restore", "--only", "databases", "--replace", "--yes")
    assert written(stack, "app_restored") == everything
    stack.ok("backup", "prove")
