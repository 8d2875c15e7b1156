"""An import as the diary's own page makes it."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import APIResponse

from tests.app.conftest import Person


def begin(person: Person, files: dict[str, bytes]) -> dict[str, Any]:
    person.context.set_default_timeout(60_000)  # a step takes seconds by design, and longer on a busy machine
    sent = [{"path": path, "bytes": len(content)} for path, content in files.items()]
    answer = person.call("POST", "/api/imports", json.dumps({"files": sent}))
    assert answer.ok, answer.text()
    return dict(answer.json())


def send_part(person: Person, begun: dict[str, Any], number: int, whole: bytes) -> APIResponse:
    part = whole[number * begun["partBytes"] : (number + 1) * begun["partBytes"]]
    return person.call("PUT", f"/api/imports/{begun['id']}/parts/{number}", part)


def send(person: Person, files: dict[str, bytes]) -> dict[str, Any]:
    """Begins, and sends the parts that are not there."""
    begun, whole = begin(person, files), b"".join(files.values())
    for number in range(-(-len(whole) // begun["partBytes"])):
        if number not in begun["here"]:
            assert send_part(person, begun, number, whole).ok
    return begun


def bring_files(person: Person, files: dict[str, bytes]) -> dict[str, Any]:
    """What the page does: send everything, and ask until all is taken in."""
    begun = send(person, files)
    for _step in range(100):
        answer = person.call("POST", f"/api/imports/{begun['id']}")
        assert answer.ok, answer.text()
        if answer.json()["finished"]:
            return dict(answer.json()["report"])
    raise AssertionError("the import does not end")


def bring(person: Person, archive: bytes) -> dict[str, Any]:
    return bring_files(person, {"diary.zip": archive})
