"""Every command of the guide, typed as it stands there, leaves a Supabase-shaped source and comes back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import enterable_folder
from tests.fault.stacks import ROOT, Founder
from tests.service.storage_servers import KEY, RestStorage, fill, odd_objects, rest_storage
from tests.service.supabase_source import PASSWORD, SupabaseSource, supabase_source

GUIDES = ("leave-supabase.md", "leave-supabase.es.md")
STEPS = ("plan", "run", "verify", "cutover", "reopen", "undo")
APP = """
import http.server, os

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


def commands(guide: str) -> list[str]:
    """What the guide tells people to type, in its order."""
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def test_both_languages_tell_the_same_commands() -> None:
    english, spanish = (commands(guide) for guide in GUIDES)
    assert english == spanish
    for step in STEPS:
        assert [line for line in english if re.match(rf"founder migrate (supabase )?{step}\b", line)], step


@pytest.fixture
def source() -> Iterator[tuple[SupabaseSource, RestStorage]]:
    folder = enterable_folder("founder-guide-")
    objects = odd_objects()
    with supabase_source(folder / "source") as running, rest_storage(objects) as storage:
        fill(running, objects)
        yield running, storage
    shutil.rmtree(folder)


def test_the_guide_works(running: Founder, source: tuple[SupabaseSource, RestStorage], tmp_path: Path) -> None:
    database, storage = source
    (running.folder / "app" / "server.py").write_text(APP, encoding="utf-8")
    running.ok("deploy")
    (tmp_path / "founder").symlink_to(running.launcher)
    here = f"postgres://postgres@127.0.0.1:{database.port}/postgres?sslmode=disable --files-url {storage.url}"
    typed = [re.sub(r"postgres://postgres\.PROJECT@\S+", here, line) for line in commands(GUIDES[0])]
    assert typed != commands(GUIDES[0])
    files = Path(running.state, "data", "app", "files")
    seen = {}
    for line in typed:
        if line.startswith("read "):
            continue
        env = {
            **running.environment(),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "FOUNDER_SOURCE_PASSWORD": PASSWORD,
            "FOUNDER_SOURCE_FILES_KEY": KEY,
        }
        said = subprocess.run(
            ["bash", "-c", line], cwd=running.folder, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        assert said.returncode == 0, f"{line}\n{said.stdout}{said.stderr}"
        for secret in (PASSWORD, KEY):
            assert secret not in said.stdout + said.stderr
        step = next(word for word in line.split() if word in STEPS)
        seen[step] = [path for path in files.rglob("*") if path.is_file()]
        assert {path.stat().st_uid for path in seen[step]} <= {files.stat().st_uid}
    assert (seen["plan"], len(seen["run"]), seen["undo"]) == ([], len(storage.objects), [])


def test_keys_are_read_from_a_terminal_without_an_echo() -> None:
    """The two lines that begin with `read`, in the shell that people have."""
    lines = [line for line in commands(GUIDES[0]) if line.startswith("read ")]
    script = "\n".join([*lines, 'printf "%s|%s" "$FOUNDER_SOURCE_PASSWORD" "$FOUNDER_SOURCE_FILES_KEY"'])
    said = subprocess.run(
        ["bash", "-c", script], input="one\nID SECRET\n", capture_output=True, text=True, timeout=20, check=True
    )
    assert said.stdout == "one|ID SECRET"
