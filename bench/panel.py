"""The signed-in front page with 15 services, one of which changes every 0.7 s: requests a second on one core.

Twice: straight on a port of loopback, and on the Unix socket as the gateway reaches it, through an Nginx without TLS
that shares the other core with the load generator (Debian's `wrk`, which knows no Unix sockets). On a machine that does
something else as well, the processor time of a request says more than the requests a second.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import ROOT, header, row, state_root
from bench.rest import cpu_seconds, pss_mib
from tests.service.canned import CannedAgent
from tests.service.panels import Browser, write_configuration

SECONDS = 8
CONNECTIONS = 16
PORT, GATEWAY_PORT = 24_701, 24_702
SERVE = """
import sys
from founderstack.panel.__main__ import serve
from founderstack.panel.config import read_config
config = read_config(sys.argv[1])
serve(config, port=int(sys.argv[2])) if sys.argv[2] != "0" else serve(config, uds=config.socket)
"""
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user {user};
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    upstream panel {{ server unix:{folder}/panel.sock; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port}; keepalive_requests 10000000;
        location / {{ proxy_pass http://panel; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $http_host; proxy_buffering off; }}
    }}
}}
"""


def main() -> None:
    """Measure both ways."""
    header(f"the panel's page, 15 services, {CONNECTIONS} connections, panel on core 0, load on core 1")
    _install_wrk()
    with state_root() as folder:
        write_configuration(folder)
        with CannedAgent(folder / "agent" / "agent.sock", everything=True) as agent, _changing(agent):
            with _panel(folder, PORT) as pid:
                cookie, size = _signed_in(folder, f"http://127.0.0.1:{PORT}")
                row("bytes of the page, uncompressed", f"{size:,}")
                _measure("loopback port", f"http://127.0.0.1:{PORT}/", cookie, pid)
                row("memory after the load", f"{pss_mib(pid):.1f} MB", "budget 60 MB PSS")
            with _panel(folder, 0) as pid, _nginx(folder):
                cookie, _size = _signed_in(folder, f"http://127.0.0.1:{GATEWAY_PORT}")
                _measure("Unix socket behind Nginx", f"http://127.0.0.1:{GATEWAY_PORT}/", cookie, pid)


def _measure(name: str, url: str, cookie: list[str], pid: int) -> None:
    _wrk(url, cookie, 2)
    before = cpu_seconds(pid)
    found = _wrk(url, cookie, SECONDS)
    used = cpu_seconds(pid) - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", found)[1])  # type: ignore[index]
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", found)
    assert slowest, found
    assert "Non-2xx" not in found, found
    p99 = float(slowest[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slowest[2]]
    count = int(re.search(r"(\d+) requests in", found)[1])  # type: ignore[index]
    row(name, f"{rate:,.0f}/s", f"p99 {p99:.1f} ms; budget 6,000/s, 20 ms")
    share = f"the panel had {used / SECONDS:.0%} of its core"
    row(
        "  processor time of a request",
        f"{used / count * 1e6:.0f} us",
        f"{count / used:,.0f}/s of a whole core; {share}",
    )


def _wrk(url: str, cookie: list[str], seconds: int) -> str:
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *cookie, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _signed_in(folder: Path, url: str) -> tuple[list[str], int]:
    """wrk's options that make its requests those of somebody signed in, and the size of what they get."""
    import httpx

    with httpx.Client(base_url=url, timeout=20) as client:
        browser = Browser(client)
        browser.sign_in()
        page = browser.get("/")
        assert page.status_code == 200
        assert page.text.count('class="tile ') == 15
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        secret = page.request.headers["x-founder-gateway"]
    return ["-H", f"Cookie: {cookies}", "-H", f"X-Founder-Gateway: {secret}", "-H", "X-Real-IP: 203.0.113.7"], len(
        page.content
    )


@contextmanager
def _panel(folder: Path, port: int) -> Iterator[int]:
    command = ["taskset", "-c", "0", sys.executable, "-c", SERVE, str(folder / "panel.json"), str(port)]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}) as process:
        try:
            _wait(folder, port)
            yield process.pid
        finally:
            process.terminate()


@contextmanager
def _nginx(folder: Path) -> Iterator[None]:
    text = NGINX.format(folder=folder, port=GATEWAY_PORT, user="root")
    (folder / "nginx.conf").write_text(text)
    with subprocess.Popen(["taskset", "-c", "1", "nginx", "-c", str(folder / "nginx.conf")]) as process:
        try:
            _wait(folder, GATEWAY_PORT)
            yield
        finally:
            process.terminate()


def _wait(folder: Path, port: int) -> None:
    import socket

    for _ in range(100):
        family, address = (
            (socket.AF_INET, ("127.0.0.1", port)) if port else (socket.AF_UNIX, str(folder / "panel.sock"))
        )
        with socket.socket(family) as trial:
            if trial.connect_ex(address) == 0:  # type: ignore[arg-type]
                return
        time.sleep(0.1)
    raise SystemExit("it does not listen")


@contextmanager
def _changing(agent: CannedAgent) -> Iterator[None]:
    """As in life: each service is asked every ten seconds, so one tile changes every 0.7 s."""
    over = threading.Event()

    def change() -> None:
        names = list(agent.processes)
        for turn in range(1_000_000):
            if over.wait(0.7):
                return
            agent.change(names[turn % len(names)], checked=time.time())

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _install_wrk() -> None:
    import shutil

    if not shutil.which("wrk"):
        command = ["apt-get", "install", "-y", "-o", "DPkg::Lock::Timeout=300", "wrk"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
