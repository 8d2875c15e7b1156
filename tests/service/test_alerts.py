"""Alerts (the component apprise) delivered to real receivers on loopback: by e-mail, webhook, ntfy and Telegram."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from founderstack.agent import alerts as agent_alerts
from founderstack.agent.alerts import Alerts, AlertState, QueuedLetter, restored
from founderstack.locale import _, wire
from founderstack.model.alerts import Condition, Letter, Limits
from founderstack.model.errors import StackError
from founderstack.operations.stack import alerts as verbs
from founderstack.planner.alerts.rules import BackupFacts, ServiceFacts
from founderstack.testing.clock import FakeClock
from founderstack.testing.world import FakeWorld
from founderstack.world.keys.certificates import ensure_certificate
from founderstack.world.keys.secrets import Secrets
from founderstack.world.net import notify
from founderstack.world.os.clock import SystemClock
from tests.app.mailbox import Mailbox
from tests.service.agents import SILENT, Bench
from tests.service.inboxes import Inbox

SAID = _("It does not answer: {error}").format(error="connection refused")
DOWN = Condition(
    "service:postgres",
    _("{title} has been down for {minutes} min").format(title="PostgreSQL", minutes=2),
    SAID,
    SAID,
)
LETTER = Letter(1_800_000_000.0, begun=(DOWN,))


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of a stack that wants to be told."""
    (tmp_path / "etc/agent").mkdir(parents=True)
    (tmp_path / "agent").mkdir()
    (tmp_path / "etc/agent/alerts.json").write_text(json.dumps({"v": 1, "limits": asdict(Limits())}))
    (tmp_path / "stack.json").write_text(json.dumps({"language": "es"}))
    return tmp_path


def addressed(state: Path, **urls: str) -> None:
    for name, url in urls.items():
        Secrets(f"{state}/secrets.json").put(f"alerts.{name}", url)


def sent(state: Path, *names: str, env: dict[str, str] | None = None) -> list[str]:
    """What the child of the agent answers for LETTER to each of these."""
    work = wire.dumps([{"to": f"alerts.{name}", "letter": asdict(LETTER)} for name in names])
    command = [sys.executable, "-m", "founderstack.agent.deliver", "--state", str(state)]
    done = subprocess.run(command, input=work, capture_output=True, text=True, env=env, timeout=50)
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)["answers"]
    return answers


def test_a_letter_arrives_by_each_way_in_the_founders_language(state: Path, inbox: Inbox, tmp_path: Path) -> None:
    pair = ensure_certificate(str(tmp_path / "tls"), ["api.telegram.org"], SystemClock())
    with Mailbox() as mailbox, Inbox(pair) as telegram:
        addressed(
            state,
            mail=f"mailto://127.0.0.1:{mailbox.port}/?from=alerts@example.com&to=ana@example.com&mode=insecure",
            hook=f"json://127.0.0.1:{inbox.port}/hook",
            ntfy=f"ntfy://127.0.0.1:{inbox.port}/topic",
            phone="tgram://123456789:abcdefg_hijklmnop/12315544/",
        )
        # Telegram's address is fixed: its name is led to a server of our own, with a certificate it is told to trust.
        env = {"HTTPS_PROXY": f"http://127.0.0.1:{telegram.port}", "REQUESTS_CA_BUNDLE": str(tmp_path / "tls/ca.crt")}
        env |= {"PYTHONPATH": "src", "NO_PROXY": "127.0.0.1"}
        assert sent(state, "mail", "hook", "ntfy", "phone", env=env) == ["", "", "", ""]
        told = email.message_from_string(mailbox.messages[0], policy=email.policy.default)
        content = told.get_content()
    assert "PostgreSQL lleva 2 min caído" in told["Subject"]
    assert content.splitlines()[1] == "  No responde: connection refused"
    (hook, hooked), (ntfy, published) = inbox.taken
    assert (hook, ntfy) == ("/hook", "/")
    assert "PostgreSQL lleva 2 min caído" in hooked["title"]
    assert published["topic"] == "topic"
    ((path, message),) = telegram.taken
    assert path == "/bot123456789:abcdefg_hijklmnop/sendMessage"
    assert "No responde: connection refused" in message["text"]


def test_what_did_not_arrive_is_told_without_the_addresss_secrets(inbox: Inbox) -> None:
    inbox.status = 403
    for url in (
        f"json://ana:opensesame@127.0.0.1:{inbox.port}/hook/t0ken-of-mine?+X-Key=headersecret",
        "json://127.0.0.1:1/hook/t0ken-of-mine",
        "ntfy://ana:opensesame@127.0.0.1:1/t0ken-of-mine",
        "mailto://ana:opensesame@127.0.0.1:1/?from=a@example.com&to=b@example.com&mode=insecure",
    ):
        with pytest.raises(StackError) as raised:
            notify.deliver(url, "title", "text")
        assert "The message was not taken by" in raised.value.what
        assert len(raised.value.why) > 20
        assert not {"opensesame", "t0ken-of-mine", "headersecret"} & set(raised.value.why.replace("/", " ").split())
        assert "opensesame" not in notify.masked(url) + raised.value.why
    for bad in ("", "nothing", "http://", "gopher://example.com", "mailto://x"):
        with pytest.raises(StackError, match="no address that a message can be sent to"):
            notify.deliver(bad, "title", "text")


def test_an_address_is_kept_only_once_a_test_has_arrived(inbox: Inbox) -> None:
    world = FakeWorld()
    site = world.site()
    url = f"json://127.0.0.1:{inbox.port}/hook"
    verbs.add(site, "hook", url, notify.deliver)
    assert inbox.taken[0][1]["title"] == "diary on box: alerts arrive here"
    assert verbs.addressees(world.secrets) == ["hook"]
    inbox.status = 500
    with pytest.raises(StackError, match="The message was not taken"):
        verbs.add(site, "other", url, notify.deliver)
    assert verbs.addressees(world.secrets) == ["hook"]
    with pytest.raises(StackError, match="cannot be the name"):
        verbs.add(site, "No Name", url, notify.deliver)
    verbs.remove(site, "hook")
    assert verbs.addressees(world.secrets) == []
    with pytest.raises(StackError, match="No alerts go to “hook”"):
        verbs.remove(site, "hook")


class Watch:
    """Alerts with a clock of the test's, and services and a way out that the test sees."""

    def __init__(self, state: Path, **more: Any) -> None:
        self.state = state
        self.clock = FakeClock()
        self.services: list[ServiceFacts] = []
        self.backups: BackupFacts | None = None
        self.more = more
        self.alerts = self.new()

    def new(self) -> Alerts:
        return Alerts(str(self.state), lambda: self.services, lambda: self.backups, self.clock, **self.more)

    def minutes(self, count: int, *, step: int = 1) -> None:
        for _turn in range(0, count, step):
            self.clock.wait(60 * step)
            asyncio.run(self.alerts.turn())


def test_a_letter_that_could_not_be_sent_is_tried_again_also_by_the_next_agent(state: Path, inbox: Inbox) -> None:
    addressed(state, hook=f"json://127.0.0.1:{inbox.port}/hook")
    watch = Watch(state)
    inbox.status = 503
    watch.services = [ServiceFacts("postgres", "PostgreSQL", 180, "refused")]
    watch.minutes(3)
    assert inbox.taken == []
    kept = json.loads((state / "agent/alerts.json").read_text())
    assert [one["tries"] >= 2 for one in kept["posted"]] == [True]
    assert "503" in kept["failing"]["alerts.hook"] or "Service Unavailable" in kept["failing"]["alerts.hook"]
    inbox.status = 200
    watch.alerts = watch.new()
    watch.minutes(5)
    assert [body["title"] for _path, body in inbox.taken] == [f"{state.name}@{_host()}: PostgreSQL lleva 3 min caído"]
    watch.alerts = watch.new()
    watch.minutes(5)
    assert len(inbox.taken) == 1, "told once, by however many agents"
    watch.services = []
    watch.minutes(5)
    assert "resuelto" in inbox.taken[1][1]["title"]
    assert json.loads((state / "agent/alerts.json").read_text())["posted"] == []


def test_waits_between_tries_grow_and_end(state: Path) -> None:
    addressed(state, hook="json://127.0.0.1:1/hook")
    tries: list[float] = []

    def refuse(posted: Any) -> list[str]:
        tries.append(watch.clock.now())
        return ["refused"] * len(posted)

    watch = Watch(state, send=refuse)
    watch.backups = BackupFacts(off_machine=False)
    watch.minutes(30)
    watch.minutes(60 * 80, step=10)
    gaps = [round((later - earlier) / 60) for earlier, later in pairwise(tries)]
    assert gaps[:4] == [1, 1, 2, 4]
    assert max(gaps) == 60
    assert len(tries) < 90
    assert json.loads((state / "agent/alerts.json").read_text())["posted"] == [], "given up after three days"


def test_without_an_address_nothing_counts_as_told(state: Path, inbox: Inbox) -> None:
    watch = Watch(state)
    watch.services = [ServiceFacts("app", "App", 600, "refused")]
    watch.minutes(3)
    addressed(state, hook=f"json://127.0.0.1:{inbox.port}/hook")
    watch.minutes(1)
    assert len(inbox.taken) == 1
    (state / "etc/agent/alerts.json").write_text('{"v": 1, "limits": null}')
    watch.services = []
    watch.minutes(30)
    assert len(inbox.taken) == 1, "nobody wants to know"


def test_damaged_notes_cost_one_letter_told_twice(state: Path, inbox: Inbox) -> None:
    addressed(state, hook=f"json://127.0.0.1:{inbox.port}/hook")
    watch = Watch(state)
    watch.services = [ServiceFacts("app", "App", 600, "refused")]
    watch.minutes(2)
    for damage in ("", "{", '{"v": 1, "ledger": 3}', '{"ledger": {"a": {}}, "posted": [], "samples": {}}'):
        (state / "agent/alerts.json").write_text(damage)
        assert restored(json.loads(damage) if damage[-1:] == "}" else {}) == AlertState({})
    watch.alerts = watch.new()
    watch.minutes(2)
    assert len(inbox.taken) == 2


def test_a_queue_of_the_archive_and_a_gap_in_it_are_told(state: Path, inbox: Inbox) -> None:
    addressed(state, hook=f"json://127.0.0.1:{inbox.port}/hook")
    queue, note = state / "archive_status", state / "broken"
    queue.mkdir()
    for number in range(70):
        (queue / f"{number:024X}.ready").touch()
        (queue / f"{number:024X}.done").touch()
    about = {"v": 1, "limits": asdict(Limits()), "archive_status": str(queue), "archive_broken": str(note)}
    (state / "etc/agent/alerts.json").write_text(json.dumps(about))
    watch = Watch(state)
    watch.backups = BackupFacts()
    watch.minutes(1)
    note.write_text("1750000000 000000010000000000000007\n")
    watch.minutes(2)
    queued, gap = (body["message"] for _path, body in inbox.taken)
    assert "70 partes" in queued
    assert "1120 MiB" in queued
    assert "2025-06-15 15:06 UTC" in gap


def test_letters_to_one_addressee_are_bounded() -> None:
    many = tuple(QueuedLetter("alerts.hook", Letter(float(made))) for made in range(80))
    kept = agent_alerts._bounded(many)
    assert [one.letter.made for one in kept] == [float(made) for made in range(30, 80)]


def test_the_agent_itself_tells_that_a_service_is_down_and_that_it_is_back(state: Path, inbox: Inbox) -> None:
    addressed(state, hook=f"json://127.0.0.1:{inbox.port}/hook")
    (state / "agent").rmdir()
    bench = Bench(state)
    bench.process("web", title="Web")

    async def story() -> None:
        await bench.forward(5)
        bench.answers["web"] = SILENT
        await bench.forward(260)
        assert ["Web lleva" in body["title"] for _path, body in inbox.taken] == [True]
        del bench.answers["web"]
        await bench.forward(260)
        assert len(inbox.taken) == 2
        assert "resuelto: Web" in inbox.taken[1][1]["title"]

    asyncio.run(story())


def _host() -> str:
    from founderstack.world.os.machine import read_machine

    return read_machine().hostname
