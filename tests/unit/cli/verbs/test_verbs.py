"""What the verbs that read a stack's files print, in both languages; the stack is a few files, nothing runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from founderstack.cli.dispatch import dispatch
from founderstack.world.os.clock import SystemClock

RECORDS = {
    "app-1-0f3a9c-1": {"title": "App", "group": "app", "version": "1", "address": "https://localhost", "ring": "app"},
    "panel": {"title": "Panel", "group": "tools", "address": "https://localhost:9443"},
    "postgres": {"title": "PostgreSQL", "group": "data", "version": "15", "address": "127.0.0.1:5432"},
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a stack that was brought up and does not run; its stack file is in the current folder."""
    folder, home = tmp_path / "mine", tmp_path / "home"
    state = home / "diary"
    for made in (folder, state / "applied", state / "log", state / "agent"):
        made.mkdir(parents=True)
    (folder / "founder.toml").write_text('name = "diary"\n')
    (state / "secrets.json").write_text("{}")
    (state / "stack.json").write_text(json.dumps({"v": 1, "file": str(folder / "founder.toml"), "ports": []}))
    for name, record in RECORDS.items():
        (state / "applied" / f"{name}.json").write_text(json.dumps({"v": 1, "name": name, **record}))
        (state / "log" / f"{name}.log").write_text(f"{name} one\n{name} two\n")
    monkeypatch.setenv("FOUNDER_HOME", str(home))
    monkeypatch.chdir(folder)
    return state


def spoken(verb: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line."""
    code = dispatch(verb.split())
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_migration_before_the_first_up_asks_for_that_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "founder.toml").write_text('name = "diary"\n')
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for step in ("plan", "run", "verify", "cutover", "status"):
        _code, _out, err = spoken(f"migrate postgres://me@127.0.0.1:1/mine {step}", capsys)
        assert "This stack has no database yet" in err
        assert "founder up" in err
        assert "127.0.0.1" not in err


@pytest.mark.usefixtures("stack")
class TestStatus:
    def test_a_stack_that_is_down_says_so_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _err = spoken("status", capsys)
        assert code == 0
        assert out.splitlines()[:4] == [
            "App: https://localhost",
            "Panel: https://localhost:9443",
            "The stack is not running. Start it with: founder up",
            "",
        ]
        assert "■ stopped" in out

    def test_in_spanish(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LANGUAGE", "es")
        _code, out, _err = spoken("status", capsys)
        assert "El stack no está en marcha." in out

    def test_check_ends_with_3_where_something_is_not_online(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert spoken("status --check", capsys)[0] == 3

    def test_json_is_one_document_with_its_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        document = json.loads(spoken("status --json postgres", capsys)[1])
        assert (document["v"], document["running"], document["healthy"]) == (1, False, False)
        assert [service["name"] for service in document["services"]] == ["postgres"]

    def test_an_unknown_service_gets_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = spoken("status postgre", capsys)
        assert (code, out) == (64, "")
        assert "✗ There is no service “postgre”" in err
        assert "→ Did you mean “postgres”?" in err

    def test_a_damaged_agent_file_is_as_good_as_none(self, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (stack / "agent/state.json").write_text('{"v":1,"at":')
        assert spoken("status", capsys)[0] == 0


def test_status_where_nothing_was_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "founder.toml").write_text("")
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert spoken("status --check", capsys)[:2] == (3, "Nothing is applied yet. Start with: founder up\n")


@pytest.mark.usefixtures("stack")
class TestLogs:
    def test_app_means_its_instances_and_each_line_has_its_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _err = spoken("logs app -n 1", capsys)
        assert (code, out) == (0, "app-1-0f3a9c-1 app-1-0f3a9c-1 two\n")

    def test_json_is_one_document_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        documents = [json.loads(line) for line in spoken("logs --json postgres", capsys)[1].splitlines()]
        assert documents[0].keys() == {"v", "service", "at", "line"}
        assert (documents[0]["v"], documents[0]["service"], documents[0]["line"]) == (1, "postgres", "postgres one")

    def test_what_is_not_utf_8_is_shown_all_the_same(self, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (stack / "log/postgres.log").write_bytes(b"caf\xe9\n")
        assert spoken("logs postgres", capsys)[1] == "postgres caf\ufffd\n"

    def test_no_lines_are_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert spoken("logs postgres -n 0", capsys)[1] == ""


@pytest.mark.usefixtures("stack")
def test_open_prints_the_address_and_needs_no_browser(capsys: pytest.CaptureFixture[str]) -> None:
    assert spoken("open panel", capsys)[:2] == (0, "https://localhost:9443\n")
    code, _out, err = spoken("open grafana", capsys)
    assert code == 64
    assert "There is nothing to open that is called “grafana”" in err


@pytest.mark.usefixtures("stack")
def test_completion_knows_verbs_and_living_services_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    clock = SystemClock()
    began = clock.monotonic()
    _code, out, _err = spoken("completion --words restart", capsys)
    assert clock.monotonic() - began < 0.1
    assert out.splitlines()[:3] == ["app", "panel", "postgres"]
    assert "rollback" in spoken("completion --words", capsys)[1].splitlines()


def test_init_writes_a_file_that_is_a_stack_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert spoken("init shop --name shop", capsys)[0] == 0
    written = (tmp_path / "shop/founder.toml").read_text()
    assert 'name = "shop"' in written
    code, _out, err = spoken("init shop --name other", capsys)
    assert code == 6
    assert "A stack file is never overwritten." in err
    assert (tmp_path / "shop/founder.toml").read_text() == written


def test_init_refuses_a_name_that_no_stack_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert spoken("init . --name No!", capsys)[0] == 6
    assert not (tmp_path / "founder.toml").exists()


@pytest.mark.parametrize("topic", ["exit-codes", "environment", "formats"])
def test_help_explains_its_topics_in_both_languages(
    topic: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from founderstack import locale

    english = spoken(f"help {topic}", capsys)[1]
    monkeypatch.setenv("LANGUAGE", "es")
    locale.use("es")
    assert spoken(f"help {topic}", capsys)[1] not in ("", english)


def test_help_on_nothing_known_names_the_topics(capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = spoken("help colours", capsys)
    assert code == 64
    assert "There are: exit-codes, environment, formats." in err


def test_a_verb_with_a_typo_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = spoken("statu", capsys)
    assert (code, out) == (64, "")
    assert "There is no verb “statu”" in err
    assert "Did you mean “founder status”?" in err
    _code, _out, told = spoken("--json statu", capsys)
    assert json.loads(told)["errors"][0]["fix"] == "Did you mean “founder status”?"
