"""A real agent on its socket, with a runtime that only notes what it was told and a clock that the test owns."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from founderstack.agent import client
from founderstack.agent.server import LONGEST_REQUEST, MOST_CLIENTS, MOST_FOLLOWERS
from founderstack.model.alerts import Limits
from founderstack.model.errors import StackError
from founderstack.model.process import Probe
from founderstack.model.protocols import Answer, ProcessStatus
from founderstack.planner.alerts.rules import AlertFacts, conditions
from founderstack.world.state.history import History
from tests.conftest import wait_until
from tests.service.agents import ONLINE, SILENT, Bench, served


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_process_is_down_after_three_failures_and_back_after_one_answer(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        await bench.forward(5)
        assert bench.state("web")["state"] == "online"
        bench.answers["web"] = SILENT
        await bench.forward(12)
        assert bench.state("web")["state"] == "degraded"
        await bench.forward(6)
        assert bench.state("web")["state"] == "down"
        assert bench.state("web")["error"] == "no answer in time"
        bench.answers["web"] = ONLINE
        await bench.forward(4)
        assert bench.state("web")["state"] == "online"

    asyncio.run(story())


def test_what_was_just_started_is_judged_when_it_is_asked_for(bench: Bench) -> None:
    bench.process("web")
    bench.process("db")
    bench.process("off")
    bench.runtime.conditions = {"web": "running", "db": "running", "off": "stopped"}
    bench.answers["db"] = SILENT

    async def story() -> None:
        assert await client.ask_async(bench.socket, "judge") == {"not_online": ["db"]}
        bench.answers["db"] = ONLINE
        assert await client.ask_async(bench.socket, "judge") == {"not_online": []}
        kept = json.loads((bench.folder / "agent" / "state.json").read_text())["processes"]
        assert {name: kept[name]["state"] for name in ("web", "db")} == {"web": "online", "db": "online"}

    served(bench, story)


def test_an_hour_goes_by_at_one_question_every_ten_seconds(bench: Bench) -> None:
    async def story() -> None:
        for name in ("web", "db"):
            bench.process(name)
        await bench.forward(3600, step=2)
        for name in ("web", "db"):
            assert 320 <= bench.asked[name] <= 380
            assert len(bench.state(name)["history"]) == 30

    asyncio.run(story())


def test_a_probe_that_hangs_counts_as_failed_and_holds_up_nobody(bench: Bench) -> None:
    async def story() -> None:
        for number in range(6):
            bench.process(f"hangs-{number}")
            bench.answers[f"hangs-{number}"] = None
        bench.process("web")
        await bench.forward(80)
        assert bench.state("web")["state"] == "online"
        assert bench.asked["web"] >= 5
        assert {bench.state(f"hangs-{number}")["state"] for number in range(6)} == {"down"}
        assert len(bench.agent._prober._open) <= 6, "one question each, however long"
        bench.answers.clear()
        await bench.forward(25)
        assert {bench.state(f"hangs-{number}")["state"] for number in range(6)} == {"online"}

    asyncio.run(story())


def test_the_wall_clock_may_jump_either_way(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        await bench.forward(5)
        for jump in (-86_400.0, 172_800.0):
            before = bench.asked["web"]
            bench.clock.wall += jump
            await bench.forward(20)
            assert before < bench.asked["web"] <= before + 4
            assert bench.state("web")["state"] == "online"

    asyncio.run(story())


def test_processes_come_and_go_with_their_records_and_a_bad_record_harms_no_other(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        (bench.folder / "applied" / "bad.json").write_text("{")
        await bench.forward(3)
        bench.process("db")
        await bench.forward(3)
        assert bench.state("db")["state"] == "online"
        (bench.folder / "applied" / "web.json").unlink()
        await bench.forward(2)
        assert bench.agent._board.since(0)["names"] == ["db"]

    asyncio.run(story())


def test_what_the_supervisor_gave_up_on_is_started_again_ever_more_rarely(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        bench.runtime.conditions = {"web": "failing", "db": "running"}
        await bench.forward(120)
        assert bench.runtime.told == ["revive web"] * 4

    asyncio.run(story())


def test_what_takes_questions_and_answers_none_is_set_aside_and_started_again_ever_more_rarely(bench: Bench) -> None:
    async def story() -> None:
        bench.process("app-1-a-1", ring="app")
        bench.process("postgres", group="data")
        bench.process("slow", group="web", applied=False)
        bench.runtime.conditions = dict.fromkeys(("app-1-a-1", "postgres", "slow"), "running")
        bench.answers["slow"] = SILENT  # never answered yet, and a command waits for it
        await bench.forward(20)
        bench.answers |= {"app-1-a-1": Answer(False, 3.0, "status 503"), "postgres": SILENT}
        await bench.forward(60)
        assert bench.runtime.told == []
        bench.answers["app-1-a-1"] = SILENT
        await bench.forward(120)
        assert bench.runtime.told[0] == "set aside app-1-a-1"
        assert 3 <= bench.runtime.told.count("restart app-1-a-1") <= 5
        assert set(bench.runtime.told) == {"set aside app-1-a-1", "restart app-1-a-1"}
        bench.answers["app-1-a-1"] = ONLINE
        await bench.forward(60)
        assert bench.runtime.told[-1] == "take back app-1-a-1"
        assert bench.runtime.told.count("take back app-1-a-1") == 1

    asyncio.run(story())


def test_what_never_answered_is_deaf_once_it_has_had_the_time_that_its_start_may_take(bench: Bench) -> None:
    async def story() -> None:
        names = ("app-1-a-1", "app-1-b-1", "postgres")
        bench.process("app-1-a-1", ring="app", ready=asdict(Probe("tcp", "app-1-a-1", timeout_s=60)))
        bench.process("app-1-b-1", ring="app", applied=False)
        bench.process("postgres", group="data")
        bench.runtime.conditions = dict.fromkeys(names, "running")
        bench.runtime.since = dict.fromkeys(names, bench.clock.wall)
        bench.answers = dict.fromkeys(names, SILENT)
        await bench.forward(59)
        assert bench.runtime.told == []
        await bench.forward(180)
        assert 3 <= bench.runtime.told.count("restart app-1-a-1") <= 6
        assert set(bench.runtime.told) == {"set aside app-1-a-1", "restart app-1-a-1"}
        told = History(f"{bench.folder}/history.sqlite").recent(1)
        assert [(event.step, event.detail) for event in told] == [("restart:app-1-a-1", "it gave no answer")]
        # A start of its own begins its time anew.
        bench.runtime.told.clear()
        bench.process("app-1-b-1", ring="app")
        bench.runtime.since["app-1-b-1"] = bench.clock.wall
        bench.answers["app-1-a-1"] = ONLINE
        await bench.forward(29)
        assert "restart app-1-b-1" not in bench.runtime.told
        await bench.forward(20)
        assert "restart app-1-b-1" in bench.runtime.told

    asyncio.run(story())


def test_what_outgrows_its_memory_is_set_aside_and_started_again_and_said(bench: Bench) -> None:
    async def story() -> None:
        bench.process("app-1-a-1", ring="app", memory_limit_mib=512, title="App")
        bench.process("app-1-a-2", ring="app", memory_limit_mib=700)
        bench.process("postgres", group="data")
        bench.runtime.conditions = dict.fromkeys(("app-1-a-1", "app-1-a-2", "postgres"), "running")
        bench.memory_mib = 512
        await bench.forward(60)
        assert bench.runtime.told == []
        bench.memory_mib = 612
        while len(bench.runtime.told) < 2:
            await bench.forward(1)
        bench.memory_mib = 100
        assert bench.runtime.told == ["set aside app-1-a-1", "restart app-1-a-1"]
        await bench.forward(20)
        assert bench.runtime.told[2:] == ["take back app-1-a-1"]
        (told,) = History(f"{bench.folder}/history.sqlite").recent(5)
        assert (told.step, told.detail) == ("restart:app-1-a-1", "it took 612 MiB of 512 MiB")
        facts = AlertFacts(bench.agent._service_facts())
        (alert,) = conditions(facts, Limits())
        assert (alert.key, alert.why) == ("memory:app-1-a-1", "It took 612 MiB of 512 MiB, and was started again.")
        await bench.forward(3600, step=10)
        assert conditions(AlertFacts(bench.agent._service_facts()), Limits()) == ()

    asyncio.run(story())


def test_what_outgrows_its_memory_again_and_again_waits_a_minute_at_most(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web", memory_limit_mib=512)
        bench.runtime.conditions = {"web": "running"}
        bench.memory_mib = 600
        await bench.forward(600)
        assert 10 <= bench.runtime.told.count("restart web") <= 13

    asyncio.run(story())


def test_a_process_stopped_on_purpose_is_not_asked_and_not_down(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        bench.runtime.conditions = {"web": "stopped"}
        bench.answers["web"] = SILENT
        await bench.forward(60)
        assert (bench.state("web")["state"], bench.state("web")["error"]) == ("stopped", "")
        bench.runtime.conditions = {"web": "running"}
        bench.answers["web"] = ONLINE
        await bench.forward(20)
        assert bench.state("web")["state"] == "online"

    asyncio.run(story())


def test_the_state_file_outlives_the_agent_and_may_be_corrupt(bench: Bench) -> None:
    async def nothing() -> None:
        await asyncio.sleep(0)

    bench.process("web")
    asyncio.run(bench.forward(15))
    kept = json.loads((bench.folder / "agent" / "state.json").read_text())
    assert (kept["v"], kept["processes"]["web"]["state"]) == (1, "online")
    bench.agent = bench.new_agent()
    bench.answers["web"] = SILENT
    served(bench, nothing)
    assert bench.state("web")["since"] == kept["processes"]["web"]["since"]
    (bench.folder / "agent" / "state.json").write_bytes(b'{"v":1,"processes":[')
    bench.agent = bench.new_agent()
    served(bench, nothing)
    assert bench.agent._board.since(0)["names"] == ["web"]


def test_big_logs_are_rotated_and_their_writer_is_told(bench: Bench) -> None:
    log = bench.folder / "access.log"
    with log.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    told: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: told.append(number))
    try:
        bench.process("web", log_files=[str(log)], reopen_signal="USR1")
        bench.runtime.statuses = lambda: [ProcessStatus("web", "running", os.getpid(), 0.0)]  # type: ignore[method-assign]
        asyncio.run(bench.forward(70))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sorted(path.name for path in bench.folder.glob("access*")) == ["access.log.1"]
    assert told == [signal.SIGUSR1]


def test_verbs_are_answered_and_errors_come_in_three_parts(bench: Bench) -> None:
    async def story() -> None:
        await bench.forward(1)
        assert await client.ask_async(bench.socket, "ping") == "pong"
        status = await client.ask_async(bench.socket, "status")
        assert status["names"] == ["agent", "web"]
        assert status["processes"]["web"]["title"] == "web"
        await client.ask_async(bench.socket, "restart", process="web")
        assert bench.runtime.told == ["restart web"]
        (offered,) = await client.ask_async(bench.socket, "credentials")
        assert (offered["name"], offered["process"], offered["host"], offered["port"]) == ("DB", "web", "127.0.0.1", 5)
        assert offered["url"] == "postgresql://app:••••@127.0.0.1:5/app"
        revealed = await client.ask_async(bench.socket, "reveal", name="DB", by="ana")
        assert revealed["value"] == "{{secret:db.app}}", "what fills in secrets here leaves them as they are"
        seen = (await client.ask_async(bench.socket, "happened", limit=1))["events"][0]
        assert (seen["step"], seen["detail"]) == ("secrets show:db.app", "ana")
        for process in ("nobody", "agent"):
            with pytest.raises(StackError) as refused:
                await client.ask_async(bench.socket, "restart", process=process)
            assert refused.value.why
            assert refused.value.fix
        bench.runtime.broken = "it crashed"
        with pytest.raises(StackError, match="web did not become ready"):
            await client.ask_async(bench.socket, "restart", process="web")

    url = "postgresql://app:{{secret:db.app|url}}@127.0.0.1:5/app"
    bench.process("web", credentials=[{"name": "DB", "user": "app", "secret": "db.app", "url": url, "command": "psql"}])
    bench.process("agent", ready=asdict(Probe("agent", "/agent.sock")))
    served(bench, story)


def test_the_plain_client_gets_the_same_and_says_when_nobody_is_there(bench: Bench) -> None:
    async def story() -> None:
        assert await asyncio.to_thread(client.ask, bench.socket, "ping") == "pong"

    served(bench, story)
    with pytest.raises(StackError, match="cannot be reached"):
        client.ask(bench.socket, "ping")


def test_a_watcher_gets_everything_then_each_change(bench: Bench) -> None:
    async def story() -> None:
        changes = client.watch(bench.socket)
        first = await anext(changes)
        assert first["names"] == ["web"]
        while first["processes"].get("web", {}).get("state") != "online":
            bench.clock.advance(1)
            first = await anext(changes)
        bench.answers["web"] = SILENT
        bench.clock.advance(20)
        states = []
        while "degraded" not in states:
            states += [tile["state"] for tile in (await anext(changes))["processes"].values()]
        await changes.aclose()

    bench.process("web")
    served(bench, story)


async def _is_cut(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 0.5) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_floods_and_nonsense_are_cut_off_and_others_are_served_on(bench: Bench) -> None:
    async def story() -> None:
        reader, writer = await asyncio.open_unix_connection(bench.socket)
        writer.write(b"x" * (LONGEST_REQUEST * 3))
        answer = json.loads(await reader.readline())
        assert not answer["ok"]
        assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_unix_connection(bench.socket)
        writer.write(b'{"v":1}\n{"v":1,"verb":"ping","args":{}}\n')
        assert not json.loads(await reader.readline())["ok"]
        assert json.loads(await reader.readline())["result"] == "pong"
        writer.close()
        crowd = [await asyncio.open_unix_connection(bench.socket) for _ in range(MOST_CLIENTS + 5)]
        assert sum(await asyncio.gather(*(_is_cut(reader) for reader, _writer in crowd))) >= 5
        for _reader, writer in crowd:
            writer.close()
        while True:
            try:
                assert await client.ask_async(bench.socket, "ping") == "pong"
                break
            except StackError:
                await asyncio.sleep(0.02)

    served(bench, story)


def test_pages_that_follow_never_keep_a_short_question_from_its_answer(bench: Bench) -> None:
    async def story() -> None:
        pages = [client.watch(bench.socket) for _ in range(MOST_FOLLOWERS)]
        for page in pages:
            await anext(page)
        with pytest.raises(StackError) as refused:
            await anext(client.watch(bench.socket))
        assert "follows nothing more" in refused.value.what
        assert "founder up" not in refused.value.fix
        assert await client.ask_async(bench.socket, "ping") == "pong"
        await pages.pop().aclose()
        while True:
            try:
                await anext(client.watch(bench.socket))
                break
            except StackError:
                await asyncio.sleep(0.02)
        for page in pages:
            await page.aclose()

    served(bench, story)


def test_an_agent_that_hangs_is_said_to_whatever_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("founderstack.agent.client.SHORT_S", 0.2)
    path = str(tmp_path / "agent.sock")
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(path)
        hung.listen()
        for verb in ("ping", "plan", "jobs", "restart"):
            with pytest.raises(StackError, match="does not answer"):
                asyncio.run(client.ask_async(path, verb))
            with pytest.raises(StackError, match="does not answer"):
                client.ask(path, verb)


def test_a_watcher_that_reads_nothing_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("founderstack.agent.server.SLOW_S", 0.3)

    async def story() -> None:
        with socket.socket(socket.AF_UNIX) as lazy:
            lazy.connect(bench.socket)
            lazy.sendall(b'{"v":1,"verb":"watch","args":{}}\n')
            while not bench.agent._board._watchers:
                await asyncio.sleep(0.01)
            while bench.agent._board._watchers:
                bench.agent._board._changed("web")
                await asyncio.sleep(0.01)

    bench.process("web", summary="x" * 2_000_000)
    served(bench, story)


ASK = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[3]))
asking = socket.socket(socket.AF_UNIX)
asking.settimeout(5)
asking.connect(sys.argv[1])
asking.sendall(b'{"v":1,"verb":"%s","args":{}}\\n' % sys.argv[4].encode())
sys.stdout.write(asking.recv(4096).decode())
"""
PANEL_ID, STRANGER_ID = 64_123, 64_124


@pytest.mark.skipif(os.geteuid() != 0, reason="other users can only be had as root")
def test_the_panel_may_ask_what_the_table_allows_and_strangers_nothing(bench: Bench) -> None:
    os.chown(bench.folder / "agent", -1, PANEL_ID)
    for folder in (bench.folder / "agent", bench.folder, *bench.folder.parents):
        if "pytest" in str(folder):
            os.chmod(folder, 0o755)

    async def ask(identity: int, verb: str) -> str:
        command = ["/usr/bin/python3", "-c", ASK, bench.socket, str(identity), str(identity), verb]
        asked = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, cwd="/")
        return asked.stdout or asked.stderr

    async def story() -> None:
        assert '"pong"' in await ask(PANEL_ID, "ping")
        assert '"ok":false' in await ask(PANEL_ID, "stop")
        assert "PermissionError" in await ask(STRANGER_ID, "ping")
        os.chmod(bench.socket, 0o777)
        refused = await ask(STRANGER_ID, "ping")
        assert "pong" not in refused
        assert refused == "" or "ConnectionReset" in refused or "BrokenPipe" in refused

    served(bench, story)


SERVE = """
import asyncio, pathlib, sys
sys.path.insert(0, sys.argv[2])
from founderstack.agent import __main__ as agent
from founderstack.model.errors import StackError
agent._AGAIN_S = 0.1
from founderstack.world.os.clock import SystemClock
class Runtime:
    def statuses(self): return []
    tries = 0
    def start_resident(self):
        self.tries += 1
        if self.tries < 3:
            raise StackError("It did not start", "The disk is full.", "Make room.")
        pathlib.Path(sys.argv[1], "supervisor-started").touch()
class World:
    runtime, clock, fill = Runtime(), SystemClock(), str
asyncio.run(agent.serve(sys.argv[1], World(), under_systemd=sys.argv[3] == "systemd"))
"""


@pytest.mark.parametrize(
    ("number", "under", "starts"),
    [
        (signal.SIGUSR1, "nobody", True),
        (signal.SIGUSR1, "systemd", False),
        (signal.SIGTERM, "nobody", False),
    ],
)
def test_with_its_supervisor_dead_the_agent_starts_a_new_one_and_leaves(
    bench: Bench, number: signal.Signals, under: str, starts: bool
) -> None:
    source = str(Path(client.__file__).parents[2])
    with subprocess.Popen([sys.executable, "-c", SERVE, str(bench.folder), source, under]) as process:
        wait_until(lambda: os.path.exists(bench.socket), "the agent listens")
        assert client.ask(bench.socket, "ping") == "pong"
        process.send_signal(number)
        assert process.wait(10) == 0
    assert (bench.folder / "supervisor-started").exists() is starts
