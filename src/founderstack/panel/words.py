"""Numbers and times as people read them, in a language."""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str], str]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """`8 s`, `12 min`, `3 h 5 min`, `4 d 2 h`: two units at the most, the same in both languages."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def milliseconds(value: float, language: str) -> str:
    """`0.4 ms`, `12 ms`, `1.2 s`, with the language's decimal sign."""
    if value >= 1000:
        text = f"{value / 1000:.1f} s"
    elif value >= 10:
        text = f"{value:.0f} ms"
    else:
        text = f"{value:.1f} ms"
    return text.replace(".", ",") if language == "es" else text


def explained(error: str, _: Translate) -> str:
    """A probe's error in the reader's language: its sentence is translated, the server's own words after it are not."""
    sentence, colon, words = error.partition(": ")
    return _(sentence) + colon + words if sentence else ""


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
