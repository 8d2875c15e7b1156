"""Asks, once a week, whether anything that is locked has a known vulnerability: `.venv-test/bin/python -m tools.audit`.

Every lock file of the tree is asked about: the lists that the tool installs from, what its tests use, the app and the
tools of Node. Python's packages by `pip-audit`, Node's by `npm audit`. Exit code 1: something is known, and is named
with the version that cures it. 3: nothing is known, but not all could be asked; a registry that answers no audits is
said to be one, for silence is no good news. It installs nothing and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from tools import pins

ROOT = Path(__file__).parent.parent
ACCEPTED: dict[str, str] = {}
"""Advisory → why it does not touch us. One that no longer comes up is to be removed."""
KNOWN, UNASKED = 1, 3
_LIMIT_S = 600


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a locked package."""

    place: str
    package: str
    version: str
    advisory: str
    cure: str
    """Version that has it no more, "" where there is none yet."""

    def __str__(self) -> str:
        cure = f"cured in {self.cure}" if self.cure else "no version cures it yet"
        return f"{self.place}: {self.package} {self.version}: {self.advisory} ({cure})"


@dataclass(frozen=True)
class Answer:
    """What was found about one lock file, or why nothing was."""

    place: str
    findings: tuple[Finding, ...] = ()
    unasked: str = ""
    """What the registry said instead of an answer."""


def main(arguments: list[str]) -> int:
    """Ask about every lock file; returns the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--service", default="osv", choices=("osv", "pypi"), help="who knows about Python's packages")
    options.add_argument("--osv-url", default="https://api.osv.dev/v1/query")
    options.add_argument("--npm-registry", default="https://registry.npmjs.org")
    given = options.parse_args(arguments)
    answers = [*_python(given.service, given.osv_url), *_node(given.npm_registry)]
    print("\n".join(report(answers)))
    return verdict(answers)


def report(answers: Iterable[Answer]) -> Iterator[str]:
    """A line for each lock file that is well, for each finding, and for each registry that was silent."""
    for answer in answers:
        if answer.unasked:
            yield f"? {answer.place}: could not be audited: {answer.unasked}"
        elif not open_of(answer):
            yield f"✓ {answer.place}"
        for one in answer.findings:
            reason = ACCEPTED.get(one.advisory)
            yield f"· {one}: accepted: {reason}" if reason else f"✗ {one}"


def open_of(answer: Answer) -> list[Finding]:
    """The findings that nobody has accepted."""
    return [one for one in answer.findings if one.advisory not in ACCEPTED]


def verdict(answers: Iterable[Answer]) -> int:
    """The exit code: what is known comes before what could not be asked."""
    known = list(answers)
    if any(open_of(answer) for answer in known):
        return KNOWN
    return UNASKED if any(answer.unasked for answer in known) else 0


def of_pip_audit(place: str, code: int, out: str, err: str) -> Answer:
    """What `pip-audit --format json` has said."""
    try:
        packages = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        last = err.strip().rpartition("\n")[2]
        return Answer(place, unasked=last or f"pip-audit ended with {code} and said nothing")
    skipped = [str(one["skip_reason"]) for one in packages if "skip_reason" in one]
    findings = tuple(
        Finding(place, one["name"], one["version"], known["id"], ", ".join(known.get("fix_versions", ())))
        for one in packages
        for known in one.get("vulns", ())
    )
    silent = f"{len(skipped)} of {len(packages)} packages, such as: {skipped[0]}" if skipped else ""
    return Answer(place, findings, silent)


def of_npm_audit(place: str, code: int, out: str, err: str) -> Answer:
    """What `npm audit --json` has said."""
    try:
        said: dict[str, Any] = json.loads(out)
    except ValueError:
        return Answer(place, unasked=err.strip()[-300:] or f"npm ended with {code} and said nothing")
    if "vulnerabilities" not in said:
        return Answer(place, unasked=said.get("message") or json.dumps(said.get("error", said))[:300])
    return Answer(place, tuple(_of_npm(place, said["vulnerabilities"].values())))


def lock_files() -> tuple[list[Path], list[Path]]:
    """(lists of Python's packages, folders with a lock file of npm) below this tree."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "*package-lock.json"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return sorted(pins.PINS.glob("*.txt")), [ROOT / Path(line).parent for line in listed.splitlines()]


def _of_npm(place: str, packages: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    for one in packages:
        cure = one.get("fixAvailable")
        cured = f"{cure['name']} {cure['version']}" if isinstance(cure, dict) else "a newer version" if cure else ""
        for via in one["via"]:
            if isinstance(via, dict):  # otherwise the name of a package that has it and is told by itself
                yield Finding(place, one["name"], via["range"], via["url"].rpartition("/")[2], cured)


def _python(service: str, osv_url: str) -> Iterator[Answer]:
    for path in lock_files()[0]:
        yield _asked_about(path, path.name, service, osv_url)
    with tempfile.TemporaryDirectory() as folder:
        tests = Path(folder) / "uv.lock of the tests"
        command = [
            find_uv_bin(),
            "export",
            "--frozen",
            "--only-group",
            "test",
            "--no-header",
            "--no-annotate",
            "--quiet",
        ]
        exported = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
        tests.write_text(exported.stdout)
        yield _asked_about(tests, tests.name, service, osv_url)


def _asked_about(path: Path, place: str, service: str, osv_url: str) -> Answer:
    options = ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(path), *options]
    return of_pip_audit(place, *_said([*command, "--vulnerability-service", service, "--osv-url", osv_url], ROOT))


def _node(registry: str) -> Iterator[Answer]:
    npm = shutil.which("npm")
    for folder in lock_files()[1]:
        place = f"{folder.relative_to(ROOT)}/package-lock.json"
        if npm is None:
            yield Answer(place, unasked="there is no npm on this machine")
            continue
        command = [npm, "audit", "--json", "--package-lock-only", "--registry", registry]
        yield of_npm_audit(place, *_said(command, folder))


def _said(command: list[str], folder: Path) -> tuple[int, str, str]:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return -1, "", f"nobody answered within {_LIMIT_S} s"
    return done.returncode, done.stdout, done.stderr


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
