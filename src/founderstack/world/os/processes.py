"""Every program the tool starts: run to its end with a deadline, or set free. The only module that starts programs."""

from __future__ import annotations

import os
import signal as signals
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.process_table import (
    alive as alive,
    all_pids as all_pids,
    command_line as command_line,
    family,
    memory_mib as memory_mib,
    parent as parent,
    started as started,
)

if TYPE_CHECKING:
    import subprocess

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHORT = 80
_LAST_LINES = 15
_UNDER_WAY: dict[subprocess.Popen[bytes], int] = {}


@dataclass(frozen=True)
class Result:
    """How a program ended; `err` is empty where its lines were followed, which merges both streams."""

    code: int
    out: str
    err: str


def run(
    argv: Sequence[str],
    *,
    cwd: str = "/",
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout_s: float = 120,
    user: str = "",
    groups: Sequence[str] = (),
    nice: int = 0,
    oom_score: int = 0,
    on_line: Callable[[str], None] | None = None,
    check: bool = True,
    to_its_end: bool = False,
    undecodable: str = "replace",
) -> Result:
    """What a program answered, in an environment of its own: PATH, LANG, HOME and `env`, nothing of the caller's.

    `user` (a name, or a number that has none) runs it as that user with the user's own groups, or with exactly
    `groups` where given. `on_line` gets each line of its output as it comes. The program and its children are killed
    at the deadline and when the caller is interrupted; `to_its_end` is for what must not stand half done: `break_off`
    leaves it alone. `undecodable="surrogateescape"` keeps names of files that are no UTF-8. Raises StackError when the
    program is missing or too slow, and with `check` when it fails.
    """
    command = command_of(argv, user=user, groups=groups, nice=nice, oom_score=oom_score)
    deadline = SystemClock().monotonic() + timeout_s
    with _file_in_memory(stdin) as source, _file_in_memory() as out, _file_in_memory() as err:
        pipes = _Streams(source, out, err) if on_line is None else _Streams(source, None, None)
        child = _start(argv[0], command, cwd, environment(user, env), pipes)
        if not to_its_end:
            _UNDER_WAY[child] = threading.get_ident()
        try:
            lines = _follow(child, on_line, deadline) if on_line else []
            _wait(child, argv, deadline, timeout_s)
        finally:
            _end(child)
            _UNDER_WAY.pop(child, None)
        said = Result(child.returncode, "\n".join(lines) or _read(out, undecodable), _read(err))
    if check and said.code != 0:
        raise failure(argv, said)
    return said


def break_off(thread: int | None = None) -> None:
    """End what other threads run now, or that one does, with all that it has started; they see it ended by a signal."""
    for child, runner in tuple(_UNDER_WAY.items()):
        if child.returncode is None and thread in (None, runner):
            _kill(child)


def spawn_detached(argv: Sequence[str], *, log: str, env: Mapping[str, str] | None = None) -> int:
    """Pid of a program that runs on after the caller's end, in a session of its own; its output goes to `log`."""
    # The shell ends at once, so the program is init's child and never a zombie of ours. setsid replaces itself by
    # the program because a background job of a script leads no process group: the pid stays the same.
    # What it writes may be anybody's secret: others may not read it unless it says so itself.
    script = 'umask 077; log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!'
    return int(run(["/bin/sh", "-c", script, "sh", log, *argv], env=env, timeout_s=10).out)


def command_of(
    argv: Sequence[str], *, user: str = "", groups: Sequence[str] = (), nice: int = 0, oom_score: int = 0
) -> list[str]:
    """The whole command line that runs a program as `user`, with less priority where that is asked for."""
    return [*_as_user(user, groups), *_with_priority(nice, oom_score), *argv]


def environment(user: str = "", env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that a program gets: PATH, LANG, HOME, and `env` over them."""
    return {"PATH": PATH, "LANG": "C.UTF-8", "HOME": _home(user), **(env or {})}


def signal(pid: int, name: str) -> bool:
    """Send SIG`name`; False where the process is gone already."""
    try:
        os.kill(pid, signals.Signals[f"SIG{name}"])
    except ProcessLookupError:
        return False
    except PermissionError:
        raise StackError(
            _("Process {pid} may not be signalled").format(pid=pid),
            _("It belongs to another user."),
            _("Run the command as root (sudo)."),
        ) from None
    return True


def _as_user(user: str, groups: Sequence[str]) -> list[str]:
    import pwd

    if not user or user == pwd.getpwuid(os.geteuid()).pw_name:
        return []
    if user.isdigit():  # a number without a name, as of files that came from another machine
        return ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise StackError(
            _("The system user {user} is missing").format(user=user),
            _("A process of the stack runs as this user, and somebody has removed it."),
            _("Run: founder up"),
        ) from None
    chosen = ["--groups", ",".join(groups)] if groups else ["--init-groups"]
    user_and_group = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid)]
    # What runs as another user is there to have fewer rights: no setuid program gives it more.
    return ["/usr/bin/setpriv", *user_and_group, *chosen, "--no-new-privs"]


def _with_priority(nice: int, oom_score: int) -> list[str]:
    command = ["/usr/bin/nice", "-n", str(nice)] if nice else []
    return command + (["/usr/bin/choom", "-n", str(oom_score), "--"] if oom_score else [])


def _start(
    program: str, command: list[str], cwd: str, env: Mapping[str, str], streams: _Streams
) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=streams.source,
            stdout=subprocess.PIPE if streams.out is None else streams.out,
            stderr=subprocess.STDOUT if streams.err is None else streams.err,
            start_new_session=True,
            umask=0o022,
        )
    except OSError as error:
        raise StackError(
            _("{program} could not be started").format(program=program),
            f"{error.strerror}: {error.filename}",
            _("Run: founder doctor, which names what is missing on this machine."),
        ) from None


@dataclass(frozen=True)
class _Streams:
    source: IO[bytes]
    out: IO[bytes] | None
    """None where the lines are followed, through one pipe for both streams."""
    err: IO[bytes] | None


def _file_in_memory(content: str = "") -> IO[bytes]:
    # Not a pipe: a program may ignore its input, and a child that outlives it and keeps its output open is no matter.
    file = os.fdopen(os.memfd_create("stream"), "w+b", buffering=0)
    file.write(content.encode())
    file.seek(0)
    return file


def _read(file: IO[bytes], undecodable: str = "replace") -> str:
    file.seek(0)
    return file.read().decode(errors=undecodable)


def _follow(child: subprocess.Popen[bytes], on_line: Callable[[str], None], deadline: float) -> list[str]:
    import selectors

    assert child.stdout is not None
    kept: list[str] = []
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while _left(deadline):
            ready = selector.select(min(_left(deadline), 0.5))
            if not ready and child.poll() is None:
                continue
            chunk = os.read(child.stdout.fileno(), 65536) if ready else b""
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines if chunk or not rest else [*lines, rest]:
                kept.append(line.decode(errors="replace").rstrip("\r"))
                on_line(kept[-1])
            if not chunk:
                break
    return kept


def _wait(child: subprocess.Popen[bytes], argv: Sequence[str], deadline: float, timeout_s: float) -> None:
    import subprocess

    try:
        child.wait(_left(deadline))
    except subprocess.TimeoutExpired:
        raise StackError(
            _("{program} did not finish").format(program=_called(argv)),
            _("It was still running after {seconds:g} seconds and was ended.").format(seconds=timeout_s),
            _("Run the command again; if it stops here again, run: founder doctor"),
        ) from None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Leave nothing of a program that is still running, whatever the reason for leaving it."""
    if child.stdout is not None:
        child.stdout.close()
    if child.poll() is not None:
        return
    _kill(child)
    child.wait()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a program with its group and with what it has started in groups and sessions of their own."""
    for kill, number in ((os.killpg, child.pid), *((os.kill, pid) for pid in family(child.pid))):
        with suppress(ProcessLookupError, PermissionError):
            kill(number, signals.SIGKILL)


def _left(deadline: float) -> float:
    return max(deadline - SystemClock().monotonic(), 0.0)


def failure(argv: Sequence[str], result: Result) -> StackError:
    """The error for a program that ended badly: the last lines of what it said."""
    said = (result.err.strip() or result.out.strip()).splitlines()[-_LAST_LINES:]
    program = _called(argv)
    if by := signal_of(result.code):
        return StackError(
            _("{program} was ended by signal {signal}").format(program=program, signal=by),
            "\n".join(said) or _("It said nothing before. Where memory runs out, the kernel sends signal 9."),
            _("“dmesg | tail” names what the kernel has ended. Then run the command again."),
        )
    return StackError(
        _("{program} failed (exit code {code})").format(program=program, code=result.code),
        "\n".join(said) or _("It gave no reason."),
        _("Cure what it says, then run the command again."),
    )


def _called(argv: Sequence[str]) -> str:
    """What people know a program by: what they told a shell to run, where that is short, or its file."""
    name, told = os.path.basename(argv[0]), argv[2].strip() if len(argv) == 3 and argv[1] == "-c" else ""
    return f"“{told}”" if name == "sh" and told and len(told) <= _SHORT else name


def how_it_ended(code: int) -> str:
    """A sentence about a program that said nothing, from its exit code."""
    if by := signal_of(code):
        return _("It was ended by signal {signal}.").format(signal=by)
    return _("It ended with code {code}.").format(code=code)


def signal_of(code: int) -> str:
    """“9 (SIGKILL)” where the exit code, of the program or of a shell that ran it, says that one ended it; else ""."""
    number = -code if code < 0 else code - 128
    names = {signal.value: signal.name for signal in signals.Signals}
    return f"{number} ({names[number]})" if number in names else ""


def _home(user: str) -> str:
    import pwd

    try:
        return pwd.getpwnam(user).pw_dir if user else pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/nonexistent"
