"""What a killed command left at work: which processes those are, and that none of them is left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from founderstack.world.os import processes
from founderstack.world.os.leftovers import end_all, orphaned, works_in, writing_into
from tests.conftest import wait_until


def test_all_of_them_are_ended_and_nobody_else(tmp_path: Path) -> None:
    mark = f"--folder={tmp_path}"
    script = ["/bin/sh", "-c", "sleep 77 & wait", "sh"]
    with subprocess.Popen([*script, mark]) as one, subprocess.Popen([*script, "other"]) as other:
        wait_until(lambda: _children(one.pid) and _children(other.pid), "both have started one of their own")
        children = _children(one.pid)
        end_all(lambda pid, words: mark in words or pid in children)
        one.wait(5)
        left = other.poll() is None and _children(other.pid)
        end_all(lambda pid, _words: other.pid in (pid, processes.parent(pid)))
        assert left
    assert not any(processes.alive(pid) for pid in children)


def test_a_process_is_known_by_the_folder_that_it_works_in(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "77"], cwd=tmp_path) as child:
        assert works_in(child.pid, str(tmp_path))
        assert not works_in(os.getpid(), str(tmp_path))
        assert not works_in(child.pid, f"{tmp_path}/gone")
        end_all(lambda pid, _words: works_in(pid, str(tmp_path)))
        assert child.wait(5) == -9


def test_what_begins_while_others_are_looked_for_is_ended_as_well(tmp_path: Path) -> None:
    mark = f"--folder={tmp_path}"
    begun: list[subprocess.Popen[bytes]] = []

    def chosen(_pid: int, words: tuple[str, ...]) -> bool:
        if len(begun) < 3 and (mark in words or not begun):
            begun.append(subprocess.Popen(["/bin/sh", "-c", "sleep 77 & wait", "sh", mark]))
        return mark in words

    end_all(chosen)
    assert [child.wait(30) for child in begun] == [-9, -9, -9]


def test_a_writer_into_a_data_folder_is_known_by_what_it_was_begun_with(tmp_path: Path) -> None:
    data = f"{tmp_path}/pgdata"
    chosen = writing_into(data, "/usr/lib/postgresql/15/bin")
    assert chosen(0, ("/usr/lib/postgresql/15/bin/initdb", "-D", data))
    assert not chosen(0, ("/usr/bin/less", data))
    with (
        subprocess.Popen(["/bin/sleep", "77"], env={"PGDATA": data}) as mine,
        subprocess.Popen(["/bin/sleep", "77"], env={"PGDATA": f"{data}-of-another"}) as other,
    ):
        wait_until(lambda: "/bin/sleep" in processes.command_line(other.pid), "both run")
        end_all(chosen)
        assert mine.wait(30) == -9
        assert other.poll() is None
        other.kill()


def test_a_worker_is_an_orphan_once_its_program_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "worker"
    script = f"/bin/sh -c 'echo $$ > {file}; sleep 77; true' & wait"
    with subprocess.Popen(["/bin/sh", "-c", script]) as program:
        wait_until(lambda: file.exists() and file.read_text(), "the worker has begun")
        worker = int(file.read_text())
        assert not orphaned(worker, processes.command_line(worker))
        program.kill()
        program.wait(5)
        wait_until(lambda: processes.parent(worker) != program.pid, "somebody else is its parent")
        assert orphaned(worker, processes.command_line(worker))
        end_all(lambda pid, _words: worker in (pid, processes.parent(pid)))
    assert not processes.alive(worker)


def _children(pid: int) -> list[int]:
    return [one for one in processes.all_pids() if processes.parent(one) == pid]
