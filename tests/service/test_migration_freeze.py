"""The write freeze of a cut-over, where somebody's session can neither be ended nor looked into."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from founderstack.migration.cutover import cutover
from founderstack.migration.run import Migration
from founderstack.model.errors import StackError
from founderstack.world.net.postgres import Address
from tests.service.clusters import Cluster
from tests.service.moves import differing, migration


@pytest.fixture
def target(target: Cluster) -> Cluster:
    """With a source beside it, the database `elsewhere`, whose owner may not see what others do."""
    target.query("CREATE ROLE shopkeeper LOGIN")
    target.query("CREATE DATABASE elsewhere OWNER shopkeeper")
    target.query("SET ROLE shopkeeper; CREATE TABLE goods (id int PRIMARY KEY)", "elsewhere")
    return target


def moved(target: Cluster, folder: Path) -> Migration:
    source = Address(str(target.root), target.port, "shopkeeper", "elsewhere")
    move = migration(source, target, folder, kind="plain")
    move.run()
    return move


def test_a_transaction_that_still_writes_takes_the_cut_over_back(target: Cluster, tmp_path: Path) -> None:
    """A superuser's session cannot be ended: the source is open again, and the next cut-over brings its row."""
    move = moved(target, tmp_path / "state")
    with target.connect("elsewhere") as other, other.transaction():
        other.execute("INSERT INTO public.goods VALUES (1)")
        with pytest.raises(StackError, match="still writes"):
            cutover.cut_over(move)
        target.query("INSERT INTO public.goods VALUES (2)", "elsewhere")
    found = move.journal.run()
    assert found is not None
    assert found.state == "moved"
    with target.connect("elsewhere"):
        done = cutover.cut_over(move)
    assert list(done.still_there) == ["postgres"]
    assert target.query("SELECT id FROM public.goods ORDER BY 1", "app") == [(1,), (2,)]
    assert differing(move.verify()) == []
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        target.query("INSERT INTO public.goods VALUES (3)", "elsewhere")


def test_a_prepared_transaction_counts_as_one_that_writes(target: Cluster, tmp_path: Path) -> None:
    move = moved(target, tmp_path / "state")
    with target.connect("elsewhere") as other:
        other.execute("BEGIN")
        other.execute("INSERT INTO public.goods VALUES (1)")
        other.execute("PREPARE TRANSACTION 'of a shop'")
    with pytest.raises(StackError, match="still writes"):
        cutover.cut_over(move)
    target.query("INSERT INTO public.goods VALUES (2)", "elsewhere")
