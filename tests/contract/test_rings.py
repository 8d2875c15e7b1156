"""The slots of a ring while one of its instances answers nobody."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from founderstack.model.stack import RING_SLOTS, paired_slot
from founderstack.runtimes.host import rings
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.records import Record


def _record(name: str, generation: str, number: int, socket: str) -> Record:
    who = {"ring": "app", "family": f"app-{number}", "generation": generation, "number": number}
    return {"name": name, "socket": socket, **who}


RECORDS = {f"app-7-abc-{n}": _record(f"app-7-abc-{n}", "7-abc", n, f"/run/{n}.sock") for n in (1, 2, 3)}
NEWER = {f"app-8-def-{n}": _record(f"app-8-def-{n}", "8-def", n, f"/run/new-{n}.sock") for n in (1, 2)}


def _targets(layout: Layout) -> set[str]:
    return {os.readlink(f"{layout.slots}/app/{slot}.sock") for slot in range(12)}


def test_a_deaf_instance_gets_nothing_until_it_is_taken_back(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    rings.point(layout, "app", [f"/run/{n}.sock" for n in (1, 2, 3)])
    whole = rings.members(layout, RECORDS)
    rings.set_aside(layout, RECORDS, ["app-7-abc-2"])
    rings.set_aside(layout, RECORDS, ["app-7-abc-2"])
    assert _targets(layout) == {"/run/1.sock", "/run/3.sock"}
    rings.take_back(layout, RECORDS, "app-7-abc-2")
    assert rings.members(layout, RECORDS) == whole


@pytest.mark.parametrize("count", range(1, RING_SLOTS + 1))
def test_whoever_met_a_silent_instance_is_asked_again_at_another(tmp_path: Path, count: int) -> None:
    layout = Layout(str(tmp_path))
    records = {f"app-7-abc-{n}": {"ring": "app", "socket": f"/run/{n}.sock"} for n in range(1, count + 1)}

    def pairs() -> list[set[str]]:
        leads_to = [os.readlink(f"{layout.slots}/app/{slot}.sock") for slot in range(RING_SLOTS)]
        return [{leads_to[slot], leads_to[paired_slot(slot)]} for slot in range(RING_SLOTS)]

    rings.point(layout, "app", [record["socket"] for record in records.values()])
    assert {len(pair) for pair in pairs()} == {min(count, 2)}
    for ill in range(1, count):
        rings.set_aside(layout, records, [f"app-7-abc-{n}" for n in range(1, ill + 1)])
        assert {len(pair) for pair in pairs()} == {min(count - ill, 2)}
        assert set().union(*pairs()) == {f"/run/{n}.sock" for n in range(ill + 1, count + 1)}


def test_where_all_are_deaf_or_newer_ones_serve_the_slots_stay(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    rings.point(layout, "app", ["/run/1.sock", "/run/2.sock"])
    rings.set_aside(layout, RECORDS, ["app-7-abc-1", "app-7-abc-2"])
    assert _targets(layout) == {"/run/1.sock", "/run/2.sock"}
    rings.point(layout, "app", ["/run/new-1.sock", "/run/new-2.sock"])
    rings.take_back(layout, {**RECORDS, **NEWER}, "app-7-abc-1")
    assert _targets(layout) == {"/run/new-1.sock", "/run/new-2.sock"}


class _SwitchedMeanwhile(dict[str, Record]):
    """Records with a rollout that switches as soon as it was looked where the ring leads to."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(RECORDS)
        self.rollout = Thread(target=rings.point, args=(layout, "app", ["/run/new-1.sock", "/run/new-2.sock"]))

    def __getitem__(self, name: str) -> Record:  # `items` and `get` of a dict do not ask it
        if self.rollout.ident is None:
            self.rollout.start()
            self.rollout.join(0.5)  # it has ended long before, or waits for whoever has looked
        return super().__getitem__(name)


def test_a_rollout_meanwhile_is_not_undone(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    rings.point(layout, "app", ["/run/1.sock", "/run/3.sock"])
    records = _SwitchedMeanwhile(layout)
    rings.take_back(layout, records, "app-7-abc-2")
    records.rollout.join(30)
    assert _targets(layout) == {"/run/new-1.sock", "/run/new-2.sock"}
