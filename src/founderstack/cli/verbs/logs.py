"""`founder logs`: what the processes say."""

from __future__ import annotations

import argparse
import glob
import json
import os
import re
import sys
from collections.abc import Callable

from founderstack import locale
from founderstack.cli import glance
from founderstack.cli.logs import reading
from founderstack.cli.logs.span import Span, time_of
from founderstack.cli.terminal.kinds import LOG
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK, EXIT_USAGE, StackError
from founderstack.model.state_folder import StateFolder
from founderstack.world.os.clock import SystemClock
from founderstack.world.state.stack_file import find_stack_file

_COLOURS = ("blue", "green", "yellow", "red")
_LINES = 20
BUILD = "build"
"""Not a service: the newest build of the app."""


def usage() -> Parser:
    """What may follow the verb."""
    options = parser(
        "logs",
        as_json=True,
        example="founder logs -f app\nfounder logs --since 10m --grep error\nfounder logs --since 9:00 --until 11:00",
    )
    options.add_argument("services", nargs="*", type=LOG, help=_("names as “founder status” shows them (default: all)"))
    options.add_argument("-f", "--follow", action="store_true", help=_("go on with what comes"))
    options.add_argument(
        "-n",
        "--lines",
        type=int,
        metavar=_("LINES"),
        help=_("no more lines of each service (default: 20, with --since all)"),
    )
    options.add_argument(
        "--since", default="", metavar=_("TIME"), help=_("from then on: 10m, 2h, 09:00, 2026-11-28 09:00")
    )
    options.add_argument("--until", default="", metavar=_("TIME"), help=_("up to then, written in the same ways"))
    options.add_argument(
        "--grep",
        default="",
        metavar=_("PATTERN"),
        help=_("only lines that hold this regular expression; in small letters it means capitals too"),
    )
    return options


def run(arguments: list[str]) -> int:
    """What each service has said, in the order of time; with -f whatever comes after, across rotations."""
    options = usage()
    given = options.parse_args(arguments)
    options.apart(given, "--follow", "--until")
    clock = SystemClock()
    state = glance.state_of(find_stack_file(given.file))
    wanted = _wanted(given, clock.now())
    sources = _sources(state, given.services)
    if not sources:
        nothing = _("Nothing was built yet.") if given.services else _("Nothing is applied yet. Start with: founder up")
        print(nothing, file=sys.stderr)
    printer = _Printer(list(sources), as_json=given.json)
    ends = {name: reading.end_of(path) for name, path in sources.items()}
    for said in reading.before(sources, wanted, ends):
        printer.show(said)
    if sources and not printer.spoke and not given.follow:
        asked = wanted.matches or not wanted.span.open
        print(_("Nothing that they have said fits.") if asked else _("They have said nothing yet."), file=sys.stderr)
    for said in reading.follow(sources, ends, clock) if given.follow else ():
        if not wanted.matches or wanted.matches(said.line):
            printer.show(said)
    return EXIT_OK


def _wanted(given: argparse.Namespace, now: float) -> reading.Wanted:
    span = Span(_time("--since", given.since, now, Span.since), _time("--until", given.until, now, Span.until))
    if span.since > span.until:
        raise StackError(
            _("--since {since} is later than --until {until}").format(since=given.since, until=given.until),
            _("Between the two there is nothing."),
            _("Exchange them, or leave one out."),
            exit_code=EXIT_USAGE,
        )
    lines = given.lines if given.lines is not None else None if given.since else _LINES
    return reading.Wanted(span, _pattern(given.grep) if given.grep else None, lines and max(lines, 0))


def _time(option: str, text: str, now: float, otherwise: float) -> float:
    if not text:
        return otherwise
    moment = time_of(text, now, locale.language())
    if moment is None:
        raise StackError(
            _("“{text}” is no time").format(text=f"{option} {text}"),
            _("A time is so long ago (90s, 10m, 2h, 1d), a time of day, or a date with one; in this machine’s zone."),
            _("Write it like this: {command}").format(command=f'founder logs {option} "2026-11-28 09:00"'),
            exit_code=EXIT_USAGE,
        )
    return moment


def _pattern(text: str) -> Callable[[str], bool]:
    try:
        found = re.compile(text, 0 if text != text.lower() else re.IGNORECASE)
    except re.error as error:
        raise StackError(
            _("“{text}” is no regular expression").format(text=f"--grep {text}"),
            f"{error}.",
            _("Write a backslash before what shall stand for itself: {text}").format(text=re.escape(text)),
            exit_code=EXIT_USAGE,
        ) from None
    return lambda line: found.search(line) is not None


def _sources(state: str, wanted: list[str]) -> dict[str, str]:
    """Name shown before each line → the file it comes from."""
    records = glance.records(state)
    found: dict[str, str] = {}
    services = [word for word in wanted if word != BUILD]
    for name in glance.services(glance.identities(records), services) if services or not wanted else ():
        found[name] = StateFolder(state).output(name)
        for path in records[name].get("log_files", ()):
            found[f"{name}:{os.path.splitext(os.path.basename(path))[0]}"] = path
    builds = sorted(glob.glob(f"{state}/log/build/*.log"), key=os.path.getmtime)
    if builds and (BUILD in wanted or not wanted):
        found[BUILD] = builds[-1]
    return found


class _Printer:
    def __init__(self, names: list[str], *, as_json: bool) -> None:
        self._colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
        self._width = max((len(name) for name in names), default=0)
        self._json = as_json
        self.spoke = False
        """True once a line was shown."""

    def show(self, said: reading.Said) -> None:
        self.spoke = True
        if self._json:
            document = {"v": 1, "service": said.name, "at": round(said.at, 3), "line": said.line}
            print(json.dumps(document, ensure_ascii=False))
        else:
            print(f"{paint(f'{said.name:<{self._width}}', self._colours[said.name])} {_harmless(said.line)}")
        sys.stdout.flush()


def _harmless(line: str) -> str:
    """A line without control characters: what a program says must not steer the reader's terminal."""
    return "".join(letter if letter == "\t" or letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
