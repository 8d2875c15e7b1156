"""Makes a release: `.venv-test/bin/python -m tools.release`. Nothing is looked up and nothing leaves this machine.

`--cut X.Y.Z` begins one: what stands under “Unreleased” in CHANGELOG.md becomes that version, and the one number in
`src/founderstack/__init__.py` follows. Look at it, commit it. Without options, what is committed is made into `dist/`:

- a wheel that asks for exactly the packages that were tested, and the source as Git has it,
- the list of all that is in it (CycloneDX), and SHA256SUMS over the three.

The same commit makes the same bytes. Then it is tagged (`--sign` signs the tag with your key), and the command that
publishes it is printed; `--push` runs that, too.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tools import pins, sbom

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
NUMBER = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")
_CODE = ROOT / "src/founderstack/__init__.py"
_CHANGES = ROOT / "CHANGELOG.md"
_UNRELEASED = "## [Unreleased]\n"
_RANGES = re.compile(r"^dependencies = \[\n(?:    .*\n)*\]\n", re.MULTILINE)


class Refused(Exception):
    """Why no release can be made of this."""


def main(arguments: list[str]) -> int:
    """Cut, or make; returns the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cut", default="", metavar="X.Y.Z")
    options.add_argument("--sign", action="store_true")
    options.add_argument("--push", action="store_true")
    given = options.parse_args(arguments)
    try:
        if given.cut:
            cut(given.cut, datetime.now(UTC).date().isoformat())
            return 0
        tag = f"v{version()}"
        refuse(tag)
        for path in make():
            print(path.relative_to(ROOT))
        mark(tag, sign=given.sign)
    except Refused as reason:
        print(f"no release: {reason}", file=sys.stderr)
        return 1
    publish = ["git", "push", "--atomic", "origin", "HEAD", f"refs/tags/{tag}"]
    print(f"tagged {tag}; to publish it: {' '.join(publish)}, and hand out the files beside it")
    return subprocess.run(publish, cwd=ROOT, check=False).returncode if given.push else 0


def cut(number: str, date: str) -> None:
    """Give what is unreleased a number and a date."""
    changes = _CHANGES.read_text()
    if not NUMBER.fullmatch(number):
        raise Refused(f"{number} is no version: three numbers with dots between them")
    if f"## [{number}]" in changes:
        raise Refused(f"CHANGELOG.md has {number} already")
    if not _told(changes, "Unreleased"):
        raise Refused("nothing stands under “Unreleased” in CHANGELOG.md")
    _CHANGES.write_text(changes.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{number}] - {date}\n", 1))
    _CODE.write_text(re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{number}"', _CODE.read_text()))


def refuse(tag: str) -> None:
    """Raise Refused where this tree is no release: changed, not told of, with other pins, or tagged elsewhere."""
    if _git("status", "--porcelain"):
        raise Refused("there are changes that are in no commit")
    changes = _CHANGES.read_text()
    if not _told(changes, version()):
        raise Refused(f"CHANGELOG.md says nothing of {version()}: begin with --cut")
    if _told(changes, "Unreleased"):
        raise Refused(f"CHANGELOG.md has changes that are in no version: --cut one after {version()}")
    if wrong := pins.problems():
        raise Refused("; ".join(wrong))
    there = _git("tag", "--list", tag)
    if there and _git("rev-parse", f"{tag}^{{commit}}") != _git("rev-parse", "HEAD"):
        raise Refused(f"{tag} is another commit: a version that is out is never made again")


def make() -> list[Path]:
    """Wheel, source, list of parts and checksums of what is committed, in dist/."""
    commit, at = _git("rev-parse", "HEAD"), int(_git("log", "-1", "--format=%ct"))
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    packed = subprocess.run(
        ["git", "archive", "--format=tar", f"--prefix=founderstack-{version()}/", "HEAD"],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    ).stdout  # fmt: skip
    source = DIST / f"founderstack-{version()}.tar.gz"
    source.write_bytes(_squeezed(packed))
    parts = DIST / f"founderstack-{version()}.cdx.json"
    parts.write_text(sbom.text(sbom.bill(commit, at)))
    made = [_wheel(packed, at), source, parts]
    sums = DIST / "SHA256SUMS"
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made))
    return [*made, sums]


def mark(tag: str, *, sign: bool) -> None:
    """Tag the commit; one that is tagged already stays as it is."""
    if not _git("tag", "--list", tag):
        _git("tag", "--sign" if sign else "--annotate", "--message", f"Founder Stack {tag[1:]}", tag)


def version() -> str:
    """The one number, as it stands in the tree."""
    found = re.search(r'(?m)^__version__ = "(.+)"$', _CODE.read_text())
    assert found
    return found[1]


def exact(project: str, pinned: str) -> str:
    """pyproject.toml with exactly the packages that were tested in the place of ranges."""
    lines = [line.split("--hash=")[0].strip() for line in pins.lines(pinned)]
    listed = "".join(f'    "{line}",\n' for line in lines)
    return _RANGES.sub(lambda _: f"dependencies = [\n{listed}]\n", project, count=1)


def _wheel(packed: bytes, at: int) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True, timeout=120)
        (tree,) = Path(folder).iterdir()
        project = tree / "pyproject.toml"
        project.write_text(exact(project.read_text(), (tree / "src/founderstack/pins/tool.txt").read_text()))
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(DIST)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(at)}
        subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, timeout=300)
    (wheel,) = DIST.glob("*.whl")
    return wheel


def _squeezed(content: bytes) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as squeezed:
        squeezed.write(content)
    return out.getvalue()


def _told(changes: str, name: str) -> bool:
    """Whether the changelog has lines on a version."""
    section = re.search(rf"(?m)^## \[{re.escape(name)}\][^\n]*\n([^#]*)", changes)
    return bool(section and section[1].strip())


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
