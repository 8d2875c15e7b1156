"""Which language a page is in: the reader's choice, else the stack's, else what the browser asks for."""

from __future__ import annotations

from founderstack.locale import LANGUAGES

COOKIE = "founder-language"
"""Not named like the session's: the gateway takes those away, and this one is no secret."""


def language_for(chosen: str, stack: str, accepted: str) -> str:
    """One of our languages. `accepted` is an Accept-Language header, `en;q=0.5, es-MX`."""
    for wanted in (chosen, stack, *_by_preference(accepted)):
        if wanted in LANGUAGES:
            return wanted
    return "en"


def _by_preference(accepted: str) -> list[str]:
    weighted = []
    for position, item in enumerate(accepted[:500].split(",")):
        name, _semicolon, weight = item.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), position, name[:2].lower()))
        except ValueError:
            continue
    return [name for _weight, _position, name in sorted(weighted)]
