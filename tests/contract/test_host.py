"""What the host runtime promises beyond the contract: nothing outlives it, and nothing secret lies open."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from founderstack.model import process as p
from founderstack.model.errors import StackError
from founderstack.model.plan import Step
from founderstack.runtimes.host.launcher import Launcher
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.placer import Placer
from founderstack.runtimes.host.supervisor import Supervisor
from founderstack.testing.clock import FakeClock
from founderstack.testing.world import DEBIAN_12
from founderstack.world.net import probes
from founderstack.world.os import accounts
from founderstack.world.os.processes import alive, command_line, run
from tests.conftest import wait_until
from tests.contract.machines import PYTHON, SERVER, STACK, Host, apply, desired, pids, server, status

pytestmark = pytest.mark.service


@pytest.mark.parametrize(("load", "waited"), [(0.0, 4.0), (2.0, 4.0), (4.0, 8.0), (60.0, 12.0)])
def test_a_process_is_waited_for_longer_while_the_machine_is_busy(tmp_path: Path, load: float, waited: float) -> None:
    class Idle:
        def ends_always(self, _name: str, _lives: set[int], _retries: int) -> bool:
            return False

    machine = replace(DEBIAN_12, cores=2)
    clock, idle = FakeClock(), cast("Supervisor", Idle())
    launcher = Launcher(
        "s", Layout(str(tmp_path)), machine, Placer("s", machine, str), idle, str, clock, load=lambda: load
    )
    with pytest.raises(StackError, match="did not get ready") as caught:
        launcher._wait("one", p.Probe("tcp", f"unix:{tmp_path}/none", timeout_s=4.0))
    assert clock.monotonic() == pytest.approx(waited, abs=0.2)
    assert f"within {waited:.0f} s" in caught.value.why


def test_the_error_of_a_process_that_does_not_get_ready_shows_its_last_lines(host: Host) -> None:
    with pytest.raises(StackError) as caught:
        apply(host, desired(server(host, "one", broken=True)))
    assert "one did not get ready" in caught.value.what
    assert "no moon tonight" in caught.value.why
    assert "founder logs one" in caught.value.fix


def test_an_instance_that_ends_again_and_again_is_not_waited_for_and_its_words_are_shown_once(host: Host) -> None:
    """Each life is longer than what the supervisor calls a start, so that it never gives up."""
    one = server(host, "one", ring="web")
    dies = "import time; print('no moon tonight', flush=True); print('none at all', flush=True); time.sleep(1.2)"
    one = replace(one, argv=(PYTHON, "-I", "-c", dies), ready=replace(one.ready, timeout_s=300))
    with pytest.raises(StackError) as caught:
        apply(host, desired(one))
    assert caught.value.why == "It ended again and again.\n  | no moon tonight\n  | none at all"


@pytest.mark.skipif(os.geteuid() != 0, reason="other users can only be had as root")
def test_the_gateway_may_connect_to_an_instance_that_sets_no_mode_also_when_the_supervisor_started_it(
    host: Host,
) -> None:
    """A user of its own who is in no group of the app's, as the web server's workers are."""
    one = _entered_by(server(host, "one", ring="web"), "two")
    apply(host, desired(one, server(host, "two")))
    _connect_as_two(one.socket)
    assert not os.stat(one.socket).st_mode & stat.S_IRWXO, "it is the folder's group that lets it in"
    first = status(host, "one").pid
    host.kill("one")
    wait_until(lambda: status(host, "one").pid not in (0, first), "another process in its place")
    wait_until(lambda: probes.check(one.ready, str).ok, "it answers")
    _connect_as_two(one.socket)


@pytest.mark.skipif(os.geteuid() != 0, reason="root gets in anywhere")
def test_an_instance_that_keeps_the_gateway_out_is_not_ready_and_the_cause_is_told(host: Host) -> None:
    one = _entered_by(server(host, "one", ring="web"), "two")
    closed = SERVER.replace("Server(path", "os.umask(0o177)\nServer(path")
    files = (replace(one.files[0], content=closed), *one.files[1:])
    with pytest.raises(StackError) as caught:
        apply(host, desired(replace(one, files=files, ready=replace(one.ready, timeout_s=1.5))))
    assert "its socket keeps the gateway out: mode 0600, give it 0660" in caught.value.why


def _entered_by(process: p.Process, account: str) -> p.Process:
    return replace(process, folders=tuple(replace(folder, enter=account) for folder in process.folders))


def _connect_as_two(path: str) -> None:
    """Raises where the other component's user may not."""
    program = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    run([PYTHON, "-I", "-c", program, path], user=accounts.user_name(STACK, "two"), timeout_s=20)


def test_a_start_that_was_cut_off_is_done_again(host: Host) -> None:
    wanted = desired(server(host, "one"))
    apply(host, wanted)
    record = Path(host.state("applied/one.json"))
    record.write_text(record.read_text().replace('"v": 1,', '"v": 1, "applied": false,'))
    before = pids(host)
    assert apply(host, wanted) == ["start:one"]
    assert pids(host)["one"] != before["one"]
    assert apply(host, wanted) == []


def test_a_killed_supervisor_leaves_no_process_and_all_comes_back(host: Host) -> None:
    wanted = desired(server(host, "one"), server(host, "two"))
    apply(host, wanted)
    left = pids(host)
    os.kill(host.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: not any(map(alive, left.values())), "everything it ran is gone")
    assert sorted(apply(host, wanted)) == ["start:one", "start:two"]
    assert not set(pids(host).values()) & set(left.values())
    assert apply(host, wanted) == []


def test_children_of_an_earlier_life_do_not_outlive_it(host: Host) -> None:
    one = server(host, "one")
    parent = "import subprocess, os, sys; subprocess.Popen(['/bin/sleep', '987']); os.execv(sys.argv[1], sys.argv[1:])"
    apply(host, desired(replace(one, argv=(PYTHON, "-I", "-c", parent, *one.argv))))
    child = _only_child(status(host, "one").pid)
    host.kill("one")
    wait_until(lambda: not alive(child), "the child is gone")
    wait_until(lambda: status(host, "one").pid, "another process in its place")


def test_what_is_stopped_leaves_nothing_that_it_started(host: Host) -> None:
    one, two = server(host, "one"), server(host, "two")
    # As PostgreSQL's children: in a session of their own. Only a system user tells that they belong together.
    apart = str(os.geteuid() == 0)
    parent = (
        "import subprocess, os, sys;"
        f"subprocess.Popen(['/bin/sleep', '986'], start_new_session={apart}); os.execv(sys.argv[1], sys.argv[1:])"
    )
    started = [replace(each, argv=(PYTHON, "-I", "-c", parent, *each.argv)) for each in (one, two)]
    apply(host, desired(*started))
    paused, gone = [_only_child(status(host, name).pid) for name in ("one", "two")]
    host.runtime.pause("one")
    assert (alive(paused), alive(gone)) == (False, True)
    apply(host, p.Desired())
    assert not alive(gone)


def test_files_that_a_program_does_not_take_are_put_back_and_its_words_are_told(host: Host) -> None:
    def checked(text: str) -> p.Process:
        one = server(host, "one", text=text)
        check = ("/bin/sh", "-c", f"! grep -h bad {host.state('etc/one/text')} >&2")
        return replace(one, check=check)

    apply(host, desired(checked("good")))
    with pytest.raises(StackError) as caught:
        apply(host, desired(checked("a bad line")))
    assert (caught.value.what, caught.value.why) == ("one does not take its new configuration", "a bad line")
    assert Path(host.state("etc/one/text")).read_text() == "good"
    assert apply(host, desired(checked("good"))) == []
    assert apply(host, desired(checked("better"))) == ["reload:one"]


def test_what_the_supervisor_gave_up_on_is_revived(host: Host) -> None:
    apply(host, desired(server(host, "one")))
    run = Path(host.state("launch/one/run"))
    good = run.read_text()
    # No start lasts: as many fail as the supervisor tries.
    section = Path(host.state("supervisor/programs/one.conf"))
    section.write_text(section.read_text().replace("startretries=10", "startretries=0"))
    run.write_text("#!/bin/sh\nexit 1\n")
    host.runtime.supervisor.stop("one")
    host.runtime.supervisor.remove("one")
    host.runtime.supervisor.add("one")
    wait_until(lambda: host.runtime.supervisor.fatal() == ("one",), "given up")
    assert not host.runtime.observe().processes["one"].up
    run.write_text(good)
    assert list(host.runtime.revive()) == ["one"]
    wait_until(lambda: status(host, "one").condition == "running", "revived")


def test_secrets_are_in_files_of_their_process_alone(host: Host) -> None:
    host.secrets.ensure(["token"])
    value = host.secrets.get("token")
    one = server(host, "one", secret="token")
    secret_file = p.File(host.state("etc/one/token"), f"token = {p.secret('token')}\n")
    apply(host, desired(replace(one, files=(*one.files, secret_file))))
    holding = {path for path in Path(host.places.state).rglob("*") if path.is_file() and value in path.read_text()}
    assert holding == {Path(host.state("launch/one/env")), Path(secret_file.path)}
    for path in holding:
        about = path.stat()
        assert stat.S_IMODE(about.st_mode) == 0o400
        assert about.st_uid == os.stat(f"/proc/{status(host, 'one').pid}").st_uid
    for pid in (host.supervisor_pid, status(host, "one").pid):
        assert value not in " ".join(command_line(pid))
    assert value not in Path(f"/proc/{host.supervisor_pid}/environ").read_text()
    assert value in Path(f"/proc/{status(host, 'one').pid}/environ").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each process a user of its own")
def test_each_process_has_a_user_of_its_own_that_cannot_reach_the_others(host: Host) -> None:
    apply(host, desired(server(host, "one"), server(host, "two")))
    users = {os.stat(f"/proc/{pid}").st_uid for pid in pids(host).values()}
    assert len(users) == 2
    assert 0 not in users
    for name in ("one", "two"):
        about = Path(f"/proc/{status(host, name).pid}/status").read_text()
        assert "NoNewPrivs:\t1" in about
        assert "CapEff:\t0000000000000000" in about
        assert stat.S_IMODE(os.stat(host.state(f"run/{name}")).st_mode) == 0o700


def test_an_instance_that_is_being_replaced_finishes_what_it_has_begun(host: Host) -> None:
    apply(host, desired(server(host, "old", ring="web", drain_s=30)))
    busy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    busy.connect(host.state("run/old/web.sock"))
    before = status(host, "old").pid
    stopping = threading.Thread(target=apply, args=(host, desired(server(host, "new", ring="web"))))
    stopping.start()
    wait_until(lambda: host.runtime.observe().rings == {"web": ("new",)}, "the new instance serves")
    busy.sendall(b"GET / HTTP/1.1\r\n")
    assert busy.recv(100).startswith(b"HTTP/1.1 200")
    assert alive(before)
    busy.close()
    stopping.join(20)
    assert set(pids(host)) == {"new"}
    assert not alive(before)


def test_instances_that_start_together_get_ports_of_their_own(host: Host) -> None:
    relay = p.Relay(_free_row(4), tuple(host.state(f"relay-{number}.sock") for number in range(4)))
    instances = [_by_port(host, name, relay) for name in ("a", "b", "c")]
    wanted = desired(*instances)
    starts = [
        threading.Thread(target=host.runtime.apply, args=(Step("start", one.name, ""), wanted, print))
        for one in instances
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join(30)
    assert apply(host, wanted) == ["switch:web"]
    targets = {os.readlink(host.state(f"slots/web/{slot}.sock")) for slot in range(3)}
    assert len(targets) == 3
    described = [replace(one, card=p.Card(title="Another", group="test")) for one in instances]
    assert sorted(apply(host, desired(*described))) == ["reload:a", "reload:b", "reload:c"]
    assert {os.readlink(host.state(f"slots/web/{slot}.sock")) for slot in range(3)} == targets
    assert apply(host, desired(*described)) == []


def _by_port(host: Host, name: str, relay: p.Relay) -> p.Process:
    page = p.File(host.state(f"etc/{name}/index.html"), name, public=True)
    return p.Process(
        name=name,
        component=name,
        card=p.Card(title=name, group="test"),
        argv=(PYTHON, "-I", "-m", "http.server", "--bind", "127.0.0.1", "{{relay:port}}"),
        cwd=host.state(f"etc/{name}"),
        ready=p.Probe("http", "127.0.0.1:{{relay:port}}", ask="/", timeout_s=20),
        files=(page,),
        ring="web",
        relay=relay,
    )


def _free_row(length: int) -> int:
    """The first of some neighbouring ports that nobody listens on."""
    from founderstack.world.net.network import can_bind, listening

    taken = listening()
    free = [port not in taken and can_bind(port) for port in range(23000, 32000)]
    return 23000 + next(start for start in range(len(free)) if all(free[start : start + length]))


def _only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
