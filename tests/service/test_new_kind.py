"""A component of a new kind is one file: found, checked, planned, started and served like all others."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from founderstack import catalogue
from founderstack.catalogue import COMPONENTS
from founderstack.model.errors import StackError
from founderstack.model.process import Run
from founderstack.model.settings import fields_of
from founderstack.model.words import LogSource, ScrapeTarget
from founderstack.stackfile import schema
from founderstack.testing.world import FakeWorld
from founderstack.world.net.unix_http import UnixConnection
from founderstack.world.os import accounts, processes
from tests.conftest import enterable_folder
from tests.service import echo
from tests.service.components import Components, components, stack_of
from tests.service.gateways import gateway, stack_in

pytestmark = pytest.mark.timeout(400)

TEXT = '[echo.one]\nword = "hola"\n[echo.two]\n'
WITH_ECHO = {**COMPONENTS, echo.COMPONENT.name: echo.COMPONENT}


def test_a_file_in_the_catalogue_is_all_that_a_new_kind_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(echo.__file__, tmp_path / "echo.py")
    monkeypatch.setattr(catalogue, "__path__", [*catalogue.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "founderstack.catalogue.echo", raising=False)
    found = catalogue._components()
    assert [*found] == [*COMPONENTS, "echo"], "the others are found as before, and in their order"
    whole = json.loads(schema.text(found, lambda settings: {field.name: "" for field in fields_of(settings)}))
    one = whole["properties"]["echo"]["additionalProperties"]
    assert set(one["properties"]) == {"use", "word"}
    stack = FakeWorld(components=found).site(TEXT).stack
    assert {key: part.name for key, part in stack.parts.items() if part.role == "echo"} == {
        "echo.one": "echo-one",
        "echo.two": "echo-two",
    }
    assert "echo" not in {part.role for part in FakeWorld(components=found).site("").stack.parts.values()}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[echo]\nword = "hola"\n', "founder.toml:2: word does not belong into [echo]"),
        ("[echo.One]\n", "founder.toml:1: One does not belong into [echo]"),
        ("[echo.one]\nwords = 1\n", "founder.toml:2: the key words is not known in [echo]"),
        ('[echo.one]\nuse = "redis"\n', "founder.toml:2: redis cannot fill the role echo"),
    ],
)
def test_what_is_wrong_with_one_of_several_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(StackError) as error:
        FakeWorld(components=WITH_ECHO).site(text)
    assert error.value.what == told


@pytest.fixture(scope="module")
def running(shared_home: Path) -> Iterator[Components]:
    home = enterable_folder("founder-echo-")
    (home / "shared").symlink_to(shared_home)
    try:
        with components(home, TEXT, ("postgres", "echo-one", "echo-two"), WITH_ECHO) as running:
            yield running
    finally:
        shutil.rmtree(home)


def _asked(running: Components, name: str) -> list[str]:
    """What a part answers whom the gateway sends."""
    headers = {"X-Founder-Gateway": running.secrets.get("echo.gateway")}
    with closing(UnixConnection(running.places.socket(name), 20)) as connection:
        connection.request("GET", f"/{name}/", headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status == 200, text
    return text.split()


def _sql(running: Components, said: str) -> str:
    action = running.desired().tasks["postgres/former-sign-ins"].action
    assert isinstance(action, Run)
    (command,) = action.commands
    user = accounts.user_name(running.stack.name, "postgres") if running.machine.root else ""
    return processes.run(command.argv, stdin=said, user=user).out.strip()


def test_each_part_signs_in_by_a_role_of_its_own_and_works_in_its_own_schema(running: Components) -> None:
    digest = running.secrets.digests()["echo.database"][:8]
    assert _asked(running, "echo-one") == ["hola", f"echo_one_{digest}", "echo_one", "echo_one"]
    assert _asked(running, "echo-two")[:3] == ["hello", f"echo_two_{digest}", "echo_two"]
    assert _sql(running, "SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'said' ORDER BY 1") == (
        "echo_one|echo_one\necho_two|echo_two"
    )
    limits = "SELECT DISTINCT rolconnlimit, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname ~ '^echo'"
    assert _sql(running, f"{limits} AND rolcanlogin") == "3|f|f|f"
    assert _sql(running, "SELECT has_schema_privilege('echo_two', 'echo_one', 'USAGE')") == "f"


def test_what_the_role_may_is_what_its_component_says_and_no_more(running: Components) -> None:
    _sql(running, "GRANT app TO echo_one")
    running.runtime._work._records.forget("postgres/roles")  # as if the task had never been done
    assert "do:postgres/roles" in running.apply()
    assert _sql(running, "SELECT pg_has_role('echo_one', 'app', 'MEMBER')") == "f"


def test_a_schema_that_is_somebody_elses_is_not_taken_over(running: Components) -> None:
    _sql(running, "CREATE ROLE stranger; ALTER SCHEMA echo_two OWNER TO stranger")
    running.runtime._work._records.forget("postgres/roles")
    try:
        with pytest.raises(StackError) as told:
            running.apply()
        assert "the schema echo_two belongs to stranger" in told.value.why
    finally:
        _sql(running, "ALTER SCHEMA echo_two OWNER TO echo_two; DROP ROLE stranger")
        running.apply()


def test_a_new_password_reaches_it_while_the_former_one_is_still_good_and_then_ends(running: Components) -> None:
    former = f"echo_one_{running.secrets.digests()['echo.database'][:8]}"
    running.secrets.rotate("echo.database")
    assert {"restart:echo-one", "do:postgres/roles", "do:postgres/former-sign-ins"} <= set(running.apply())
    assert _asked(running, "echo-one")[1] != former
    ends = f"SELECT rolvaliduntil < now() + interval '11 minutes', rolcanlogin FROM pg_roles WHERE rolname = '{former}'"
    assert _sql(running, ends) == "t|t", "who still has it may finish"
    _sql(running, f"ALTER ROLE {former} VALID UNTIL '2020-01-01'")
    running.runtime._work._records.forget("postgres/former-sign-ins")
    running.apply()
    assert _sql(running, ends) == "", "then it is gone"


def test_the_sign_in_of_a_part_that_leaves_the_stack_ends_as_those_with_former_passwords_do(
    running: Components,
) -> None:
    whole, digest = running.stack, running.secrets.digests()["echo.database"][:8]
    running.stack = stack_of(whole.name, "[echo.one]\n", running.machine, WITH_ECHO)
    ends = f"SELECT rolvaliduntil < now() + interval '11 minutes' FROM pg_roles WHERE rolname = 'echo_two_{digest}'"
    try:
        assert "stop:echo-two" in running.apply()
        assert _sql(running, ends) == "t"
    finally:
        running.stack = whole
        running.apply()
    assert _sql(running, ends) == "f", "it is back, and good again"


def test_what_is_around_a_restart_is_done_around_it_and_what_a_kill_leaves_is_begun_anew(running: Components) -> None:
    notes = [Path(f"{running.places.data(name)}/restarts") for name in ("echo-one", "echo-two")]
    for note in notes:
        note.unlink(missing_ok=True)
    pid = running.pid("postgres")
    running.runtime.restart("postgres")
    assert running.pid("postgres") != pid
    assert [note.read_text() for note in notes] == ["before\nafter\n"] * 2
    assert running.runtime.observe().processes["postgres"].up
    # As a command leaves it that was killed between the two.
    record = running.runtime._launcher.records.get("postgres")
    assert record is not None
    running.runtime._launcher.records.put("postgres", {**record, "applied": False})
    assert "start:postgres" in running.apply()
    assert running.runtime.observe().processes["postgres"].up


def test_a_part_that_does_not_run_holds_nobody_back(running: Components) -> None:
    note = Path(f"{running.places.data('echo-two')}/restarts")
    note.unlink(missing_ok=True)
    running.runtime.pause("echo-two")
    try:
        running.runtime.restart("postgres")
        assert not note.exists()
    finally:
        running.runtime.resume("echo-two")


def test_others_find_what_it_tells_and_each_part_has_its_own_port(running: Components) -> None:
    view = running.view("echo.one")
    assert [target.job for target in view.all(ScrapeTarget)] == ["echo-one", "echo-two"]
    assert len({target.address for target in view.all(ScrapeTarget)}) == 2
    _asked(running, "echo-one")
    logs = {source.name: source.path for source in view.all(LogSource)}
    assert "asked /echo-one/" in Path(logs["echo-one"]).read_text()
    collected = json.loads(Path(f"{running.places.etc('echo-two')}/settings.json").read_text())["collected"]
    assert collected == [target.address for target in view.all(ScrapeTarget)]


def test_the_gateway_serves_it_on_the_apps_origin_and_adds_its_secret(shared_home: Path, tmp_path: Path) -> None:
    ports = ("echo-one.figures", "echo-two.figures")
    stack = stack_in(tmp_path, shared_home, TEXT, catalogue=WITH_ECHO, more_ports=ports)
    with gateway(stack, "echo-one"):
        for headers in ({}, {"X-Founder-Gateway": "forged", "X-Founder-User": "founder"}):
            status, said = stack.get("/echo-one/", door="https", headers=headers)
            # No database runs here, and nobody asks it for those who come without the gateway's secret (403).
            assert (status, "onnection to server" in said) == (500, True), said
        assert stack.get("/echo-one/", door="panel")[0] == 502, "on the panel's origin that is a path of the panel"
