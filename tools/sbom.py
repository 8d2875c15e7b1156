"""The list of all that a release is made of and installs (CycloneDX 1.6), from the lock files: nothing is looked up.

`.venv-test/bin/python -m tools.sbom` prints it for this tree. What comes from the distribution's packages is not in it:
the machine decides their versions.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from base64 import b64decode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from founderstack import __version__
from tools import pins

ROOT = Path(__file__).parent.parent
NAME = "founderstack"
LOCKED_BY_NPM = (ROOT / "app/package-lock.json", *(pins.PINS / name / "package-lock.json" for name in pins.NODE))
_SPACE = uuid.UUID("0b0a6a3e-5b53-4b06-8f6e-5d1f1c7a8b11")
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def bill(commit: str, at: float) -> dict[str, Any]:
    """The document for a commit of this tree; the same commit and time make the same bytes."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, f'{__version__} {commit}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": NAME,
                "name": NAME,
                "version": __version__,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "properties": [{"name": "commit", "value": commit}],
            },
        },
        "components": _once(_all()),
    }


def text(document: dict[str, Any]) -> str:
    """As it is written to a file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _all() -> Iterator[dict[str, Any]]:
    for path in sorted(pins.PINS.glob("*.txt")):
        yield from _of_python(path)
    for path in LOCKED_BY_NPM:
        yield from _of_npm(path)


def _once(components: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each package once, with every list that it stands in."""
    found: dict[str, dict[str, Any]] = {}
    for one in components:
        known = found.setdefault(one["purl"], one)
        if known is not one and one["properties"][0] not in known["properties"]:
            known["properties"] += one["properties"]
    return [found[purl] for purl in sorted(found)]


def _of_python(path: Path) -> Iterator[dict[str, Any]]:
    for line in pins.lines(path.read_text()):
        name, version = next(iter(pins.pinned(line).items()))
        # A version has a file for each system: a component can name one digest of each kind, so they are its files'.
        files = [{"name": "file", "value": f"sha256:{digest}"} for digest in _DIGEST.findall(line)]
        yield _component("pypi", name.lower(), version, path) | {"properties": [_from(path), *files]}


def _of_npm(path: Path) -> Iterator[dict[str, Any]]:
    for place, one in pins.node_packages(path.read_text()).items():
        if one.get("dev"):
            continue  # builds and tests alone use it
        name = one.get("name") or place.rpartition("node_modules/")[2]
        digests = [_hash(each) for each in one.get("integrity", "").split()]
        yield _component("npm", name, one["version"], path) | ({"hashes": digests} if digests else {})


def _component(kind: str, name: str, version: str, path: Path) -> dict[str, Any]:
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version, safe='')}"
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "properties": [_from(path)],
    }  # fmt: skip


def _from(path: Path) -> dict[str, str]:
    return {"name": "listed in", "value": str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name)}


def _hash(integrity: str) -> dict[str, str]:
    kind, _, digest = integrity.partition("-")
    return {"alg": _ALGORITHMS[kind], "content": b64decode(digest).hex()}


if __name__ == "__main__":
    sys.stdout.write(text(bill("", 0)))
