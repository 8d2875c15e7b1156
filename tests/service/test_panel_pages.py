"""Every page but the front one in a real browser: what it shows, and what each button has the agent do."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.service.browsing import clock, picture, sign_in, unfit
from tests.service.canned import JOB, NOW, STEPS, CannedAgent, event, job, service
from tests.service.conftest import OpenPage
from tests.service.panels import panel_process, write_configuration
from tests.service.small_gateway import Gateway

REFUSED = {"error": {"what": "Another command runs", "why": "founder up, since 20:00.", "fix": "Wait for it."}}
PAGES = {
    "service": "/service/postgres",
    "stop": "/service/postgres/stop",
    "logs": "/service/postgres/logs",
    "app": "/app",
    "build": "/app/build/3",
    "rollback": "/app/rollback/2",
    "plan": "/plan",
    "backups": "/backups",
    "restore": "/backups/restore/20261124T033000Z-000004",
    "jobs": "/jobs",
    "job": f"/job/{JOB}",
    "events": "/history",
    "find": "/find?q=redis",
    "not-found": "/nothing",
}


def at(open_page: OpenPage, path: str, **more: object) -> Page:
    """Somebody signed in, on that page."""
    page = open_page(path, **more)
    sign_in(page)
    page.wait_for_url(f"**{path}")
    return page


def test_a_service_shows_its_day_and_every_hour_of_it(open_page: OpenPage) -> None:
    page = at(open_page, "/service/postgres")
    expect(page.get_by_role("heading", level=1)).to_have_text("PostgreSQL 15")
    page.locator("#day").focus()
    page.keyboard.press("Home")
    expect(page.locator("output")).to_contain_text("30 of 30 answered")
    page.get_by_text("As a table").click()
    assert page.locator("tbody tr").count() in (24, 25)
    expect(page.locator("tbody")).to_contain_text("360")
    assert page.locator("tbody td:nth-child(3)", has_text="60").count() == 1, "the hour with ten minutes of failures"
    expect(page.locator("#credentials")).to_contain_text("psql postgresql://app@127.0.0.1:5432/app")


def test_a_viewer_sees_the_service_and_nothing_to_press(open_page: OpenPage) -> None:
    page = open_page("/service/postgres")
    sign_in(page, user="ana")
    page.wait_for_url("**/service/postgres")
    expect(page.locator("#day")).to_be_visible()
    assert page.locator("main button, main a.button, #credentials").count() == 0
    for path in ("/app", "/plan"):
        page.goto(page.url.replace("/service/postgres", path))
        assert page.locator("main form").count() == 0
        page.goto(page.url.replace(path, "/service/postgres"))


def test_a_restart_is_two_clicks_and_its_job_is_followed_to_the_end(open_page: OpenPage, agent: CannedAgent) -> None:
    restart = {"verb": "restart", "options": {"process": "redis"}, "steps": []}
    agent.answers["job"] = job(**restart, events=[])
    page = at(open_page, "/")
    page.locator("#more-redis summary").click()
    page.get_by_role("button", name="Restart Redis", exact=True).click()
    page.wait_for_url(f"**/job/{JOB}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Restart Redis")
    assert agent.runs() == [{"verb": "restart", "process": "redis"}]
    begun = next(arguments for verb, arguments in agent.asked if verb == "run")
    assert (begun["by"], begun["language"]) == ("founder", "en")
    started = event("started", "restart:redis", 2)
    agent.answers["job"] = job(**restart, events=[started])
    agent.answers["follow"] = [*agent.answers["follow"], {"event": started}]
    agent.tell()
    expect(page.locator(".steps li.running")).to_have_text("Restart redis: runningrunning")
    page.reload()
    expect(page.locator(".steps li.running")).to_contain_text("Restart redis")
    done = event("done", "restart:redis", 0, seconds=1.4)
    agent.answers["job"] = job(**restart, events=[started, done], state="done", ended=NOW, code=0)
    agent.answers["follow"] = [*agent.answers["follow"], {"event": done}, {"job": {}}]
    agent.tell()
    expect(page.locator(".summary")).to_contain_text("Done · 1 min · 1 of 1 steps")
    expect(page.locator(".steps .done .took")).to_have_text("1.4 s")


def test_a_job_that_fails_says_why_and_what_to_do(open_page: OpenPage, agent: CannedAgent) -> None:
    error = {"what": "redis did not become ready", "why": "It crashed.", "fix": "Look at its log: founder logs redis"}
    failed = event("failed", "restart:redis", 0, seconds=30.0, detail="it ended with code 1")
    agent.answers["job"] = job(state="failed", ended=NOW, error=error, steps=[], events=[failed])
    page = at(open_page, f"/job/{JOB}")
    alert = page.get_by_role("alert")
    for text in error.values():
        expect(alert).to_contain_text(text)
    expect(page.locator(".steps .failed")).to_contain_text("it ended with code 1")


def test_stopping_asks_for_the_name_and_takes_no_other(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/service/redis")
    page.get_by_role("link", name="Stop …").click()
    page.get_by_role("textbox").fill("postgres")
    page.locator("form.fields").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("That is not its name")
    assert agent.runs() == []
    page.get_by_role("textbox").fill("redis")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "stop", "process": "redis"}]


def test_a_restart_of_the_database_says_first_what_it_interrupts(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/")
    page.locator("#more-postgres summary").click()
    page.get_by_role("link", name="Restart PostgreSQL …").click()
    expect(page.locator("main")).to_contain_text("Every connection to it is cut.")
    assert agent.runs() == []
    page.get_by_role("button", name="Restart", exact=True).click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "restart", "process": "postgres"}]


def test_what_cannot_begin_says_why_on_the_page_it_was_asked_from(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["run"] = REFUSED
    page = at(open_page, "/service/redis")
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Another command runs founder up, since 20:00. Wait for it.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Redis")


def test_a_log_is_followed_searched_wrapped_and_kept(open_page: OpenPage, agent: CannedAgent) -> None:
    evil = "<script>alert(1)</script>\x1b[31m red\x1b[0m\x07"
    page = at(open_page, "/service/postgres/logs")
    lines = page.locator("#log > span")
    expect(lines).to_have_count(60)
    expect(page.locator("#live")).to_have_text("Live")
    agent.answers["tail"] = [*agent.answers["tail"], {"lines": [[None, evil], [NOW, "ready to accept connections"]]}]
    agent.tell()
    expect(lines.nth(60)).to_have_text("<script>alert(1)</script> red")
    expect(lines.last).to_contain_text("ready to accept connections")
    expect(lines.last.locator("time")).to_have_text(clock(NOW, "%H:%M:%S"))
    page.get_by_role("searchbox").fill("READY to")
    expect(page.locator("#log > span:visible")).to_have_count(1)
    expect(page.locator("#log mark")).to_have_text("ready to")
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#log mark")).to_have_count(0)
    expect(lines.last).to_contain_text("ready to accept connections")
    page.get_by_label("Only problems").check()
    expect(page.locator("#log > span:visible")).to_have_count(0)
    page.get_by_label("Only problems").uncheck()
    wide = page.locator("#log").evaluate("log => log.scrollWidth > log.clientWidth")
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_label("Wrap").check()
    assert not page.locator("#log").evaluate("log => log.scrollWidth > log.clientWidth"), wide
    page.get_by_label("Follow").uncheck()
    agent.answers["tail"] = [*agent.answers["tail"], {"lines": [[None, "not seen"]]}]
    agent.tell()
    expect(page.locator("#live")).to_be_empty()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "diary-postgres.log"
    assert download.value.path().read_text().count("checkpoint complete") == 60
    expect(page.locator("#log")).not_to_contain_text("not seen")


def test_the_app_is_one_tile_and_each_instance_has_its_log(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.processes["app-3-4fd2a1-2"] = service("app-3-4fd2a1-2")
    agent.tell()
    page = at(open_page, "/")
    expect(page.locator(".tile.online", has_text="2 of 2 instances")).to_contain_text("diary release 3")
    agent.change("app-3-4fd2a1-2", state="down", error="no answer in time", failures=5)
    expect(page.locator("#tile-app.degraded")).to_contain_text("1 of 2 instances")
    page.locator("#logs-app").click()
    page.get_by_role("link", name="Instance 2").click()
    page.wait_for_url("**/service/app/logs?log=app-3-4fd2a1-2")
    expect(page.locator("#log > span")).to_have_count(60)
    page.goto(page.url.partition("/logs")[0])
    expect(page.locator("tbody")).to_contain_text("720")
    page.get_by_role("link", name="1 of 2 instances").click()
    page.get_by_role("link", name="App, instance 2").click()
    page.wait_for_url("**/service/app-3-4fd2a1-2")


def test_a_service_with_several_logs_lets_one_choose(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/service/nginx/logs")
    page.get_by_role("link", name="access").click()
    page.wait_for_url("**?log=nginx:access")
    expect(page.locator("#live")).to_have_text("Live")
    assert {arguments["process"] for verb, arguments in agent.asked if verb == "tail"} == {"nginx", "nginx:access"}
    assert page.goto(page.url.replace("access", "../../secrets")).status == 404  # type: ignore[union-attr]


def test_without_scripts_a_log_is_searched_by_the_server(open_page: OpenPage) -> None:
    page = at(open_page, "/service/postgres/logs", script=False)
    page.get_by_role("searchbox").fill("19:07")
    page.keyboard.press("Enter")
    page.wait_for_url("**?q=19*")
    expect(page.locator("#log > span")).to_have_count(1)
    expect(page.locator("#log mark")).to_have_text("19:07")
    expect(page.locator("main")).to_contain_text("It takes 4.3 MB of the disk")


def test_the_plan_is_applied_as_it_was_shown(open_page: OpenPage, agent: CannedAgent) -> None:
    twice = {**STEPS[0], "id": "do:redis-commander/build"}  # what two components need is listed once
    agent.answers["plan"] = {"digest": "abcd1234", "steps": [*STEPS, twice]}
    page = at(open_page, "/plan")
    expect(page.locator("main ol li")).to_have_count(len(STEPS))
    expect(page.locator("main ol")).to_contain_text("its setting maxmemory changed")
    expect(page.locator("main ol .degraded")).to_have_text("interrupts")
    page.get_by_role("button", name="Apply the plan").click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "up", "plan": "abcd1234"}]


def test_a_plan_that_touches_data_wants_the_name_of_the_stack(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["plan"] = {"digest": "ffff0000", "steps": [{**STEPS[2], "risk": "data"}]}
    page = at(open_page, "/plan")
    expect(page.locator("main ol .down")).to_have_text("touches data")
    page.get_by_role("textbox").fill("another")
    page.get_by_role("button", name="Apply the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was done")
    page.get_by_role("textbox").fill("diary")
    page.get_by_role("button", name="Apply the plan").click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "up", "plan": "ffff0000"}]


def test_nothing_to_do_is_said_and_offers_nothing(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["plan"] = {"digest": "", "steps": []}
    page = at(open_page, "/plan")
    expect(page.get_by_text("Nothing to do")).to_be_visible()
    assert page.locator("main form").count() == 0


def test_the_app_is_scaled_deployed_and_taken_back(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/app")
    expect(page.locator("#releases")).to_contain_text("9e107d9 Begin Ana Núñez")
    page.get_by_label("How many instances").fill("3")
    page.get_by_role("button", name="Change").click()
    page.wait_for_url(f"**/job/{JOB}")
    page.goto(page.url.replace(f"/job/{JOB}", "/app"))
    page.get_by_label("Commit, branch or tag").fill(" main ")
    page.get_by_role("button", name="Build and serve").click()
    page.wait_for_url(f"**/job/{JOB}")
    page.goto(page.url.replace(f"/job/{JOB}", "/app"))
    page.get_by_role("link", name="Go back to it 2").click()
    page.get_by_role("textbox").fill("2")
    page.get_by_role("button", name="Go back to it").click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [
        {"verb": "scale", "replicas": 3},
        {"verb": "deploy", "ref": "main", "force": False},
        {"verb": "rollback", "number": 2},
    ]
    page.goto(page.url.replace(f"/job/{JOB}", "/app"))
    page.get_by_label("How many instances").fill("99")
    page.locator("form[action='/app/scale']").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose between 1 and 12 copies.")


def test_the_app_says_what_waits_to_be_deployed(open_page: OpenPage, agent: CannedAgent) -> None:
    page = at(open_page, "/app")
    deploy = page.locator("#deploy")
    for text in (
        "5f2c91d Let people choose a photo of the day Ana Núñez", "Since release 3: 3 commits, 12 files +340 −87",
        "Say so when nothing was written", "2 files are not committed",
    ):  # fmt: skip
        expect(deploy).to_contain_text(text)
    page.get_by_label("Commit, branch or tag").fill("v1.2")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/app?ref=v1.2")
    expect(page.get_by_label("Commit, branch or tag")).to_have_value("v1.2")
    assert [arguments["ref"] for verb, arguments in agent.asked if verb == "waiting"] == ["", "v1.2"]
    agent.answers["waiting"] = REFUSED
    page.reload()
    expect(deploy.get_by_role("alert")).to_contain_text("Another command runs")


def test_nothing_new_is_said_and_built_only_when_asked_twice(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["waiting"] = {**agent.answers["waiting"], "nothing": True}
    page = at(open_page, "/app", script=False)
    expect(page.locator("#nothing")).to_have_text("Nothing to deployRelease 3 serves this already.")
    page.get_by_role("button", name="Build it anew all the same").click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "deploy", "ref": "", "force": True}]


def test_a_build_is_read_along_from_wherever_it_is_and_afterwards(open_page: OpenPage, agent: CannedAgent) -> None:
    agent.answers["job"] = job(verb="deploy", options={"ref": ""})
    agent.answers["building"] = [{"lines": [[None, "> next build"]]}]
    page = at(open_page, f"/job/{JOB}")
    lines = page.locator("#log > span")
    expect(lines).to_have_text(["> next build"])
    agent.answers["building"] = [*agent.answers["building"], {"lines": [[None, "Type error: 'x' does not exist."]]}]
    agent.tell()
    expect(page.locator("#log > span.down")).to_have_text("Type error: 'x' does not exist.")
    page.reload()
    expect(lines).to_have_count(2)
    agent.answers["job"] = job(verb="deploy", options={"ref": ""}, state="failed", ended=NOW, code=1)
    agent.answers["building"] = [*agent.answers["building"], {"job": {}}]
    agent.answers["follow"] = [*agent.answers["follow"], {"job": {}}]
    agent.tell()
    expect(page.locator(".summary")).to_contain_text("Failed")
    page.reload()
    expect(lines).to_have_count(2)
    page.goto(page.url.replace(f"/job/{JOB}", "/app"))
    expect(page.locator("#deployments .state")).to_have_text(["Failed"])
    page.get_by_role("link", name="Build log 3").click()
    expect(lines).to_have_text(["> next build", "Type error: 'x' does not exist."])


def test_backups_say_how_old_how_large_where_and_whether_they_were_proven(
    open_page: OpenPage, agent: CannedAgent
) -> None:
    agent.answers["backups"]["warnings"] = ["The newest backup is older than planned."]
    page = at(open_page, "/backups")
    expect(page.locator(".notice")).to_have_text("The newest backup is older than planned.")
    sets = page.locator("main section").first.locator("li")
    expect(sets.locator(".state")).to_have_text(["Not proven yet", "Proven", "Drill failed", "Damaged"])
    expect(sets.nth(1)).to_contain_text("48 MB · dump (full) · local, s3 · taken in 12 s")
    expect(sets.nth(1)).to_contain_text("ago, restored in 21 s")
    expect(sets.nth(2)).to_contain_text("public.entry: 9 rows instead of 10")
    expect(sets.nth(3)).to_contain_text("database/app.dump.age")
    expect(page.locator(".rows .error")).to_have_text("Gone from there: 1 Nov 2026, 03:30 UTC")
    page.get_by_role("button", name="Prove it").first.click()
    page.wait_for_url(f"**/job/{JOB}")
    page.goto(page.url.replace(f"/job/{JOB}", "/backups"))
    page.get_by_role("button", name="Back up now").click()
    page.wait_for_url(f"**/job/{JOB}")
    assert agent.runs() == [{"verb": "prove", "set": "20261124T033000Z-000004"}, {"verb": "backup", "kind": ""}]


def test_jobs_and_events_are_listed_newest_first_side_by_side_or_one_at_a_time(open_page: OpenPage) -> None:
    page = at(open_page, "/jobs")
    titles, states = page.locator("#jobs .grow > span:first-child"), page.locator("#jobs .state")
    expect(titles).to_have_text(["Apply the plan", "Restart Redis", "Deploy main", "Take a backup"])
    expect(states).to_have_text(["Running", "Done", "Failed", "End unknown"])
    expect(page.locator("#events .grow > span:first-child")).to_have_text(
        ["Restart Redis", "Build a release of diary", "Secret panel.admin shown", "Start PostgreSQL"]
    )
    expect(page.locator("#events")).to_contain_text("npm ended with 1")
    expect(page.locator("#events .state")).to_have_text(["Done", "Failed", "Done", "Begun"])
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.locator("#events")).to_be_hidden()
    page.get_by_role("link", name="Events").click()
    expect(page.locator("#events")).to_be_visible()
    expect(page.locator("#jobs")).to_be_hidden()


@pytest.mark.timeout(600)  # twelve pages, each read by axe
@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 1280), ("es", "dark", 360)])
def test_everybody_can_use_every_page(open_page: OpenPage, language: str, scheme: str, width: int) -> None:
    page = open_page("/find", language=language, scheme=scheme, width=width)
    sign_in(page, language)
    page.wait_for_url("**/find")
    home = page.url.removesuffix("/find")
    found: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        page.goto(home + path)
        found[name] = unfit(page)
        picture(page, name, scheme)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_set_is_restored_beside_and_in_place_only_with_the_stacks_name(
    open_page: OpenPage, agent: CannedAgent
) -> None:
    page = at(open_page, "/backups")
    page.get_by_role("link", name="Restore …").first.click()
    page.get_by_label("What").first.select_option("databases")
    page.get_by_label("Replace copies").check()
    page.get_by_role("button", name="Restore beside").click()
    page.wait_for_url(f"**/job/{JOB}")
    page.goto(page.url.replace(f"/job/{JOB}", "/backups/restore/20261124T033000Z-000004"))
    for name in ("another", "diary"):
        page.get_by_label("To confirm").fill(name)
        page.locator(".button.danger").evaluate("button => button.form.noValidate = true")
        page.locator(".button.danger").click()
        expect(page.get_by_role("alert") if name == "another" else page.locator("#progress")).to_be_visible()
    chosen = {"verb": "restore", "set": "20261124T033000Z-000004"}
    assert agent.runs() == [
        {**chosen, "only": "databases", "confirm": "", "answer": "replace"},
        {**chosen, "only": "", "confirm": "diary", "answer": ""},
    ]


def test_a_restore_in_place_is_followed_while_the_panel_is_away_and_says_done(
    open_page: OpenPage, tmp_path: Path
) -> None:
    """What breaks: the panel, stopped with all others. The page keeps what it knows, and goes on by itself."""
    chosen = "20261124T033000Z-000004"
    restore = {"verb": "restore", "options": {"set": chosen, "only": "", "confirm": "diary"}, "steps": []}
    write_configuration(tmp_path)
    with CannedAgent(tmp_path / "agent" / "agent.sock") as agent, Gateway(str(tmp_path / "panel.sock")) as gateway:
        agent.answers["job"] = job(**restore, events=[event("started", "restore:databases", 2)])
        with panel_process(tmp_path):
            page = open_page(f"/backups/restore/{chosen}", url=gateway.url)
            sign_in(page)
            page.get_by_label("To confirm").fill("diary")
            page.locator(".button.danger").click()
            page.wait_for_url(f"**/job/{JOB}")
            assert [(one["verb"], one["confirm"]) for one in agent.runs()] == [("restore", "diary")]
        expect(page.locator("#live")).to_have_text("No connection to this page; the job goes on.")
        expect(page.locator(".summary")).to_contain_text("Running")
        expect(page.get_by_role("heading", level=1)).to_contain_text("24 Nov 2026, 03:30 UTC, in its place")
        result = {"in_place": True, "items": [], "safety": "20261124T200000Z-0000ff"}
        agent.answers["job"] = job(**restore, events=[], state="done", ended=NOW, code=0, result=result)
        agent.answers["follow"] = [*agent.answers["follow"], {"job": {}}]
        with panel_process(tmp_path):
            expect(page.locator(".summary")).to_contain_text("Done", timeout=60_000)
            expect(page.locator("#progress")).to_contain_text("To go back, restore the backup 20261124T200000Z-0000ff")
            expect(page.locator("#live")).to_be_empty()
