"""Instances that hang or leak while people use the app: the others serve, and the ill ones are started again."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from founderstack.world.state.history import History
from tests.conftest import wait_until
from tests.fault.conftest import NewStack
from tests.fault.stacks import Founder, Visitors

OUTAGE_S = 45
"""Three questions of 5 s, up to 11 s before the first and 3 s between; with some room."""
GATEWAY_S = 4
APP = """\
replicas = 3
drain_s = 1
memory_limit_mib = 150
"""
LEAK = """
import os, threading
def leak():
    kept, pause = [], threading.Event()
    while not pause.wait(0.05):
        try:
            os.unlink({order!r})
        except FileNotFoundError:
            continue
        for _ in range(220):
            kept.append(b"x" * (1 << 20))
            pause.wait(0.005)
threading.Thread(target=leak, daemon=True).start()
"""

PLAIN = """
import os, socketserver
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\nplain")
socketserver.ThreadingUnixStreamServer(os.environ["LISTEN_UDS"], Answer).serve_forever()
"""
"""Binds its socket and leaves it as the system made it."""


def test_a_deaf_and_a_leaking_instance_are_passed_by_and_started_again(new_stack: NewStack) -> None:
    founder = new_stack(app=APP)
    _append(founder.folder / "founder.toml", f"timeout_s = {GATEWAY_S}\n")
    order = founder.state / "data" / "app" / "leak"
    founder.write_app("one", broken=LEAK.format(order=str(order)))
    founder.ok("up", "--yes")
    wait_until(lambda: founder.run("status", "--check").code == 0, "the agent has heard all of them", 60)
    before = {name: pid for name, pid in founder.pids().items() if name.startswith("app-")}
    deaf = min(before)
    with Visitors(founder, slow="").visiting() as visitors:
        os.kill(before[deaf], signal.SIGSTOP)
        wait_until(lambda: _stopped(before[deaf]), "it is stopped")
        wait_until(lambda: not _leads_to(founder, deaf), "requests go to the others", OUTAGE_S)
        _quick(founder, 24)
        # The deaf one is out of the way, so the order reaches one of the two that are well.
        order.touch()
        wait_until(lambda: _told(founder, "MiB") and _told(founder, "no answer"), "both are started again", 60)
        wait_until(lambda: all(_leads_to(founder, name) for name in before), "all three serve again", 30)
        _quick(founder, 24)
    assert visitors.failed == []
    family = {name: _record(founder, name)["family"] for name in before}
    (leaking,) = _told(founder, "MiB of 150 MiB")
    assert _told(founder, "no answer") == {family[deaf]}
    assert {family[name] for name in _started_again(founder, before)} == {family[deaf], leaking}
    assert leaking != family[deaf]
    assert not order.exists()


def test_people_reach_a_program_that_gives_its_socket_no_mode_also_after_it_was_killed(new_stack: NewStack) -> None:
    """What breaks: the only instance, by `kill -9`. What holds: the gateway reaches the next by itself."""
    founder = new_stack(app='listen = "socket"\n')
    (founder.folder / "app").mkdir(exist_ok=True)
    (founder.folder / "app" / "server.py").write_text(PLAIN, encoding="utf-8")
    founder.ok("up", "--yes")
    assert founder.get() == (200, "plain")
    before = {name: pid for name, pid in founder.pids().items() if name.startswith("app-")}
    (killed,) = before.values()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: founder.serves("plain"), "the next one serves", 30)
    assert _started_again(founder, before) == set(before)


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


def _leads_to(founder: Founder, name: str) -> bool:
    """Whether a slot of the ring leads to the relay of this instance."""
    return _record(founder, name)["socket"] in {
        os.readlink(slot) for slot in (founder.state / "slots" / "app").iterdir()
    }


def _record(founder: Founder, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((founder.state / "applied" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _quick(founder: Founder, times: int) -> None:
    """Nobody waits: no request reaches who would not answer it."""
    for _ in range(times):
        began = time.monotonic()
        assert founder.serves("one")
        assert time.monotonic() - began < GATEWAY_S


def _started_again(founder: Founder, before: dict[str, int]) -> set[str]:
    now = founder.pids()
    return {name for name, pid in before.items() if now.get(name, pid) != pid}


def _told(founder: Founder, words: str) -> set[str]:
    """Processes whose start the history explains with these words."""
    events = History(f"{founder.state}/history.sqlite").recent(50)
    return {event.step.partition(":")[2] for event in events if words in event.detail}
