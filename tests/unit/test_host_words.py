"""What only the host runtime may say, and where else it is said nevertheless, each place with its reason."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src/founderstack"
WORDS = {
    "pid": re.compile(r"(?:^|_|\b)pids?(?:$|_|\b)"),
    "supervisor": re.compile(r"supervisor(?!y)|systemd|systemctl"),
    "socket path": re.compile(r"\.sock\b|\.s\.PGSQL"),
    "127.0.0.1": re.compile(r"127\.0\.0\.1"),
}
SESSION = re.compile(r"\bpg_")
"""A pid in such a statement is that of one of PostgreSQL's sessions, on whatever machine."""
ALLOWED = {
    # pid
    "agent/agent.py": "another pid is another life, and gets the signal to open its logs again",
    "agent/jobs/commands.py": "a job is a program that the agent itself has started",
    "agent/jobs/job.py": "the same, kept in its file so that the next agent finds it",
    "agent/jobs/jobs.py": "the same",
    "agent/server.py": "the kernel's word on who has connected",
    "agent/watching/cures.py": "memory is measured by process",
    "agent/watching/planned.py": "whether the command that holds the lock lives",
    "backups/pgbackrest/recovery.py": "a throw-away PostgreSQL that it starts itself, and its files",
    "backups/pgbackrest/repository.py": "workers that a killed pgbackrest has left",
    "backups/postgres/deadlines.py": "a session of PostgreSQL's",
    "backups/postgres/insisting.py": "sessions of PostgreSQL's",
    "backups/postgres/throwaway_server.py": "a throw-away PostgreSQL that it starts itself",
    "catalogue/nginx.py": "a setting of Nginx",
    "model/protocols.py": "what the two uses in the agent read",
    "testing/runtime.py": "the fake has them too",
    "world/install/packages.py": "apt's own processes",
    "world/net/network.py": "who listens on a port; and the default of a question about this machine's ports",
    "world/os/": "the ground: this machine's processes",
    "world/state/settled.py": "whether somebody still runs from an old copy of the tool",
    # supervisor, systemd
    "agent/__main__.py": "has its own runtime started again when supervisor dies",
    "cli/verbs/destroy.py": "what starts at boot goes with the stack",
    "cli/verbs/install_service.py": "a verb about systemd",
    "cli/verbs/test.py": "its environment, whose pins the tests need",
    "operations/stack/doctor.py": "the check `supervisor`, whose id is documented",
    "testing/world.py": "the fake's foundation is called like the host's",
    "world/install/install_shield.py": "keeps packages from starting anything",
    # socket path
    "catalogue/_nginx_servers.py": "the slots of a ring, as Nginx lists them",
    "catalogue/seaweedfs.py": "sockets whose place SeaweedFS has chosen",
    "model/stack.py": "the one place where a socket's path is made; and the default address of a machine",
    "model/state_folder.py": "the agent's own socket",
    "world/net/probes.py": "PostgreSQL's way to call its socket",
    # 127.0.0.1
    "catalogue/pgadmin_files/gateway_guard.py": "what WSGI wants to be told of a caller over a socket",
    "cli/migration/source.py": "whether a source is on this machine",
    "migration/reasons.py": "an example that a founder reads",
    "model/backup.py": "whether a place is on this machine",
    "wiring.py": "on which addresses ports must be free",
}
"""Module, or folder with a slash at its end → why. What says nothing of it any more must go from here."""


def _said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, word) of all code; texts that only explain say what they like."""
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr | ast.stmt | ast.arg):
            continue
        texts: list[str] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in explaining:
            text = node.value if isinstance(node.value, str) else node.value.decode(errors="replace")
            texts = [] if SESSION.search(text) else [text]
        elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.FunctionDef | ast.ClassDef):
            names = {ast.Name: "id", ast.Attribute: "attr", ast.arg: "arg"}
            texts = [getattr(node, names.get(type(node), "name"))]
        for text in texts:
            yield from ((node.lineno, word) for word, pattern in WORDS.items() if pattern.search(text))


def _places() -> dict[str, set[tuple[int, str]]]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        module = str(path.relative_to(SOURCE))
        if not module.startswith("runtimes/host/") and (said := set(_said(ast.parse(path.read_text("utf-8"))))):
            found[module] = said
    return found


def _entry(module: str) -> str:
    return next((entry for entry in ALLOWED if module == entry or (entry[-1] == "/" and module.startswith(entry))), "")


def test_what_only_the_host_runtime_may_say_is_said_elsewhere_for_a_reason_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = _places()
    counted = Counter(word for module, said in places.items() if module[:9] != "world/os/" for _line, word in said)
    with capsys.disabled():
        told = ", ".join(f"{word}: {count}" for word, count in counted.most_common())
        print(f"\noutside runtimes/host, and world/os below it: {counted.total()} places ({told})")
    unlisted = {module: sorted(said) for module, said in places.items() if not _entry(module)}
    assert unlisted == {}, "move it to runtimes/host, or give the reason"
    assert set(ALLOWED) - {_entry(module) for module in places} == set(), "nothing there says it any more"
