"""What a browser calls itself, in two words that a person knows their own machine by."""

from __future__ import annotations

from founderstack.panel.shown.words import Translate

# Each looks like the ones after it as well.
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
            ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def described(user_agent: str, _: Translate) -> str:
    """`Firefox, Linux`, as far as it can be told."""
    found = [_named(user_agent, known) for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or _("Unknown browser")


def _named(user_agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
