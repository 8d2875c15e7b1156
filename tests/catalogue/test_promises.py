"""What every component promises, whatever it is."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from founderstack.catalogue import COMPONENTS
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component
from founderstack.model.process import Build, File, Process, Run, Task, secrets_in, texts
from founderstack.model.settings import fields_of
from founderstack.model.words import Buckets, Route
from founderstack.testing.world import PLACES
from tests.catalogue.stacks import CASES, Case

SERVICE_TESTS = Path(__file__).parents[1] / "service"

each_component = pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))


def test_every_component_is_in_a_case() -> None:
    assert {name for case in CASES for name in _components(case)} == set(COMPONENTS)


@each_component
def test_a_component_says_what_it_is(component: Component) -> None:
    assert component.role
    assert component.summary
    assert component.ram_mib > 0 or not _runs(component), "the memory it needs at rest is known"
    assert COMPONENTS[component.name] is component


@each_component
def test_a_component_says_how_it_is_backed_up_or_why_not(component: Component) -> None:
    declared = component.backup
    assert declared.reason if isinstance(declared, NoBackup) else declared.what
    by_object = not isinstance(declared, NoBackup) and declared.kind == "objects"
    assert by_object == any(provided.kind is Buckets for provided in component.provides)


@each_component
def test_every_setting_is_documented_below_its_field(component: Component) -> None:
    declared = {field.name for field in fields_of(component.settings)}
    assert set(_documented(component.settings)) >= declared


@each_component
def test_a_component_is_proven_against_the_real_thing(component: Component) -> None:
    about = [path.name for path in SERVICE_TESTS.glob("test_*.py") if component.name in path.read_text()]
    assert about, f"no test in tests/service starts {component.name}"


def test_no_two_components_want_the_same_port() -> None:
    wanted = Counter(
        port.default + offset
        # Components that fill one role never run together.
        for component in {component.role: component for component in COMPONENTS.values()}.values()
        for port in component.ports
        for offset in range(port.row)
    )
    assert [number for number, times in wanted.items() if times > 1] == []


@each_component
def test_only_the_gateway_has_public_ports(component: Component) -> None:
    assert component.role == "gateway" or not any(port.public for port in component.ports)


@each_case
def test_only_the_app_may_enter_where_database_and_cache_listen_for_it(case: Case) -> None:
    desired = case.resolved().desired
    given = dict(next((process.env for process in desired.processes.values() if process.ring), ()))
    sockets = {name: PurePosixPath(path) for name, path in given.items() if name.endswith("_SOCKET")}
    folders = {folder.path: folder.enter for process in desired.processes.values() for folder in process.folders}
    for name, path in sockets.items():
        assert folders[str(path if name == "DATABASE_SOCKET" else path.parent)] == "app"
    assert ("DATABASE_SOCKET" in given) == ("DATABASE_URL" in given)
    assert ("REDIS_SOCKET" in given) == ("REDIS_URL" in given)


@each_case
def test_names_are_unique(case: Case) -> None:
    resolved = case.resolved()
    names: list[str] = []
    for role, component in resolved.components.items():
        names += [process.name for process in component.processes(resolved.views[role])]
        names += [task.name for task in component.tasks(resolved.views[role])]
    assert [name for name, times in Counter(names).items() if times > 1] == []


@each_case
def test_needs_are_names_of_what_there_is(case: Case) -> None:
    desired = case.desired()
    there = {*desired.processes, *desired.tasks, *desired.rings}
    for made in _made(case):
        assert set(made.needs) <= there, made.name
        assert not isinstance(made, Process) or set(made.follows) <= set(made.needs) & set(desired.tasks)


@each_case
def test_every_secret_that_is_used_is_declared(case: Case) -> None:
    used = {name for made in _made(case) for text in texts(made) for _whole, name, _filter in secrets_in(text)}
    used |= {credential.secret for credential in case.resolved().credentials}
    assert used <= set(case.resolved().secrets)


@each_case
def test_no_secret_is_in_a_command_or_in_what_others_may_read(case: Case) -> None:
    for made in _made(case):
        open_texts = [*_arguments(made), *(file.content for file in _files(made) if file.public or file.executable)]
        if isinstance(made, Process):
            # Of a sign-in, the card holds the reference that the agent fills in when somebody asks to see it.
            shown = dataclasses.replace(made.card, credentials=())
            open_texts += [made.cwd, *(text for text in dataclasses.astuple(shown) if isinstance(text, str))]
        assert [text for text in open_texts if any(secrets_in(text))] == [], made.name


@each_case
def test_every_process_is_asked_within_a_deadline(case: Case) -> None:
    for process in case.desired().processes.values():
        assert 0 < process.ready.timeout_s <= 900
        assert process.ready.target
        assert 0 < process.stop_wait_s <= 700, "the supervisor is not asked for longer"


@each_case
def test_a_process_writes_its_files_and_folders_in_its_own_places(case: Case) -> None:
    for made in _made(case):
        for file in _files(made):
            assert _inside(file.path, f"{PLACES.state}/etc"), file.path
        folders = (
            made.folders if isinstance(made, Process) else made.action.folders if isinstance(made.action, Run) else ()
        )
        for folder in folders:
            assert _inside(folder.path, PLACES.state), folder.path


@each_case
def test_files_of_a_process_differ_in_their_last_name(case: Case) -> None:
    # Their digests are kept by it.
    for process in case.desired().processes.values():
        names = [PurePosixPath(file.path).name for file in process.files]
        assert len(names) == len(set(names)), process.name


@each_case
def test_sockets_lie_in_a_folder_that_their_process_owns(case: Case) -> None:
    for process in case.desired().processes.values():
        owned = {folder.path for folder in process.folders}
        # weed's own meeting points: their paths are part of the program.
        paths = [path for path in (*process.sockets, process.socket) if path and not path.startswith("/tmp/seaweedfs-")]
        assert {str(PurePosixPath(path).parent) for path in paths} <= owned
        assert all(len(path) < 100 for path in process.sockets), "the kernel takes 107 bytes"


@each_case
def test_whoever_may_enter_a_folder_is_there(case: Case) -> None:
    # The app's may come later: whether there is one shall not decide how the database starts.
    accounts = {"app", *(process.user for process in case.desired().processes.values())}
    for process in case.desired().processes.values():
        assert {folder.enter for folder in process.folders if folder.enter} <= accounts


@each_case
def test_only_the_agent_keeps_rights_and_only_the_gateway_takes_low_ports(case: Case) -> None:
    resolved = case.resolved()
    roles = {component.name: role for role, component in resolved.components.items()}
    for process in resolved.desired.processes.values():
        assert process.privileged == (roles[process.component] == "agent")
        assert not process.low_ports or roles[process.component] == "gateway"


@each_case
def test_tasks_say_what_they_do(case: Case) -> None:
    for task in case.desired().tasks.values():
        assert task.summary
        assert not isinstance(task.action, Build) or task.action.timeout_s <= 3600


@each_case
def test_nothing_but_the_gateway_listens_beyond_loopback(case: Case) -> None:
    anywhere = re.compile(
        r"0\.0\.0\.0|\[::\]|(?<![\w:]):::(?![\w:])|\bbind \*|listen_addresses *= *'?\*|\blisten +\d+(?![\d.])"
    )
    resolved = case.resolved()
    for role, component in resolved.components.items():
        for process in component.processes(resolved.views[role]):
            said = [text for text in texts(process) if anywhere.search(text)]
            assert said == [] or (role == "gateway" and case.name == "domain"), process.name


@each_case
def test_tools_are_reached_through_the_gateway_with_a_secret(case: Case) -> None:
    for view in case.resolved().views.values():
        for route in view.all(Route):
            assert [*secrets_in(route.secret)], route.name
            assert route.origin == "app" or route.path.startswith("/tools/")
            assert route.path.endswith("/")


def _runs(component: Component) -> bool:
    """True where it has a process in one of the cases."""
    return any(process.component == component.name for case in CASES for process in case.desired().processes.values())


def _components(case: Case) -> set[str]:
    return {component.name for component in case.resolved().components.values()}


def _made(case: Case) -> Iterator[Process | Task]:
    desired = case.desired()
    yield from desired.processes.values()
    yield from desired.tasks.values()


def _files(made: Process | Task) -> tuple[File, ...]:
    if isinstance(made, Process):
        return made.files
    return made.action.files if isinstance(made.action, Run) else ()


def _arguments(made: Process | Task) -> list[str]:
    if isinstance(made, Process):
        return list(made.argv)
    if isinstance(made.action, Run):
        return [word for command in made.action.commands for word in command.argv]
    return [made.action.command] if isinstance(made.action, Build) else []


def _inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder) and ".." not in PurePosixPath(path).parts


def _documented(settings: type) -> Iterator[str]:
    """Fields with a text below them."""
    for owner in settings.__mro__[:-1]:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(tree, ast.ClassDef)
        for statement, below in zip(tree.body, tree.body[1:], strict=False):
            told = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and told:
                yield statement.target.id


@pytest.mark.parametrize(("name", "sent"), [("domain", 2), ("redis", 0)])
def test_browsers_are_told_to_insist_on_https_where_there_is_a_domain_alone(name: str, sent: int) -> None:
    case = next(case for case in CASES if case.name == name)
    files = "".join(file.content for file in case.desired().processes["nginx"].files)
    assert files.count("Strict-Transport-Security") == sent
