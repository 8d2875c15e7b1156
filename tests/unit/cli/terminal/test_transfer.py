"""How long work on many bytes is shown while it goes on."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

from founderstack.cli.terminal.transfer import Line
from founderstack.model.events import Event


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_shown_from_its_beginning_on_a_terminal_and_by_its_end_elsewhere() -> None:
    shown = []
    for stream in (_Terminal(), io.StringIO()):
        with redirect_stderr(stream):
            line = Line()
            line(Event("started", "backup:send", 0.0))
            shown.append(stream.getvalue().rpartition("K")[2])
            line(Event("failed", "backup:send", 63.0, 63.0))
        assert stream.getvalue().endswith("bring it off this machine  63 s\n"), stream.getvalue()
    assert shown == ["  … bring it off this machine", ""]
