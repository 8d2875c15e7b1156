"""Tools elsewhere, from the stack file to the question that the agent asks."""

from __future__ import annotations

import json
from pathlib import Path

from founderstack.agent.watching.records import Records
from founderstack.model.process import Probe
from tests.catalogue.stacks import Case

TEXT = """
[tools.dokploy]
url = "https://dokploy.example.com"
title = "Dokploy"
accept = [200, 401]

[tools.status]
url = "http://[::1]:3001/up?full=1"
check_certificate = false
"""


def test_the_agent_reads_tools_elsewhere_as_it_reads_processes(tmp_path: Path) -> None:
    agent = Case("tools", TEXT).desired().processes["agent"]
    (written,) = (file.content for file in agent.files if file.path.endswith("/tools.json"))
    (tmp_path / "tools.json").write_text(written)
    records = Records(str(tmp_path / "applied"), str(tmp_path / "tools.json"))
    assert records.refresh()
    dokploy, status = records.by_name["outside-dokploy"], records.by_name["outside-status"]
    assert dokploy.ready == Probe("https", "dokploy.example.com:443", ask="/", accept=(200, 401))
    assert (dokploy.title, dokploy.address, dokploy.outside) == ("Dokploy", "https://dokploy.example.com", True)
    assert (status.ready.kind, status.ready.target, status.ready.ask) == ("http", "[::1]:3001", "/up?full=1")
    assert 302 in status.ready.accept
    assert not status.ready.certificate
    assert status.title == "status"


def test_without_any_the_file_says_so() -> None:
    agent = Case("none").desired().processes["agent"]
    (written,) = (file.content for file in agent.files if file.path.endswith("/tools.json"))
    assert json.loads(written)["records"] == []
