"""Jobs: verbs of the command line as programs of their own, which outlive the agent that began them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from founderstack import locale
from founderstack.agent import client
from founderstack.agent.jobs.commands import OwnCommands
from founderstack.agent.jobs.jobs import KEPT, MOST_RUNNING
from founderstack.locale import wire
from founderstack.model.errors import StackError
from tests.conftest import wait_until
from tests.service.agents import Bench, served


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def begin(bench: Bench, verb: str = "restart", **options: Any) -> str:
    asked = client.ask_async(bench.socket, "run", verb=verb, options=options or {"process": "web"}, by="ana")
    return str((await asked)["job"])


async def heard(bench: Bench, job: str) -> list[dict[str, Any]]:
    return [part async for part in client.follow(bench.socket, job)]


async def when(bench: Bench, job: str, state: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = await client.ask_async(bench.socket, "job", id=job)
        if found["state"] == state:
            return found
        await asyncio.sleep(0.01)


def test_a_job_runs_the_command_line_and_tells_its_events_to_whoever_follows(bench: Bench) -> None:
    async def story() -> None:
        job = await begin(bench)
        parts = await heard(bench, job)
        assert [part["event"]["kind"] for part in parts[:-1]] == ["started", "done"]
        assert (parts[-1]["job"]["state"], parts[-1]["job"]["code"], parts[-1]["job"]["by"]) == ("done", 0, "ana")
        assert bench.commands.told == [("restart", "web", "--yes", "--events")]
        (listed,) = (await client.ask_async(bench.socket, "jobs"))["jobs"]
        assert (listed["id"], listed["verb"], "events" in listed) == (job, "restart", False)
        assert await heard(bench, job) == parts, "who comes later hears the same"

    served(bench, story)


def test_events_come_while_the_job_runs(bench: Bench) -> None:
    async def story() -> None:
        bench.commands.open = {"restart"}
        bench.commands.says["restart"] = []
        job = await begin(bench)
        parts = client.follow(bench.socket, job)
        for detail in ("one", "two"):
            bench.commands.say(1, {"v": 1, "kind": "progress", "step": "x", "detail": detail})
            assert (await anext(parts))["event"]["detail"] == detail
        bench.commands.say(1, {"v": 1, "error": {"what": "No", "why": "It is full.", "fix": "Mend it."}, "code": 5})
        bench.commands.open.clear()
        ended = (await anext(parts))["job"]
        assert (ended["state"], ended["code"], ended["error"]["why"]) == ("failed", 5, "It is full.")
        kept = (await client.ask_async(bench.socket, "job", id=job))["events"]
        assert [event["detail"] for event in kept] == ["two"], "of progress only the newest"

    served(bench, story)


def test_a_command_that_dies_without_a_word_is_a_failed_job_with_its_last_lines(bench: Bench) -> None:
    async def story() -> None:
        bench.commands.says["restart"] = []
        bench.commands.open = {"restart"}
        job = await begin(bench)
        with open(bench.folder / "agent" / "jobs" / f"{job}.out", "a") as out:
            out.write("Killed\n")
        bench.commands.open.clear()
        assert (await when(bench, job, "failed"))["error"]["why"] == "Killed"

    served(bench, story)


def test_a_job_outlives_its_agent_and_is_taken_up_by_the_next(bench: Bench) -> None:
    jobs: list[str] = []

    async def begins() -> None:
        bench.commands.open = {"restart", "stop"}
        for verb in ("restart", "stop", "start"):
            bench.commands.says[verb] = []
            jobs.append(await begin(bench, verb))
        await when(bench, jobs[2], "failed")

    async def goes_on() -> None:
        assert (await client.ask_async(bench.socket, "job", id=jobs[0]))["state"] == "running"
        assert (await when(bench, jobs[1], "lost"))["error"]
        bench.commands.say(1, {"v": 1, "result": {}, "code": 0})
        bench.commands.open.clear()
        assert (await when(bench, jobs[0], "done"))["code"] == 0

    served(bench, begins)
    bench.commands.open.remove("stop")
    bench.agent = bench.new_agent()
    served(bench, goes_on)


def test_too_many_at_once_and_what_does_not_exist_are_refused(bench: Bench) -> None:
    async def story() -> None:
        bench.commands.open = {"restart"}
        for _ in range(MOST_RUNNING):
            await begin(bench)
        with pytest.raises(StackError, match="Too much"):
            await begin(bench)
        for verb, options in (("destroy", {}), ("restart", {"process": "--help"})):
            with pytest.raises(StackError, match="refused"):
                await client.ask_async(bench.socket, "run", verb=verb, options=options, by="ana")
        for job in ("../state", "20260101T000000Z-abcdef"):
            with pytest.raises(StackError, match="no such job"):
                await client.ask_async(bench.socket, "job", id=job)
            with pytest.raises(StackError, match="no such job"):
                await heard(bench, job)
        bench.commands.open.clear()

    served(bench, story)


def test_only_the_newest_are_kept_and_a_damaged_one_harms_no_other(bench: Bench) -> None:
    async def story() -> None:
        (bench.folder / "agent" / "jobs").mkdir(exist_ok=True)
        (bench.folder / "agent" / "jobs" / "20200101T000000Z-00000a.json").write_bytes(b"\xff{")
        for _ in range(KEPT + 2):
            bench.clock.wall += 60
            await heard(bench, await begin(bench))
        assert len((await client.ask_async(bench.socket, "jobs"))["jobs"]) == KEPT
        left = [path.name for path in (bench.folder / "agent" / "jobs").iterdir()]
        assert len([name for name in left if not name.startswith("2020")]) <= KEPT + 1
        assert not [name for name in left if name.endswith(".out")]

    served(bench, story)


def test_what_leads_to_a_page_that_is_gone_is_not_stopped_from_it(bench: Bench) -> None:
    async def story() -> None:
        await bench.forward(1)
        with pytest.raises(StackError, match="not stopped from here"):
            await client.ask_async(bench.socket, "run", verb="stop", options={"process": "panel"}, by="ana")

    bench.process("panel", stops=False)
    served(bench, story)


def test_the_plan_is_what_the_command_line_says(bench: Bench) -> None:
    async def story() -> None:
        step = {"id": "start:web", "action": "start", "name": "web", "reason": "it is not there yet", "risk": "none"}
        bench.commands.documents["plan"] = {"v": 1, "digest": "abc", "changes": [step]}
        assert await client.ask_async(bench.socket, "plan") == {"digest": "abc", "steps": [step]}

    served(bench, story)


def test_logs_end_and_go_on(bench: Bench) -> None:
    log = bench.folder / "log" / "web.log"
    log.parent.mkdir()
    log.write_text("".join(f"line {number}\n" for number in range(500)) + "\x1b[31mred\x1b[0m \x07bell\nhalf")

    async def story() -> None:
        await bench.forward(1)
        found = (await client.ask_async(bench.socket, "logs", process="web", lines=2))["lines"]
        assert found == [[None, "line 499"], [None, "red \N{REPLACEMENT CHARACTER}bell"]]
        parts = client.stream(bench.socket, "tail", process="web", lines=1)
        await anext(parts)
        with log.open("a") as file:
            file.write(" a line\nand more\n")
        written = log.stat().st_mtime
        assert (await anext(parts))["lines"] == [[written, "half a line"], [written, "and more"]]
        assert (await client.ask_async(bench.socket, "logs", process="web"))["bytes"] == log.stat().st_size
        os.rename(log, f"{log}.1")
        log.write_text("2026-11-24 19:00:00 says its time itself\n")
        assert (await anext(parts))["lines"] == [[None, "2026-11-24 19:00:00 says its time itself"]]
        await parts.aclose()
        whole = log.stat().st_size + os.stat(f"{log}.1").st_size
        assert (await client.ask_async(bench.socket, "logs", process="web"))["bytes"] == whole, (
            "with what was put aside"
        )
        for name in ("nobody", "web:access"):
            with pytest.raises(StackError):
                await client.ask_async(bench.socket, "logs", process=name)

    bench.process("web")
    served(bench, story)


def test_the_real_command_line_is_run_with_the_stacks_own_file(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"file": str(tmp_path / "founder.toml")}))
    commands = OwnCommands(str(tmp_path))
    with pytest.raises(StackError, match=r"founder\.toml"):
        commands.answer(("plan", "--json"), language="en")
    child = commands.begin(("up", "--yes", "--events"), str(tmp_path / "out"), language="es", nice=5)
    wait_until(lambda: not commands.runs(child), "the command has ended")
    (line,) = (tmp_path / "out").read_text().splitlines()
    said = json.loads(line)
    assert said["code"] != 0
    assert "founder.toml" in said["error"]["what"]
    heard = wire.loads(line)["error"]
    with pytest.raises(StackError) as in_english:
        commands.answer(("plan", "--json"), language="en")
    for part in ("what", "why", "fix"):
        assert locale.translator("es")(getattr(in_english.value, part)) == heard[part] == said["error"][part]
        assert locale.translator("en")(heard[part]) == getattr(in_english.value, part) != heard[part]
    assert commands.runs(child) is False


def test_a_command_that_is_killed_is_seen_to_be_gone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    commands = OwnCommands(str(tmp_path))
    commands._command = lambda words: [sys.executable, "-c", "import time; time.sleep(60)"]  # type: ignore[method-assign]
    child = commands.begin((), str(out), language="", nice=0)
    assert commands.runs(child)
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not commands.runs(child), "the command is gone")


BUILD = "0123456789abcdef0123"


def test_the_build_of_a_job_is_read_along_and_ends_with_it(bench: Bench) -> None:
    folder = bench.folder / "log" / "build"
    folder.mkdir(parents=True)
    log = folder / f"4-{BUILD}.log"
    log.write_text("of an earlier build\n")
    os.utime(log, (1, 1))

    async def story() -> None:
        step = {"id": f"do:app/build-{BUILD}", "family": "do:app/build", "generation": BUILD}
        bench.commands.says["restart"] = [{"v": 1, "steps": [step], "digest": "d"}]
        bench.commands.open = {"restart"}
        job = await begin(bench)
        parts = client.stream(bench.socket, "building", id=job)
        first = asyncio.ensure_future(anext(parts))
        while not (await client.ask_async(bench.socket, "job", id=job))["build"]:
            await asyncio.sleep(0.01)
        log.unlink()
        log.write_text("one\ntwo\n")
        assert (await first)["lines"] == [[None, "one"], [None, "two"]]
        late = client.stream(bench.socket, "building", id=job)
        assert (await anext(late))["lines"] == [[None, "one"], [None, "two"]], "who comes in the middle hears it all"
        with log.open("a") as more:
            more.write("three\n")
        assert (await anext(parts))["lines"] == [[None, "three"]]
        bench.commands.open.clear()
        assert await anext(parts) == {"job": job}
        said = await client.ask_async(bench.socket, "build", digest=BUILD)
        assert [text for _at, text in said["lines"]] == ["one", "two", "three"]
        with pytest.raises(StackError):
            await client.ask_async(bench.socket, "build", digest="/../../../etc/passwd")

    served(bench, story)
