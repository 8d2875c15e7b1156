"""What was applied, written down: the fingerprint that `observe` reads back and that the agent probes by."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from founderstack.model.process import Around, Command, Instance, Probe, Process
from founderstack.model.record import identity_of
from founderstack.world.os import files

FORMAT = 1

Record = Mapping[str, Any]


class Records:
    """One JSON file for each name in a folder; a file that cannot be read counts as absent and is made anew."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def all(self) -> dict[str, Record]:
        """Name → record."""
        return {str(record["name"]): record for record in self._each()}

    def get(self, name: str) -> Record | None:
        """The record of one name."""
        return _read(self._path(name))

    def put(self, name: str, record: Mapping[str, Any]) -> None:
        """Write a record down; it survives a power cut from here on."""
        files.ensure_folder(self._folder, mode=0o755)
        files.write_atomic(self._path(name), json.dumps({"v": FORMAT, "name": name, **record}, indent=1), mode=0o640)

    def forget(self, name: str) -> None:
        """Remove a record, where there is one."""
        files.remove_tree(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name.replace('/', '--')}.json"

    def _each(self) -> Iterator[Record]:
        try:
            entries = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return
        for entry in entries:
            record = _read(f"{self._folder}/{entry}") if entry.endswith(".json") else None
            if record is not None:
                yield record


def _read(path: str) -> Record | None:
    text = files.read_text(path)
    try:
        record = json.loads(text or "")
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.get("v") == FORMAT and "name" in record else None


def process_record(process: Process, instance: Instance, relay_number: int | None) -> dict[str, Any]:
    """What is kept of an applied process; nothing of it is secret."""
    return {
        "component": process.component,
        "user": process.user,
        "parts": dict(instance.parts),
        "reloads": instance.reloads,
        "family": process.identity.family,
        "generation": process.generation,
        "ring": process.ring,
        "number": process.number,
        "needs": list(process.needs),
        "follows": list(process.follows),
        "reload_signal": process.reload_signal or "",
        "interrupts": process.interrupts,
        "socket": _socket(process, relay_number),
        "relay": relay_number,
        "port": process.relay.first_port + relay_number if process.relay and relay_number is not None else 0,
        "drain_s": process.drain_s,
        "memory_limit_mib": process.memory_limit_mib,
        "ready": asdict(process.ready),
        "log_files": list(process.log_files),
        "reopen_signal": process.reopen_signal or "",
        "folder": process.cwd,
        "signs": [asdict(sign) for sign in process.signs],
        "around": [asdict(around) for around in process.around],
        **asdict(process.card),
    }


def instance_of(record: Record, *, up: bool) -> Instance:
    """The applied process as diff compares it."""
    return Instance(
        parts=dict(record.get("parts", {})),
        reloads=bool(record.get("reloads")),
        interrupts=bool(record.get("interrupts", True)),
        # Written before it started and not since: it never got ready, even where its process runs.
        up=up and bool(record.get("applied", True)),
        ring=str(record.get("ring", "")),
        needs=tuple(record.get("needs", ())),
        follows=tuple(record.get("follows", ())),
        identity=identity_of(record),
    )


def probe_of(record: Record) -> Probe:
    """The probe of an applied process."""
    values = dict(record["ready"])
    values["accept"] = tuple(values.get("accept", (200,)))
    values["headers"] = tuple((name, value) for name, value in values.get("headers", ()))
    return Probe(**values)


def around_of(record: Record) -> tuple[Around, ...]:
    """What is done around a restart of an applied process."""
    return tuple(
        Around(about["process"], about["account"], _command(about["before"]), _command(about["after"]))
        for about in record.get("around", ())
    )


def _command(about: Mapping[str, Any]) -> Command:
    env = tuple((name, value) for name, value in about["env"])
    return Command(**{**about, "argv": tuple(about["argv"]), "env": env})


def _socket(process: Process, relay_number: int | None) -> str:
    if process.relay is not None and relay_number is not None:
        return process.relay.sockets[relay_number]
    return process.socket
