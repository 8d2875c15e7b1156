"""The weekly audit against recorded answers: of registries that know something, know nothing, or say nothing."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools import audit, pins

ROOT = Path(__file__).parents[2]
ADVISORY = "GHSA-cpwx-vrp4-4pq7"
OSV = {
    "vulns": [
        {
            "id": ADVISORY,
            "summary": "Jinja2 vulnerable to sandbox breakout through attr filter selecting format method",
            "aliases": ["CVE-2025-27516"],
            "published": "2025-03-05T20:40:14Z",
            "modified": "2025-03-05T21:54:20Z",
            "affected": [
                {
                    "package": {"name": "jinja2", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1.6"}]}],
                }
            ],
            "schema_version": "1.7.3",
        }
    ]
}
"""As api.osv.dev answers, with a version that cures it which is yet to come."""
NPM = {
    "express": [
        {
            "id": 1096820,
            "url": "https://github.com/advisories/GHSA-rv95-896h-c2vc",
            "title": "Express.js Open Redirect in malformed URLs",
            "severity": "moderate",
            "vulnerable_versions": "<99.0.0",
        }
    ]
}
"""As registry.npmjs.org answers about packages in bulk."""


@contextmanager
def registry(osv: object, npm: object) -> Iterator[tuple[str, ...]]:
    """Options of the audit that name a registry which gives these answers; None refuses, as mirrors do."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                sent = gzip.decompress(sent)
            asked = json.loads(sent)
            if self.path == "/v1/query":
                self._answer(osv if asked["package"]["name"] == "jinja2" or osv is None else {})
            else:
                self._answer(npm if npm is None or "express" in asked else {})

        def do_GET(self) -> None:
            self._answer(None, 404)

        def _answer(self, content: object, refusal: int = 405) -> None:
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(refusal if content is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield "--osv-url", f"{address}/v1/query", "--npm-registry", address
        finally:
            server.shutdown()
            thread.join()


def audited(options: tuple[str, ...]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_is_known_is_named_with_its_cure() -> None:
    with registry(OSV, NPM) as options:
        code, said = audited(options)
    assert code == audit.KNOWN
    assert "✗ tool.txt: jinja2 3.1.6: CVE-2025-27516 (cured in 99.1.6)" in said
    assert "redis-commander/package-lock.json: express <99.0.0: GHSA-rv95-896h-c2vc" in said
    assert "✓ supervisor.txt" in said
    assert "?" not in said, "every lock file was asked about"


def test_nothing_known_is_well_and_every_lock_file_is_asked_about() -> None:
    with registry({}, {}) as options:
        code, said = audited(options)
    assert code == 0
    places = {line.removeprefix("✓ ") for line in said.splitlines()}
    assert {path.name for path in pins.PINS.glob("*.txt")} | {"uv.lock of the tests"} <= places
    assert {"app/package-lock.json", "src/founderstack/pins/redis-commander/package-lock.json"} <= places


def test_a_registry_that_answers_no_audits_is_said_to_be_one() -> None:
    with registry(None, None) as options:
        code, said = audited(options)
    assert code == audit.UNASKED
    assert "? tool.txt: could not be audited: " in said
    assert "? app/package-lock.json: could not be audited: 405 Method Not Allowed" in said
    assert "✓" not in said


def test_a_mirror_that_does_not_know_the_packages_is_no_good_news() -> None:
    recorded = {
        "dependencies": [
            {"name": "uv", "skip_reason": "Dependency not found on PyPI and could not be audited: uv (0.13.9)"}
        ],
        "fixes": [],
    }
    answer = audit.of_pip_audit("uv.txt", 0, json.dumps(recorded), "No known vulnerabilities found")
    assert audit.verdict([answer]) == audit.UNASKED
    assert "1 of 1 packages" in "".join(audit.report([answer]))


def test_what_was_accepted_is_told_with_its_reason_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = audit.Answer("tool.txt", (audit.Finding("tool.txt", "jinja2", "3.1.6", ADVISORY, ""),))
    assert audit.verdict([found]) == audit.KNOWN
    monkeypatch.setitem(audit.ACCEPTED, ADVISORY, "we have no sandbox")
    assert audit.verdict([found]) == 0
    assert list(audit.report([found]))[-1].endswith("accepted: we have no sandbox")
