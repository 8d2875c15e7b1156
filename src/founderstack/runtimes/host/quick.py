"""The quickest look at what runs: what supervisor says of its programs, and whether somebody listens.

It stands on the path of the most frequent command: only the standard library's cheapest modules are imported here.
"""

from __future__ import annotations

from _socket import AF_INET, AF_UNIX, SOCK_STREAM, socket

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing alone would cost as much as all the rest
    from founderstack.model.health import ProcessCondition

CONDITIONS: dict[str, ProcessCondition] = {
    "RUNNING": "running",
    "STARTING": "starting",
    "BACKOFF": "failing",
    "FATAL": "failing",
    "EXITED": "failing",
    "STOPPING": "stopped",
    "STOPPED": "stopped",
    "UNKNOWN": "failing",
}
"""Supervisor's words in ours."""
_TIMEOUT_S = 2.0
_ASK = (
    b"<?xml version='1.0'?><methodCall><methodName>supervisor.getAllProcessInfo</methodName>"
    b"<params></params></methodCall>"
)


def all_run(supervisor: str, programs: list[str]) -> bool:
    """True where the supervisor runs exactly these programs."""
    try:
        return programs_of(supervisor) == dict.fromkeys(programs, "RUNNING")
    except OSError:
        return False


def answers(target: str) -> bool:
    """True where something accepts connections at a probe's target."""
    folder, _, port = target.rpartition(":")
    try:
        if target.startswith("/"):
            # A path with a port is PostgreSQL's folder of sockets.
            _connected(AF_UNIX, f"{folder}/.s.PGSQL.{port}" if folder else target).close()
        else:
            _connected(AF_INET, (folder, int(port))).close()
    except OSError:
        return False
    return True


def conditions(state: str) -> dict[str, ProcessCondition]:
    """Name of each process that the runtime of a state folder keeps → its condition; none where nobody answers.

    Raises TimeoutError where somebody is there who does not say: they may run.
    """
    try:
        programs = programs_of(socket_of(state))
    except TimeoutError:
        raise
    except OSError:
        return {}
    return {name: CONDITIONS.get(word, "failing") for name, word in programs.items()}


def socket_of(state: str) -> str:
    """Where the supervisor of a state folder answers."""
    return f"{state}/supervisor/supervisor.sock"


def programs_of(supervisor: str) -> dict[str, str]:
    """Name of each supervised program → the supervisor's word for its state; raises OSError where nobody answers."""
    answer = _post(supervisor)
    # Names and states hold no markup, so the fields can be cut out without a parser.
    names = answer.split("<name>name</name>\n<value><string>")[1:]
    states = answer.split("<name>statename</name>\n<value><string>")[1:]
    return {name.split("<", 1)[0]: state.split("<", 1)[0] for name, state in zip(names, states, strict=True)}


def _post(path: str) -> str:
    line = _connected(AF_UNIX, path)
    try:
        head = f"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: {len(_ASK)}\r\n\r\n"
        line.sendall(head.encode() + _ASK)
        parts = []
        while part := line.recv(65536):
            parts.append(part)
    finally:
        line.close()
    return b"".join(parts).decode(errors="replace")


def _connected(family: int, address: str | tuple[str, int]) -> socket:
    line = socket(family, SOCK_STREAM)
    try:
        line.settimeout(_TIMEOUT_S)
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line
