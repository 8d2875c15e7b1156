"""What `founder status` prints, in the reader's language."""

from __future__ import annotations

from founderstack import locale
from founderstack.cli.verbs.status import screen
from founderstack.operations.status import Line, Status


def test_an_error_of_the_agent_is_told_in_the_readers_language_and_the_servers_own_words_stay() -> None:
    lines = (
        Line("postgres", "down", "PostgreSQL", "data", error="no answer in time"),
        Line("nginx", "down", "Nginx", "gateway", error="no answer in time: as the server said it"),
    )
    locale.use("es")
    told = [line.strip() for line in screen(Status(lines, True, 1.0), {}, 0.0)]
    assert told[1:4:2] == ["no respondió a tiempo", "no respondió a tiempo: as the server said it"]
