"""`founder up` when everything is as it was left: one look at all it depends on, and one line.

Only the standard library's cheapest modules are imported here; a test holds it to that.
"""

from __future__ import annotations

import os
import sys
import time

from founderstack.locale import language_of_environment, number
from founderstack.runtimes.host import quick
from founderstack.world.os import ambient
from founderstack.world.os.clock import SystemClock
from founderstack.world.state import receipt

_VERDICT_MAX_AGE_S = 60


def nothing_to_do(began: float) -> bool:
    """True, having said so, where the last receipt still holds; False where somebody must look closer."""
    content = _receipt()
    if content is None or not _holds(content):
        return False
    sentences = dict(line.split(" ", 1) for line in content["said"])
    sentence = sentences.get(language_of_environment(), sentences["en"])
    sys.stdout.write(f"{sentence} · {_seconds(time.perf_counter() - began)}\n")
    return True


def _receipt() -> dict[str, list[str]] | None:
    folder = os.getcwd()
    while not os.path.exists(f"{folder}/founder.toml"):
        if folder == "/":
            return None
        folder = os.path.dirname(folder)
    try:
        with open(receipt.path_for(ambient.state_root(), f"{folder}/founder.toml"), encoding="utf-8") as file:
            return receipt.parse(file.read())
    except OSError:
        return None


def _holds(content: dict[str, list[str]]) -> bool:
    return (
        _is_of_this_copy(content)
        and receipt.inputs_hold(content)
        and quick.all_run(content["runtime"][0], content.get("program", []))
        and all(quick.answers(target) for target in content.get("listener", []))
        and _verdict_is_good(content["verdict"][0])
    )


def _is_of_this_copy(content: dict[str, list[str]]) -> bool:
    """False where another copy of the tool wrote it: the agent's own, which knows nothing of changes in this one."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [line.partition(" ")[2] for line in content.get("package", [])] == [own]


def _verdict_is_good(path: str) -> bool:
    """True where the agent's newest probes, which ask what each service promises, found every one online."""
    try:
        if SystemClock().now() - os.stat(path).st_mtime > _VERDICT_MAX_AGE_S:
            return False
        with open(path, encoding="utf-8") as file:
            verdict = file.read()
    except OSError:
        return False
    # What follows is about tools elsewhere; inside a text, the quotes would be written with backslashes.
    verdict = verdict.partition('"outside":')[0]
    return '"state":"online"' in verdict and not any(
        f'"state":"{bad}"' in verdict for bad in ("down", "degraded", "unknown")
    )


def _seconds(seconds: float) -> str:
    return f"{number(seconds, 2, language_of_environment())} s"
