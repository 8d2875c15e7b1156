"""What `founder status` prints, in the reader's language."""

from __future__ import annotations

import pytest

from founderstack import locale
from founderstack.cli.verbs.status import screen
from founderstack.operations.stack.status import Found, Line, Status, status


def test_an_error_of_the_agent_is_told_in_the_readers_language_and_the_servers_own_words_stay() -> None:
    lines = (
        Line("postgres", "down", "PostgreSQL", "data", error="no answer in time"),
        Line("nginx", "down", "Nginx", "gateway", error="no answer in time: as the server said it"),
    )
    locale.use("es")
    told = [line.strip() for line in screen(Status(lines, True, 1.0), {}, 0.0)]
    assert told[1:4:2] == ["no respondió a tiempo", "no respondió a tiempo: as the server said it"]


def test_instances_are_counted_and_none_is_taken_for_a_version() -> None:
    record = {"title": "App", "group": "app", "version": "3", "ring": "app"}
    names = ("app-3-4fd2a1-1", "app-3-4fd2a1-2")
    records = {**dict.fromkeys(names, record), "postgres": {"title": "PostgreSQL", "version": "15"}}
    found = Found(records, conditions={}, health={})
    told = "\n".join(screen(status(found, 0.0), {}, 0.0))
    for text in ("App, instance 1/2 · release 3", "App, instance 2/2 · release 3", "PostgreSQL 15"):
        assert text in told
    assert "4fd2a1" not in told


LINES = (
    Line(
        "postgres",
        "down",
        "PostgreSQL",
        "data",
        "15",
        "127.0.0.1:5432",
        error="no answer in time: " + "busy " * 30,
        service="postgres",
    ),
    *(
        Line(
            f"app-12-0f3a9c-{n}",
            "online",
            "App",
            "app",
            "12",
            "https://diary.example.com",
            1.0,
            12.3,
            instance=f"{n}/2",
            service="app",
        )
        for n in (1, 2)
    ),
    Line(
        "redis-commander",
        "online",
        "Redis Commander",
        "tools",
        "0.9.0",
        "https://localhost:9443/redis",
        1.0,
        3.2,
        service="redis-commander",
    ),
)
WARNING = "Links lead out of what is backed up, and what lies there is in no backup: founder backups names them."


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [120, 100, 80, 60, 40])
def test_no_line_is_wider_than_the_terminal_and_what_matters_stays(width: int, language: str) -> None:
    locale.use(language)
    told = screen(Status(LINES, True, 1.0), {}, 400_000.0, [WARNING], width)
    locale.use("en")
    assert max(map(len, told)) <= width
    assert told[0].startswith("postgres")
    assert told[0].split()[1] == "✗"
    assert sum(line.startswith("app ") for line in told) == 2
    if width >= 60:
        assert any("1/2 ·" in line for line in told)


def test_where_there_is_room_and_where_no_terminal_reads_nothing_is_left_out() -> None:
    for width in (0, 200):
        told = screen(Status(LINES, True, 1.0), {}, 400_000.0, [WARNING], width)
        assert "App, instance 1/2 · release 12" in told[2]
        assert "https://diary.example.com" in told[2]
        assert told[2].endswith("12.3 ms")
        assert told[-1] == f"! {WARNING}"
