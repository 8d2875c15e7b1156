"""Recovery by pgBackRest ends exactly where it was asked to."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator

import pytest

from founderstack.model.moments import Target
from tests.service.primaries import HERE, MOMENT, Primary, primary

BACKUP = '[backup]\nuse = "pgbackrest"\n'

pytestmark = pytest.mark.timeout(180)


def target_of(text: str) -> Target:
    return Target("time", datetime.datetime.fromisoformat(text).timestamp(), text)


@pytest.fixture(scope="module")
def here() -> Iterator[Primary]:
    assert HERE
    with primary(HERE, BACKUP) as made:
        yield made


def test_recovery_lands_exactly(here: Primary) -> None:
    here.repository.prepare()
    here.repository.take("full", 1)
    with here.load(5) as load:
        load.wait()
    commits = [
        line.split("|")
        for line in here.ask(
            f"SELECT id, to_char(pg_xact_commit_timestamp(xmin) AT TIME ZONE 'UTC', '{MOMENT}') FROM load ORDER BY 2"
        ).splitlines()
    ]
    here.archive_everything()
    first = here.repository.stored()[0].ended + 1
    moments = [at for _id, at in commits if target_of(at).at >= first]
    print(len(commits), len(moments))
    for number in range(6):
        at = random.choice(moments)
        if number % 2:
            at = (
                datetime.datetime.fromisoformat(at) + datetime.timedelta(microseconds=random.randrange(-300, 300))
            ).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        expected = sorted(int(row) for row, when in commits if when <= at)
        assert [int(row) for row in here.recovered(target_of(at), number=1)] == expected
