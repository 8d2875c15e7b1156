"""Asks for the address of somebody who is told when something breaks."""

from __future__ import annotations

import sys

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.typed import _

EXAMPLES = (
    "mailtos://USER:PASSWORD@smtp.example.com:587?from=alerts@example.com&to=ana@example.com",
    "ntfys://ntfy.sh/TOPIC-THAT-NOBODY-GUESSES",
    "tgram://BOT-TOKEN/CHAT-ID",
    "jsons://example.com/webhook",
)


def ask_address() -> str:
    """The address as a person types it unseen, "" for none."""
    print(_("An address that Apprise knows, for example:"), file=sys.stderr)
    for example in EXAMPLES:
        print(f"  {example}", file=sys.stderr)
    return questions.unseen(_("Address (not shown): ")).strip()
