"""Slots: symbolic links that the gateway follows to the instances that serve now."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from founderstack.model.process import Process
from founderstack.model.record import identity_of
from founderstack.model.stack import RING_SLOTS, paired_slot
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.records import Record
from founderstack.world.os import files
from founderstack.world.os.lock import stack_lock

_WAIT_S = 10.0


def point(layout: Layout, ring: str, sockets: Sequence[str]) -> None:
    """Point all slots of a ring to these sockets in turn. Each slot changes at once, without a gap."""
    with _alone(layout):
        _point(layout, ring, sockets)


def _point(layout: Layout, ring: str, sockets: Sequence[str]) -> None:
    folder = f"{layout.slots}/{ring}"
    files.ensure_folder(folder, mode=0o755)
    for slot in range(RING_SLOTS):
        files.swap_link(f"{folder}/{slot}.sock", sockets[slot % len(sockets)])


def members(layout: Layout, records: Mapping[str, Record]) -> dict[str, tuple[str, ...]]:
    """Ring → names of the processes that its slots point to, in order; as few slots as tell them apart."""
    by_socket = {record["socket"]: name for name, record in records.items() if record.get("socket")}
    try:
        rings = sorted(os.listdir(layout.slots))
    except FileNotFoundError:
        return {}
    found = {}
    for ring in rings:
        folder = f"{layout.slots}/{ring}"
        targets = [by_socket.get(_target(f"{folder}/{slot}.sock"), "") for slot in range(RING_SLOTS)]
        found[ring] = _period(targets)
    return found


def points_to(layout: Layout, record: Record) -> bool:
    """True where a slot of the process's ring leads to it."""
    folder = f"{layout.slots}/{record['ring']}"
    return any(_target(f"{folder}/{slot}.sock") == record["socket"] for slot in range(RING_SLOTS))


def set_aside(layout: Layout, records: Mapping[str, Record], names: Sequence[str]) -> None:
    """Have the slots that lead to these instances lead to the others of their ring; as they are where there is none.

    No other slot is touched. Two of a pair lead to two instances where there are two.
    """
    with _alone(layout):
        for name in names:
            record = records.get(name, {})
            ring = str(record.get("ring", ""))
            serving = dict.fromkeys(members(layout, records).get(ring, ()))
            others = [str(records[other]["socket"]) for other in serving if other and other not in names]
            folder = f"{layout.slots}/{ring}"
            for slot in range(RING_SLOTS) if others else ():
                if _target(f"{folder}/{slot}.sock") == record["socket"]:
                    paired = _target(f"{folder}/{paired_slot(slot)}.sock")
                    elsewhere = [socket for socket in others if socket != paired] or others
                    files.swap_link(f"{folder}/{slot}.sock", elsewhere[slot % len(elsewhere)])


def take_back(layout: Layout, records: Mapping[str, Record], name: str) -> None:
    """Give an instance its share of the slots again, as long as its ring still leads to others of its release."""
    ring = str(records.get(name, {}).get("ring", ""))
    with _alone(layout):
        serving = members(layout, records).get(ring, ())
        known = {one: identity_of(records[one]) for one in {*filter(None, serving), name} if one in records}
        alike = "" not in serving and len({one.generation for one in known.values()}) == 1
        if serving and alike and name not in serving:
            _point(layout, ring, [records[one]["socket"] for one in sorted(known, key=lambda one: known[one].number)])


def with_relay(process: Process, number: int | None) -> Process:
    """The process with its own TCP port wherever `{{relay:port}}` stands."""
    if process.relay is None or number is None:
        return process
    port = str(process.relay.first_port + number)

    def placed(text: str) -> str:
        return text.replace("{{relay:port}}", port)

    return dataclasses.replace(
        process,
        argv=tuple(placed(word) for word in process.argv),
        env=tuple((name, placed(value)) for name, value in process.env),
        ready=dataclasses.replace(process.ready, target=placed(process.ready.target)),
    )


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """A rollout and the agent change slots by what they lead to: neither may do so while the other looks."""
    with stack_lock(f"{layout.slots}.lock", command="slots", wait_s=_WAIT_S):
        yield


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _period(targets: list[str]) -> tuple[str, ...]:
    """The shortest sequence that, repeated, gives all targets."""
    lengths = range(1, len(targets) + 1)
    length = next(n for n in lengths if all(targets[i] == targets[i % n] for i in range(len(targets))))
    return tuple(targets[:length])
