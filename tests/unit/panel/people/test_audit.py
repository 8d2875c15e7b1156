"""The audit log: read page by page, bounded, exported, and never changed."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack.panel.people import store as stores
from founderstack.panel.people.audit import PAGE, Audit, Filter, as_csv, as_json_lines
from founderstack.panel.people.store import MOST_AUDITED, MOST_REFUSED, REFUSED, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as store:
        yield store


def test_pages_lead_from_the_newest_to_the_oldest(store: Store) -> None:
    for number in range(2 * PAGE + 5):
        store.audit(1_700_000_000.0 + number, "ana", "203.0.113.7", "restart", f"p{number}")
    log = Audit(store)
    seen: list[str] = []
    before = 0
    while True:
        found = log.page(Filter(), before)
        seen += [entry.detail for entry in found[:PAGE]]
        if len(found) <= PAGE:
            break
        before = found[PAGE - 1].number
    assert seen == [f"p{number}" for number in reversed(range(2 * PAGE + 5))]
    assert log.page(Filter())[0].at == "2023-11-14T22:15:04Z"


def test_a_filter_keeps_what_fits_and_takes_no_letter_for_a_pattern(store: Store) -> None:
    store.audit(0, "ana", "203.0.113.7", "restart", "100%")
    store.audit(1, "eva", "203.0.113.8", "restart", "1000")
    store.audit(2, "eva", "203.0.113.8", "signed in")
    log = Audit(store)

    def kept(**wanted: str) -> list[int]:
        return [entry.number for entry in log.page(Filter(**wanted))]

    assert kept(user="eva") == [3, 2]
    assert kept(action="restart", user="eva") == [2]
    assert kept(text="100%") == [1]
    assert kept(text="0.113.8") == [3, 2]
    assert kept(text="'; drop table audit") == []
    assert log.known() == (["ana", "eva"], ["restart", "signed in"])


def test_exports_hold_everything_and_no_cell_is_a_formula(store: Store) -> None:
    for detail in ("=1+1", "+cmd", "-x", "@x", 'quote " and, comma', "ñ"):
        store.audit(0, "ana", "203.0.113.7", "restart", detail)
    log = Audit(store)
    table = b"".join(as_csv(log.whole(Filter()))).decode().splitlines()
    details = [row["detail"] for row in csv.DictReader(table)]
    assert details == ["ñ", 'quote " and, comma', "'@x", "'-x", "'+cmd", "'=1+1"]
    lines = [json.loads(line) for line in b"".join(as_json_lines(log.whole(Filter()))).splitlines()]
    assert [line["detail"] for line in lines][-1] == "=1+1"


def test_the_log_is_only_added_to(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "panel.sqlite"))
    store.audit(0, "ana", "", "restart")
    store.close()
    with closing(sqlite3.connect(tmp_path / "panel.sqlite")) as database:
        for statement in (
            "update audit set user = 'eva'",
            "delete from audit",
            "insert or replace into audit values (1,1,'','','','')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(statement)


def test_it_is_bounded_and_refused_sign_ins_push_out_nothing_else(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    store.audit(0, "ana", "", "restart", "the first")
    for number in range(MOST_REFUSED + 200):
        store.audit(number, "founder", "203.0.113.7", REFUSED)
    assert len(store.read("select 1 from audit")) <= MOST_REFUSED + stores._PRUNE_EVERY + 1
    assert [entry.detail for entry in Audit(store).page(Filter(user="ana"))] == ["the first"]


@pytest.mark.soak
def test_its_oldest_entries_leave(store: Store) -> None:
    for number in range(MOST_AUDITED + 200):
        store.audit(number, "ana", "", "restart", str(number))
    kept = [row[0] for row in store.read("select detail from audit order by number")]
    assert MOST_AUDITED <= len(kept) <= MOST_AUDITED + stores._PRUNE_EVERY
    assert kept[-1] == str(MOST_AUDITED + 199)
