"""The slots of a ring while one of its instances answers nobody."""

from __future__ import annotations

import os
from pathlib import Path

from founderstack.runtimes.host import rings
from founderstack.runtimes.host.layout import Layout

RECORDS = {f"app-7-abc-{n}": {"ring": "app", "socket": f"/run/{n}.sock"} for n in (1, 2, 3)}
NEWER = {f"app-8-def-{n}": {"ring": "app", "socket": f"/run/new-{n}.sock"} for n in (1, 2)}


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


def test_where_all_are_deaf_or_newer_ones_serve_the_slots_stay(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    rings.point(layout, "app", ["/run/1.sock", "/run/2.sock"])
    rings.set_aside(layout, RECORDS, ["app-7-abc-1", "app-7-abc-2"])
    assert _targets(layout) == {"/run/1.sock", "/run/2.sock"}
    rings.point(layout, "app", ["/run/new-1.sock", "/run/new-2.sock"])
    rings.take_back(layout, {**RECORDS, **NEWER}, "app-7-abc-1")
    assert _targets(layout) == {"/run/new-1.sock", "/run/new-2.sock"}
