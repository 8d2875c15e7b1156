"""`founder up` when everything is as it was left: one look at all it depends on, and one line.

Only the standard library's cheapest modules are imported here; a test holds it to that.
"""

from __future__ import annotations

import os
import sys
import time
from _socket import AF_INET, AF_UNIX, SOCK_STREAM, socket

from founderstack.locale import language_of_environment
from founderstack.world.os import ambient
from founderstack.world.os.clock import SystemClock
from founderstack.world.state import receipt

_VERDICT_MAX_AGE_S = 60
_TIMEOUT_S = 2.0
_ASK = (
    b"<?xml version='1.0'?><methodCall><methodName>supervisor.getAllProcessInfo</methodName>"
    b"<params></params></methodCall>"
)


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
        and _all_run(content["supervisor"][0], content.get("program", []))
        and all(_answers(target) for target in content.get("listener", []))
        and _verdict_is_good(content["verdict"][0])
    )


def _is_of_this_copy(content: dict[str, list[str]]) -> bool:
    """False where another copy of the tool wrote it: the agent's own, which knows nothing of changes in this one."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [line.partition(" ")[2] for line in content.get("package", [])] == [own]


def _all_run(supervisor: str, programs: list[str]) -> bool:
    """True where the supervisor runs exactly these programs."""
    try:
        return programs_of(supervisor) == dict.fromkeys(programs, "RUNNING")
    except OSError:
        return False


def programs_of(supervisor: str) -> dict[str, str]:
    """Name of each supervised program → the supervisor's word for its state; raises OSError where nobody answers."""
    answer = _post(supervisor)
    # Names and states hold no markup, so the fields can be cut out without a parser.
    names = answer.split("<name>name</name>\n<value><string>")[1:]
    states = answer.split("<name>statename</name>\n<value><string>")[1:]
    return {name.split("<", 1)[0]: state.split("<", 1)[0] for name, state in zip(names, states, strict=True)}


def _post(path: str) -> str:
    line = _connected(AF_UNIX, path)
    try:
        head = f"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: {len(_ASK)}\r\n\r\n"
        line.sendall(head.encode() + _ASK)
        parts = []
        while part := line.recv(65536):
            parts.append(part)
    finally:
        line.close()
    return b"".join(parts).decode(errors="replace")


def _connected(family: int, address: str | tuple[str, int]) -> socket:
    line = socket(family, SOCK_STREAM)
    try:
        line.settimeout(_TIMEOUT_S)
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line


def _answers(target: str) -> bool:
    """True where something accepts connections at a probe's target."""
    folder, _, port = target.rpartition(":")
    try:
        if target.startswith("/"):
            # A path with a port is PostgreSQL's folder of sockets.
            _connected(AF_UNIX, f"{folder}/.s.PGSQL.{port}" if folder else target).close()
        else:
            _connected(AF_INET, (folder, int(port))).close()
    except OSError:
        return False
    return True


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
    text = f"{seconds:.2f} s"
    return text.replace(".", ",") if language_of_environment() == "es" else text
