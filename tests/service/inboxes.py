"""Where alerts arrive in tests: a web server that keeps what it is sent, plain or in the place of a public one."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from founderstack.world.keys.certificates import Pair


class Inbox:
    """Takes every request and keeps (path, content), unless `status` says that it refuses."""

    def __init__(self, pair: Pair | None = None) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        inbox = self
        server_side = _tls(pair) if pair else None

        class Session(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                """As a proxy that leads every name to itself: what is asked of the name arrives here."""
                assert server_side is not None
                self.send_response(200)
                self.end_headers()
                self.connection = server_side.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.handle_one_request()

            def finish(self) -> None:
                super().finish()
                self.connection.close()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if inbox.status == 200:
                    inbox.taken.append((self.path, json.loads(body)))
                answer = json.dumps({"ok": inbox.status == 200, "description": "refused", "result": {}}).encode()
                self.send_response(inbox.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Inbox:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


def _tls(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context
