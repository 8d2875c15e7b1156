"""`founder status`: what runs, how it does, and where to open it; one screen, what fails first."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from founderstack.cli import glance
from founderstack.cli.terminal.render import age, paint
from founderstack.cli.terminal.typed import _
from founderstack.locale import N_, number
from founderstack.model.errors import EXIT_OK, EXIT_UNHEALTHY
from founderstack.model.identity import Identity
from founderstack.operations.stack.status import UNRELEASED, Line, Status, as_json, status
from founderstack.world.os import ambient
from founderstack.world.os.clock import SystemClock
from founderstack.world.state.stack_file import find_stack_file

if TYPE_CHECKING:  # what reads options costs a third of what the quick way takes
    from founderstack.cli.terminal.options import Parser

SHAPES = {
    "online": ("●", "green", N_("online")),
    "starting": ("◐", "blue", N_("starting")),
    "degraded": ("▲", "yellow", N_("degraded")),
    "stale": ("…", "yellow", N_("no news")),
    "unknown": ("?", "yellow", N_("unknown")),
    "stopped": ("■", "dim", N_("stopped")),
    "down": ("✗", "red", N_("down")),
}
"""A shape and a word for each state, so that it is told by more than its colour."""

LOST = N_("The secrets of this stack are gone, and nothing can be changed: founder secrets restore")
_EVERY_S = 2.0


def usage() -> Parser:
    """What may follow the verb."""
    from founderstack.cli.terminal.kinds import SERVICE
    from founderstack.cli.terminal.options import parser

    options = parser("status", as_json=True, example="founder status --check app postgres")
    options.add_argument("services", nargs="*", type=SERVICE, help=_("only these; app means all its instances"))
    options.add_argument("--check", action="store_true", help=_("exit code 3 where anything is not online"))
    options.add_argument("--watch", "-w", action="store_true", help=_("look again every two seconds"))
    return options


def run(arguments: list[str]) -> int:
    """Look once, or again and again with --watch."""
    options = usage()
    given = options.parse_args(arguments)
    options.apart(given, "--watch", "--check")
    return look(given.file, given.services, as_json=given.json, check=given.check, watch=given.watch)


def quick(words: list[str]) -> int | None:
    """The same for the plain ways to ask, without what reads options; None where somebody must read closer."""
    plain = {"--json": False, "--check": False}
    for word in words:
        if word.startswith("-") and word not in plain:
            return None
        if word in plain:
            plain[word] = True
    services = [word for word in words if not word.startswith("-")]
    return look("", services, as_json=plain["--json"], check=plain["--check"], watch=False)


def look(file: str, services: list[str], *, as_json: bool, check: bool, watch: bool) -> int:
    """Print the status of these services, all where none are named; returns the exit code."""
    state = glance.state_of(find_stack_file(file))
    clock = SystemClock()
    while True:
        now = clock.now()
        seen, urls = _seen(state, services, now)
        warnings = glance.backup_warnings(state, now) if state and not services else []
        lost = bool(state) and not services and glance.secrets_lost(state)
        shown = [LOST, *warnings] if lost else warnings
        width = ambient.columns()
        text = _json(seen, urls, warnings, lost=lost) if as_json else "\n".join(screen(seen, urls, now, shown, width))
        if watch and not as_json and sys.stdout.isatty():
            # Home, the text with each line's rest erased, then everything below.
            text = "\x1b[H" + text.replace("\n", "\x1b[K\n") + "\x1b[K\n\x1b[J"
        print(text, flush=True)
        if not watch:
            return EXIT_UNHEALTHY if check and not seen.well else EXIT_OK
        clock.wait(_EVERY_S)


def screen(seen: Status, urls: dict[str, str], now: float, warnings: Sequence[str] = (), width: int = 0) -> list[str]:
    """The lines of the screen, no wider than `width` (0: as wide as they are); `warnings` stand below it."""
    if not seen.lines:
        return [_("Nothing is applied yet. Start with: founder up")]
    lines = [f"{_(_NAMES.get(name, name))}: {paint(url, 'bold')}" for name, url in urls.items() if name in _NAMES]
    if not seen.supervised:
        lines.append(paint(_("The stack is not running. Start it with: founder up"), "yellow"))
    elif seen.agent_age_s is None:
        lines.append(paint(_("The agent has not reported yet: only which processes run is known."), "yellow"))
    elif seen.stale:
        text = _("The agent has been silent for {time}: only which processes run is known.").format(
            time=age(seen.agent_age_s)
        )
        lines.append(paint(text, "yellow"))
    if lines:
        lines.append("")
    told = [line for text in warnings for line in _wrapped(f"{paint('!', 'yellow')} ", "  ", _(text), width)]
    return [*lines, *_table(seen.lines, now, width), *(["", *told] if told else [])]


_NAMES = {"app": N_("App"), "panel": N_("Panel")}


def _seen(state: str, services: list[str], now: float) -> tuple[Status, dict[str, str]]:
    found = glance.found(state)
    urls = glance.addresses(found.records)
    others = [*found.outside, *(("app",) if found.unreleased else ())]
    known = [*glance.identities(found.records), *map(Identity, others)]
    picked = glance.services(known, services) if found.records else ()
    whole = status(found, now)
    return Status(tuple(line for line in whole.lines if line.name in picked), whole.supervised, whole.agent_age_s), urls


def _json(seen: Status, urls: dict[str, str], warnings: Sequence[str], *, lost: bool) -> str:
    more = {"secrets_lost": lost, "backup_warnings": [_(text) for text in warnings]}
    return json.dumps({**as_json(seen, urls), **more}, ensure_ascii=False)


def _table(lines: tuple[Line, ...], now: float, width: int) -> list[str]:
    rows = [_row(line, now) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    columns = _fitting(widths, width)
    told = []
    for line, row in zip(lines, rows, strict=True):
        cells = [row[column].ljust(widths[column]) for column in columns]
        cells[1] = paint(cells[1], SHAPES[line.state][1])
        told.append("  ".join(cells).rstrip())
        if line.error and line.state != "online":
            told += [paint(part, "dim") for part in _wrapped("    ", "    ", _explained(line.error), width)]
    return told


_NAME, _STATE, _CALLED, _SHORT, _ADDRESS, _SINCE, _LATENCY = range(7)
_LAYOUTS = (
    (_NAME, _STATE, _CALLED, _ADDRESS, _SINCE, _LATENCY),
    (_NAME, _STATE, _CALLED, _ADDRESS, _SINCE),
    (_NAME, _STATE, _SHORT, _ADDRESS, _SINCE),
    (_NAME, _STATE, _SHORT, _SINCE, _LATENCY),
    (_NAME, _STATE, _SHORT, _SINCE),
    (_NAME, _STATE, _SINCE),
    (_NAME, _STATE),
)
"""Columns, the widest first: what somebody can do without goes first."""


def _fitting(widths: Sequence[int], width: int) -> tuple[int, ...]:
    """The first layout that fits, the last where none does."""
    for columns in _LAYOUTS:
        if not width or sum(widths[column] for column in columns) + 2 * (len(columns) - 1) <= width:
            return columns
    return _LAYOUTS[-1]


def _wrapped(first: str, more: str, text: str, width: int) -> list[str]:
    """The text in lines of at most `width` letters, the first one after `first` and each other after `more`."""
    if not width or len(more) + len(text) <= width:
        return [first + text]
    import textwrap  # a line that is too long is rare

    parts = textwrap.wrap(text, max(width - len(more), 20), break_on_hyphens=False)
    return [(more if number else first) + part for number, part in enumerate(parts)]


def _explained(error: str) -> str:
    """A probe's error: its sentence in the reader's language, then the server's own words."""
    if error == UNRELEASED:
        return _(error)
    sentence, colon, words = error.partition(": ")
    return _(sentence) + colon + words


def _called(line: Line) -> str:
    if not line.instance:
        return f"{_(line.title)} {line.version}".strip()
    name = _("{name}, instance {number}").format(name=_(line.title), number=line.instance)
    return f"{name} · " + _("release {number}").format(number=line.version)


def _shortly(line: Line) -> str:
    """The same beside the service's name, which says the rest."""
    if not line.instance:
        return line.version
    return f"{line.instance} · " + _("release {number}").format(number=line.version)


def _row(line: Line, now: float) -> tuple[str, ...]:
    shape, _colour, word = SHAPES[line.state]
    latency = "" if line.latency_ms is None else f"{number(line.latency_ms, 1)} ms"
    return (
        line.service,
        f"{shape} {_(word)}",
        _called(line),
        _shortly(line),
        line.address,
        age(now - line.since) if line.since else "",
        latency,
    )
