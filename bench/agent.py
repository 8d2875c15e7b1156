"""The agent with 15 services asked every 10 s, and what 1,000 questions cost beside Debian's blackbox exporter.

Fifteen real servers (seven Redis, eight Nginx) run under a real supervisor. First a real agent watches them while
nobody looks; then the same questions are put as fast as 16 at a time go, by the agent's own code and by
`prometheus-blackbox-exporter`, which is installed where it is missing.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.measure import header, row, wait_for
from bench.rest import cpu_seconds, pss_mib
from founderstack.model.process import Probe
from founderstack.world.install import packages
from founderstack.world.net import probes
from founderstack.world.net.network import first_free

EXPORTER = "/usr/bin/prometheus-blackbox-exporter"
SECONDS = float(os.environ.get("BENCH_SECONDS", "120"))
QUESTIONS = 2000
AT_ONCE = 16

_NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/{name}.pid; error_log /dev/null;
events {{ worker_connections 64; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }} }}
"""
_MODULES = """\
modules:
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  tcp_connect: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}
"""


def main() -> None:
    header("the agent and fifteen services")
    packages.install(["redis-server", "nginx", "prometheus-blackbox-exporter"], [EXPORTER], lambda _line: None)
    folder = Path(tempfile.mkdtemp(prefix="founder-bench-"))
    try:
        with servers(folder) as asked:
            at_rest(folder)
            as_fast_as_it_goes(folder, asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, Probe]]:
    """Fifteen real servers under a supervisor, with the records that the agent reads."""
    for inside in ("supervisor", "applied", "agent", "log"):
        (folder / inside).mkdir()
    asked: dict[str, Probe] = {}
    programs, port = [], 21_000
    for number in range(15):
        port = first_free(port + 1)
        kind = "redis" if number < 7 else "http"
        name = f"{kind}-{number}"
        asked[name] = Probe(kind, f"127.0.0.1:{port}", ask="PING" if kind == "redis" else "/")
        (folder / f"{name}.conf").write_text(_NGINX.format(folder=folder, name=name, port=port))
        redis = f"redis-server --port {port} --bind 127.0.0.1 --save '' --dir {folder}"
        command = redis if kind == "redis" else f"nginx -c {folder}/{name}.conf"
        programs.append(f"[program:{name}]\ncommand={command}\nstdout_logfile=NONE\nstderr_logfile=NONE\n")
        record = {"v": 1, "name": name, "component": kind, "title": name, "ready": asdict(asked[name])}
        (folder / "applied" / f"{name}.json").write_text(json.dumps(record))
    configuration = folder / "supervisor" / "supervisord.conf"
    configuration.write_text(_supervisor(folder) + "\n".join(programs))
    with subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)], stdout=subprocess.DEVNULL
    ) as supervisor:
        try:
            wait_for(lambda: all(probes.check(probe, str).ok for probe in asked.values()), "all fifteen answer")
            yield asked
        finally:
            supervisor.terminate()


def _supervisor(folder: Path) -> str:
    here = f"{folder}/supervisor"
    return (
        f"[unix_http_server]\nfile={here}/supervisor.sock\n"
        f"[supervisord]\nlogfile={here}/supervisord.log\npidfile={here}/supervisord.pid\n"
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\n"
    )


def at_rest(folder: Path) -> None:
    """What the agent takes while it asks each every ten seconds and nobody asks it."""
    command = [sys.executable, "-m", "founderstack.agent", "--state", str(folder)]
    source = {**os.environ, "PYTHONPATH": str(Path(probes.__file__).parents[3])}
    with subprocess.Popen(command, env=source, stderr=subprocess.DEVNULL) as agent:
        try:
            wait_for(lambda: _online(folder) == 15, "the agent has found all fifteen online")
            before, began = cpu_seconds(agent.pid), time.monotonic()
            time.sleep(SECONDS)
            percent = 100 * (cpu_seconds(agent.pid) - before) / (time.monotonic() - began)
            row("the agent, fifteen services every 10 s", f"{percent:.2f} %", "of a core; budget 0.5 %")
            row("its memory (PSS)", f"{pss_mib(agent.pid):.1f} MB")
        finally:
            agent.terminate()


def _online(folder: Path) -> int:
    try:
        processes = json.loads((folder / "agent" / "state.json").read_text())["processes"]
    except (OSError, ValueError):
        return 0
    return sum(health["state"] == "online" for health in processes.values())


def as_fast_as_it_goes(folder: Path, asked: dict[str, Probe]) -> None:
    """Processor time of 1,000 questions, ours and the exporter's, to the same servers at the same concurrency."""
    targets = {"http_2xx": [probe for probe in asked.values() if probe.kind == "http"]}
    targets["tcp_connect"] = [Probe("tcp", probe.target) for probe in asked.values() if probe.kind == "redis"]
    redis = [probe for probe in asked.values() if probe.kind == "redis"]
    with exporter(folder) as (pid, port):
        for module, questions in targets.items():
            ours, theirs = asyncio.run(put(questions)), exporter_puts(pid, port, module, questions)
            row(f"1,000 questions, {module}", f"{ours:.2f} s", f"of processor time; blackbox exporter {theirs:.2f} s")
    row("1,000 questions, PING", f"{asyncio.run(put(redis)):.2f} s", "of processor time; it has no such question")


async def put(questions: list[Probe]) -> float:
    """Seconds of processor time for 1,000 of them."""

    async def one_after_the_other(first: int) -> None:
        for number in range(first, QUESTIONS, AT_ONCE):
            answer = await probes.ask(questions[number % len(questions)], str)
            assert answer.ok, answer

    before = time.process_time()
    await asyncio.gather(*(one_after_the_other(first) for first in range(AT_ONCE)))
    return (time.process_time() - before) * 1000 / QUESTIONS


@contextmanager
def exporter(folder: Path) -> Iterator[tuple[int, int]]:
    """(pid, port) of a blackbox exporter."""
    port = first_free(22_000)
    (folder / "blackbox.yml").write_text(_MODULES)
    options = [f"--config.file={folder}/blackbox.yml", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with subprocess.Popen([EXPORTER, *options]) as running:
        try:
            wait_for(lambda: probes.check(Probe("tcp", f"127.0.0.1:{port}"), str).ok, "the exporter listens")
            yield running.pid, port
        finally:
            running.terminate()


def exporter_puts(pid: int, port: int, module: str, questions: list[Probe]) -> float:
    """The same, asked through its address as Prometheus does it."""

    def one_after_the_other(first: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, QUESTIONS, AT_ONCE):
            line.request("GET", f"/probe?module={module}&target={questions[number % len(questions)].target}")
            assert b"\nprobe_success 1\n" in line.getresponse().read()
        line.close()

    before = cpu_seconds(pid)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one_after_the_other, range(AT_ONCE)))
    return (cpu_seconds(pid) - before) * 1000 / QUESTIONS


if __name__ == "__main__":
    main()
