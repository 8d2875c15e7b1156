"""What pgBackRest is told to let go of, by what its repositories say of themselves: present, gone, or not known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from founderstack.backups.pgbackrest.engine import PgBackRest
from founderstack.backups.pgbackrest.repository import Repository
from founderstack.backups.sets.set_store import SetStore
from founderstack.model.backup import Manifest
from founderstack.model.errors import StackError
from founderstack.testing.clock import FakeClock
from founderstack.world.objects.folder import FolderStore
from founderstack.world.os.processes import Result

SAYS, EMPTY, AWAY = (0, "ok"), (1, "missing stanza path"), (99, "[HostConnectError] unable to get address")


@dataclass
class Program:
    """pgBackRest with these labels in each repository, which answers what the test says."""

    labels: dict[int, list[str]]
    states: dict[int, tuple[int, str]] = field(default_factory=lambda: {1: SAYS, 2: SAYS})
    looks: int = 0
    expired: list[str] = field(default_factory=list)

    def __call__(
        self,
        argv: Sequence[str],
        *,
        user: str = "",
        timeout_s: float = 0,
        nice: int = 0,
        on_line: Callable[[str], None] | None = None,
        check: bool = True,
    ) -> Result:
        if argv[-1] == "expire":
            words = dict(word[2:].partition("=")[::2] for word in argv if word.startswith("--"))
            self.expired.append(f"{words['repo']}: {words['set']}")
            return Result(0, "", "")
        self.looks += 1
        seen = [
            self._backup(number, label, at)
            for number, labels in self.labels.items()
            for at, label in enumerate(labels)
            if self.states[number] == SAYS
        ]
        repositories = [
            {"key": number, "status": {"code": code, "message": text}} for number, (code, text) in self.states.items()
        ]
        return Result(0, json.dumps([{"name": "main", "db": [], "backup": seen, "repo": repositories}]), "")

    @staticmethod
    def _backup(number: int, label: str, at: int) -> dict[str, Any]:
        return {
            "label": label,
            "type": "full",
            "database": {"id": 1, "repo-key": number},
            "timestamp": {"start": at, "stop": at + 1},
            "info": {"size": 1, "repository": {"delta": 1}},
        }


def _engine(folder: Path, program: Program) -> PgBackRest:
    (folder / "pgbackrest.conf").write_text("[global]\nrepo1-path=/one\nrepo2-path=/two\n")
    return PgBackRest(Repository(f"{folder}/pgbackrest.conf", "", str(folder), program), FakeClock())


def _kept(*labels: str) -> list[Manifest]:
    return [
        Manifest(f"set-{label}", "diary", 1.0, 1.0, "pgbackrest", "full", (), repository={"repo2": label})
        for label in labels
    ]


@pytest.mark.parametrize("state", [AWAY, (3, "missing stanza data")])
def test_of_a_repository_that_does_not_answer_nothing_is_let_go_anywhere(
    tmp_path: Path, state: tuple[int, str]
) -> None:
    """What breaks: one repository, for a moment. What holds: what lies there, and what lies in the other one."""
    program = Program({1: ["F1", "F2"], 2: ["F3", "F4"]}, {1: SAYS, 2: state})
    engine = _engine(tmp_path, program)
    engine.forget(_kept("F4"))
    assert program.expired == []
    program.states[2] = SAYS
    engine.forget(_kept("F2", "F4"))
    assert program.expired == ["2: F3", "1: F1"]
    assert program.looks == 2, "what was seen is what is decided by"


def test_an_empty_repository_is_known_to_be_empty(tmp_path: Path) -> None:
    program = Program({2: ["F3", "F4"]}, {1: EMPTY, 2: SAYS})
    _engine(tmp_path, program).forget(_kept("F4"))
    assert program.expired == ["2: F3"]


def test_a_backup_of_which_nobody_knows_whether_it_is_there_was_not_taken(tmp_path: Path) -> None:
    program = Program({1: ["F1"]}, {1: SAYS, 2: AWAY})
    repository = _engine(tmp_path, program)._repository
    with pytest.raises(StackError, match="cannot say what its repository 2 holds") as refused:
        repository.take("full", 2)
    assert "HostConnectError" in refused.value.why


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    """What breaks: a disk, or rights on it. What holds: nobody takes its sets for gone."""
    store = SetStore(FolderStore(str(tmp_path)), "diary")
    assert store.contents() == {}, "what was never made holds nothing"
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary/sets").symlink_to("sets")  # the disk answers ELOOP, whoever asks
    with pytest.raises(StackError, match="cannot be read"):
        store.contents()
