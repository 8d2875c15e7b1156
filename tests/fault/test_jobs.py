"""Verbs that the agent runs: killed, crossed and restarted, and what is known of them afterwards."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from founderstack.agent import client
from founderstack.model.errors import StackError
from tests.conftest import wait_until
from tests.fault.stacks import LOCKED, Founder, states

SLOW = "import time; time.sleep(4)"
"""Put at the beginning of the app, it gives a job a few seconds in which something can happen to it."""


def ask(founder: Founder, verb: str, /, **arguments: Any) -> Any:
    return client.ask(f"{founder.state}/agent/agent.sock", verb, **arguments)


def begin(founder: Founder, verb: str, /, **options: Any) -> str:
    return str(ask(founder, "run", verb=verb, options=options, by="ana")["job"])


def job(founder: Founder, job_id: str) -> dict[str, Any]:
    """The job, or nothing while the agent is away."""
    try:
        found: dict[str, Any] = ask(founder, "job", id=job_id)
    except StackError:
        return {"state": ""}
    return found


def ended(founder: Founder, job_id: str) -> dict[str, Any]:
    wait_until(lambda: job(founder, job_id)["state"] not in ("", "running"), "the job has ended", 60)
    return job(founder, job_id)


def serves(founder: Founder) -> bool:
    """Whatever release it is at that the test before has left."""
    return founder.get()[0] == 200


def kept(founder: Founder, job_id: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((founder.state / "agent" / "jobs" / f"{job_id}.json").read_text())
    return values


def test_a_deployment_from_the_panel_goes_the_way_of_the_terminal(running: Founder) -> None:
    founder = running
    founder.write_app("two", broken=SLOW)
    first = begin(founder, "deploy", ref="", force=False)
    wait_until(lambda: job(founder, first)["steps"], "the plan is told")

    # A second one learns who holds the lock.
    second = ended(founder, begin(founder, "restart", process="postgres"))
    assert (second["state"], second["code"]) == ("failed", LOCKED)
    assert "founder deploy" in second["error"]["why"]
    assert str(kept(founder, first)["pid"]) in second["error"]["why"]

    # The agent dies, and its successor knows the job.
    os.kill(founder.pids()["agent"], signal.SIGKILL)
    done = ended(founder, first)
    assert (done["state"], done["code"], done["by"]) == ("done", 0, "ana")
    assert {"switch:app"} <= {step["id"] for step in done["steps"]}
    assert [event["kind"] for event in done["events"] if event["step"] == "switch:app"] == ["started", "done"]
    assert founder.serves("two")

    # One that is killed has failed, says so, and is finished by the next command.
    founder.write_app("three", broken=SLOW)
    third = begin(founder, "deploy", ref="", force=False)
    wait_until(lambda: job(founder, third)["steps"], "the plan is told")
    os.kill(kept(founder, third)["pid"], signal.SIGKILL)
    assert "ended before" in ended(founder, third)["error"]["what"]
    assert founder.serves("two")
    founder.write_app("three")
    founder.ok("deploy", "--yes")
    assert founder.serves("three")


def test_what_is_stopped_on_purpose_is_shown_so_and_started_again(running: Founder) -> None:
    founder = running
    (instance,) = (name for name in founder.pids() if name.startswith("app-"))
    assert ended(founder, begin(founder, "stop", process=instance))["state"] == "done"
    assert founder.conditions()[instance] == "STOPPED"
    assert states(founder.run("status", "--json"))[instance] == "stopped"
    wait_until(lambda: ask(founder, "status")["processes"][instance]["condition"] == "stopped", "its tile says so", 20)
    tile = ask(founder, "status")["processes"][instance]
    assert (tile["state"], "start" in tile["actions"], "restart" in tile["actions"]) == ("stopped", True, False)
    assert ended(founder, begin(founder, "start", process=instance))["state"] == "done"
    assert serves(founder)

    said = founder.run("stop", "postgres")
    assert (said.code, founder.conditions()["postgres"]) == (4, "RUNNING"), "nobody can be asked"
    assert "may fail meanwhile: app" in said.err, "who needs it is said first"
    founder.ok("stop", "postgres", instance, "--yes")
    assert {founder.conditions()[name] for name in ("postgres", instance)} == {"STOPPED"}
    plan = ask(founder, "plan")
    assert {step["id"] for step in plan["steps"]} == {"start:postgres", f"start:{instance}"}
    assert ended(founder, begin(founder, "up", plan=plan["digest"]))["state"] == "done"
    assert serves(founder)
    again = founder.ok("up", "--yes")
    assert "No changes" in again.out

    # A plan that has become another one is not applied.
    founder.ok("stop", instance, "--yes")
    plan = ask(founder, "plan")
    text = (founder.folder / "founder.toml").read_text()
    (founder.folder / "founder.toml").write_text(text + '\n[tools.elsewhere]\nurl = "http://127.0.0.1:1/"\n')
    refused = ended(founder, begin(founder, "up", plan=plan["digest"]))
    assert "another" in refused["error"]["what"]
    assert founder.conditions()[instance] == "STOPPED"

    # A job may restart the very agent that began it.
    before = founder.pids()["agent"]
    assert ended(founder, begin(founder, "up", plan=""))["state"] == "done"
    assert founder.pids()["agent"] != before
    wait_until(
        lambda: ask(founder, "status")["processes"].get("outside-elsewhere", {}).get("state") == "down",
        "the tool elsewhere is known to be down",
        30,
    )
    assert serves(founder)


def test_a_secret_is_shown_by_the_agent_and_that_is_written_down(running: Founder) -> None:
    founder = running
    wanted = {"postgres.app", "postgres.founder", "panel.admin"}
    # The agent looks once a second at what was applied.
    wait_until(lambda: wanted <= {one["secret"] for one in ask(founder, "credentials")}, "all sign-ins are offered")
    offered = {one["secret"]: one for one in ask(founder, "credentials")}
    told = ask(founder, "reveal", name=offered["postgres.founder"]["name"], by="ana")
    assert told["value"] == founder.ok("secrets", "show", "postgres.founder").out.strip()
    assert told["value"] in told["url"]
    assert told["value"] not in json.dumps(list(offered.values()))
    seen = [event for event in ask(founder, "happened", limit=20)["events"] if event["detail"] == "ana"]
    assert [event["step"] for event in seen] == ["secrets show:postgres.founder"]
    assert ended(founder, begin(founder, "rotate", secret="panel.admin"))["state"] == "done"
    job_text = json.dumps(ask(founder, "jobs"))
    assert founder.ok("secrets", "show", "panel.admin").out.strip() not in job_text
