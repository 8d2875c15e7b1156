"""What `founder status` prints, in the reader's language."""

from __future__ import annotations

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
