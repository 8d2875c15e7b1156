"""Ports and sockets as the kernel sees them. The only module, with the probes, that opens a socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

_LISTEN = "0A"
_ESTABLISHED = "01"
# Source: include/uapi/linux/net.h. A connection that the server has not accepted yet is in state 2.
_UNIX_CONNECTED = ("02", "03")


@dataclass(frozen=True)
class Holder:
    """Who listens on a port; `pid` is 0 and `name` "" where only root may know."""

    pid: int
    name: str
    user: str


def holder(port: int) -> Holder | None:
    """The process that listens on a TCP port of this machine, None where nobody does."""
    for row in _tcp_rows():
        if row.state == _LISTEN and row.port == port:
            pid = _pid_of_socket(row.inode)
            return Holder(pid, _process_name(pid), _user_name(row.uid))
    return None


def listening() -> frozenset[int]:
    """Every TCP port that somebody listens on."""
    return frozenset(row.port for row in _tcp_rows() if row.state == _LISTEN)


def can_bind(port: int, address: str = "127.0.0.1") -> bool:
    """True where this user may listen on the port now; it is let go at once."""
    import socket

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that linger after a server's end do not hold its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def unix_connections(path: str) -> int:
    """Connections open on a listening Unix socket, accepted or waiting to be; 0 means it is drained."""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
        rows = (line.split(None, 7) for line in file)
        return sum(1 for row in rows if len(row) == 8 and row[5] in _UNIX_CONNECTED and row[7].rstrip("\n") == path)


def tcp_connections(port: int) -> int:
    """Connections open to a TCP port of this machine."""
    return sum(1 for row in _tcp_rows() if row.state == _ESTABLISHED and row.port == port)


@dataclass(frozen=True)
class _Row:
    port: int
    state: str
    uid: int
    inode: str


def _tcp_rows() -> Iterator[_Row]:
    """The sockets of /proc/net/tcp and tcp6. Source: Documentation/networking/proc_net_tcp.rst."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                lines = file.readlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            yield _Row(int(fields[1].rpartition(":")[2], 16), fields[3], int(fields[7]), fields[9])


def _pid_of_socket(inode: str) -> int:
    wanted = f"socket:[{inode}]"
    for pid in filter(str.isdigit, os.listdir("/proc")):
        folder = f"/proc/{pid}/fd"
        try:
            if any(os.readlink(f"{folder}/{number}") == wanted for number in os.listdir(folder)):
                return int(pid)
        except OSError:
            continue
    return 0


def _process_name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
