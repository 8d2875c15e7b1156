"""HTTP over a Unix socket, for http.client's users."""

from __future__ import annotations

import http.client
import socket

NO_ANSWER = (OSError, http.client.HTTPException)
"""What is raised where nobody answers, or not in HTTP."""


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a server that listens on the Unix socket at `path`."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
