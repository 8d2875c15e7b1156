"""How processes did: a day in fast-forward, clocks that jump, and a file that is full, damaged or gone."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from pathlib import Path

import pytest

from founderstack.agent import client
from founderstack.agent.watching.past import BAR, BARS, DAY, KEPT, MINUTE, Past
from founderstack.model.errors import StackError
from founderstack.model.protocols import Answer
from founderstack.world.os.lock import stack_lock
from founderstack.world.state.probe_history import Answers
from tests.service.agents import ONLINE, SILENT, Bench, ManualClock, served

WELL = Answer(True, 4.0)
START = 1_700_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers-1.sqlite"


def past(file: Path, now: float = START) -> Past:
    made = Past(Answers(str(file)))
    made.load(now)
    return made


def live(made: Past, clock: ManualClock, seconds: float, answer: Answer = WELL, *names: str) -> None:
    """An answer every ten seconds, written from time to time."""
    for turn in range(int(seconds / 10)):
        clock.advance(10)
        for name in names or ("web",):
            made.add(name, answer, clock.now(), clock.monotonic())
        if turn % 60 == 59:
            made.write(made.new(), clock.now())


def rows(file: Path) -> dict[int, int]:
    with sqlite3.connect(file) as database:
        found = dict(database.execute("SELECT seconds, count(*) FROM span GROUP BY seconds").fetchall())
    database.close()
    return found


def test_a_day_is_thirty_bars_a_share_of_time_and_two_quantiles(file: Path) -> None:
    made, clock, dice = past(file), ManualClock(), random.Random(7)
    for turn in range(8640):
        clock.advance(10)
        answer = Answer(True, dice.uniform(1, 10)) if turn % 100 else Answer(False, 5000, "connection refused")
        made.add("web", answer, clock.now(), clock.monotonic())
        if turn % 60 == 59:
            made.write(made.new(), clock.now())
    shown = made.shown("web", clock.now())
    assert shown["uptime_24h"] == pytest.approx(0.99, abs=0.0005)
    assert shown["p50_ms"] == pytest.approx(5.5, rel=0.15)
    assert shown["p95_ms"] == pytest.approx(9.55, rel=0.15)
    assert shown["last_error"]["text"] == "connection refused"
    assert [bar[1] for bar in shown["bars"]] == [BAR] * BARS
    assert [bar[0] for bar in shown["bars"]] == [shown["bars"][0][0] + BAR * number for number in range(BARS)]
    assert all(bar[3] + bar[4] == 288 for bar in shown["bars"][1:-1])
    assert rows(file)[MINUTE] <= KEPT[MINUTE] + 61
    minutes = made.buckets("web", 6, clock.now())
    assert 359 <= len(minutes) <= 362
    assert all(one[1] == MINUTE and one[4] + one[5] == 6 for one in minutes[1:-1])
    assert len(made.buckets("web", 25, clock.now())) in (BARS, BARS + 1)


def test_what_the_agent_knew_outlives_it(file: Path) -> None:
    made, clock = past(file), ManualClock()
    live(made, clock, 7200)
    live(made, clock, 60, SILENT)
    before = made.shown("web", clock.now())
    made.write(made.new(all_of_it=True), clock.now())
    again = past(file, clock.now())
    after = again.shown("web", clock.now())
    assert after.pop("uptime_24h") == pytest.approx(before.pop("uptime_24h"), abs=0.0001)
    assert after == before
    live(again, clock, 600)
    assert again.shown("web", clock.now())["bars"][-1][3] + again.shown("web", clock.now())["bars"][-2][3] > 60


def test_nobody_knows_how_it_was_while_nobody_asked(file: Path) -> None:
    made, clock = past(file), ManualClock()
    live(made, clock, 3600)
    clock.advance(40_000)
    live(made, clock, 60, SILENT)
    up = made.shown("web", clock.now())["uptime_24h"]
    assert up == pytest.approx(3590 / (3590 + 15 + 50), abs=0.001)
    made.forget_pause("web")
    clock.advance(1000)
    live(made, clock, 10)
    assert made.shown("web", clock.now())["uptime_24h"] <= up + 0.001


@pytest.mark.parametrize("jump", [-DAY * 3, -3000, 3000, DAY * 400])
def test_a_clock_that_jumps_and_comes_back_costs_no_more_than_the_time_between(file: Path, jump: float) -> None:
    made, clock = past(file), ManualClock()
    live(made, clock, 4 * 3600)
    clock.wall += jump
    live(made, clock, 1200)
    assert made.shown("web", clock.now())["uptime_24h"] == 1.0
    clock.wall -= jump
    live(made, clock, 1200)
    shown = made.shown("web", clock.now())
    assert shown["uptime_24h"] == 1.0
    assert sum(bar[3] for bar in shown["bars"]) >= 120
    assert all(bar[0] <= clock.now() for bar in shown["bars"])
    later = past(file, clock.now())
    assert all(one[0] <= clock.now() for one in later.buckets("web", 24 * 30, clock.now()))


def test_names_come_and_go_without_end_and_the_file_stays_small(file: Path) -> None:
    made, clock = past(file), ManualClock()
    for number in range(40):
        live(made, clock, DAY / 10, WELL, f"app-{number}")
        made.keep([f"app-{number}"], clock.now())
    assert len(made._tracks) <= 12
    assert rows(file)[MINUTE] <= KEPT[MINUTE] * 12 + 61
    assert file.stat().st_size < 4_000_000


@pytest.mark.parametrize("damage", ["garbage", "cut", "wrong-values", "folder-gone"])
def test_a_damaged_file_costs_the_past_and_nothing_else(file: Path, damage: str) -> None:
    clock = ManualClock()
    made = past(file)
    live(made, clock, 7200)
    if damage == "garbage":
        file.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "wrong-values":
        with sqlite3.connect(file) as database:
            database.execute("UPDATE span SET latencies = 'x', ok = 'many'")
        database.close()
    else:
        made = Past(Answers(str(file.parent / "gone" / "answers.sqlite")))
    for wal in file.parent.glob("*-wal"):
        wal.unlink()
    again = past(file, clock.now()) if damage != "folder-gone" else made
    live(again, clock, 600)
    assert again.shown("web", clock.now())["uptime_24h"] == 1.0
    assert isinstance(again.buckets("web", 6, clock.now()), list)


def test_instances_of_the_app_have_one_past_over_all_releases(bench: Bench) -> None:
    async def story() -> None:
        bench.process("app-1-aaaaaa-1", ring="app")
        await bench.forward(600, step=2)
        (bench.folder / "applied" / "app-1-aaaaaa-1.json").unlink()
        bench.process("app-2-bbbbbb-1", ring="app", family="app-1", generation="2-bbbbbb", number=1)
        await bench.forward(600, step=2)
        tile = bench.state("app-2-bbbbbb-1")
        assert tile["ring"] == "app"
        assert sum(bar[3] for bar in tile["bars"]) >= 100

    asyncio.run(story())


def test_a_tile_tells_its_day_what_can_be_done_and_its_logs(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web", log_files=["/var/log/access.log"])
        bench.runtime.conditions = {"web": "running"}
        await bench.forward(300, step=10)
        tile = bench.state("web")
        assert (tile["uptime_24h"], tile["last_error"], tile["condition"]) == (1.0, None, "running")
        assert tile["actions"] == ["restart", "stop", "logs"]
        assert tile["logs"] == ["web", "web:access"]
        bench.answers["web"] = SILENT
        await bench.forward(60, step=3)
        tile = bench.state("web")
        assert tile["last_error"]["text"] == "no answer in time"
        assert 0.5 < tile["uptime_24h"] < 1.0
        bench.runtime.conditions = {"web": "stopped"}
        bench.answers["web"] = ONLINE
        await bench.forward(30, step=3)
        assert (bench.state("web")["condition"], bench.state("web")["actions"]) == ("stopped", ["start", "logs"])

    asyncio.run(story())


def test_what_somebody_asked_for_is_no_failure_and_the_span_is_the_measured_one(bench: Bench) -> None:
    async def story() -> None:
        bench.process("web")
        bench.runtime.conditions = {"web": "running"}
        await bench.forward(300, step=10)
        assert 200 <= bench.state("web")["measured_s"] <= 300
        bench.answers["web"] = Answer(False, 1.0, "refused")
        with stack_lock(f"{bench.folder}/lock", command="founder restart web"):
            await bench.forward(30, step=3)
        bench.answers["web"] = ONLINE
        await bench.forward(30, step=3)
        assert (bench.state("web")["uptime_24h"], bench.state("web")["last_error"]) == (1.0, None)
        bench.answers["web"] = Answer(False, 1.0, "refused")
        with stack_lock(f"{bench.folder}/lock", command="founder deploy"):
            await bench.forward(30, step=3)
        assert bench.state("web")["uptime_24h"] < 1.0

    asyncio.run(story())


def test_the_past_is_asked_for_over_the_socket(bench: Bench) -> None:
    async def story() -> None:
        await bench.forward(600, step=2)
        buckets = (await client.ask_async(bench.socket, "history", process="web", hours=1))["buckets"]
        assert sum(bucket[4] for bucket in buckets) >= 50
        with pytest.raises(StackError):
            await client.ask_async(bench.socket, "history", process="nobody")

    bench.process("web")
    served(bench, story)


def test_a_tool_elsewhere_has_a_tile_and_nothing_that_can_be_done_to_it(bench: Bench) -> None:
    etc = bench.folder / "etc" / "agent"

    def name(*tools: str) -> None:
        probe = {"kind": "http", "target": "grafana.example.com:80", "accept": [200, 401]}
        record = {"component": "outside", "outside": True, "stops": False, "ready": probe, "address": "http://x"}
        new = etc / "new"
        new.write_text(json.dumps({"v": 1, "records": [{**record, "name": f"outside-{tool}"} for tool in tools]}))
        new.rename(etc / "tools.json")

    async def story() -> None:
        etc.mkdir(parents=True)
        name("grafana")
        bench.process("web")
        await bench.forward(20)
        tile = bench.state("outside-grafana")
        assert (tile["state"], tile["outside"], tile["actions"], tile["logs"]) == ("online", True, [], [])
        bench.answers["grafana.example.com:80"] = SILENT
        await bench.forward(30)
        assert bench.state("outside-grafana")["state"] == "down"
        kept = json.loads((bench.folder / "agent" / "state.json").read_text())
        assert (list(kept["processes"]), list(kept["outside"])) == (["web"], ["outside-grafana"])
        name()
        await bench.forward(2)
        assert bench.agent._board.since(0)["names"] == ["web"]
        (etc / "tools.json").write_text("{")
        await bench.forward(2)
        assert bench.state("web")["state"] == "online"

    asyncio.run(story())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
