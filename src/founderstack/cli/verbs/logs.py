"""`founder logs`: what the processes say."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Iterator

from founderstack.cli import glance
from founderstack.cli.terminal.kinds import LOG
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.model.state_folder import StateFolder
from founderstack.world.os.clock import SystemClock
from founderstack.world.state.stack_file import find_stack_file

_COLOURS = ("blue", "green", "yellow", "red")
_LOOK_S = 0.2
BUILD = "build"
"""Not a service: the newest build of the app."""


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("logs", as_json=True, example="founder logs -f app")
    options.add_argument("services", nargs="*", type=LOG, help=_("names as “founder status” shows them (default: all)"))
    options.add_argument("-f", "--follow", action="store_true", help=_("go on with what comes"))
    options.add_argument(
        "-n", "--lines", type=int, default=20, metavar=_("LINES"), help=_("lines of each service (default: 20)")
    )
    return options


def run(arguments: list[str]) -> int:
    """The last lines of each service; with -f whatever comes after them, across rotations."""
    options = usage()
    given = options.parse_args(arguments)
    state = glance.state_of(find_stack_file(given.file))
    sources = _sources(state, given.services)
    if not sources:
        nothing = _("Nothing was built yet.") if given.services else _("Nothing is applied yet. Start with: founder up")
        print(nothing, file=sys.stderr)
    printer = _Printer(list(sources), as_json=given.json)
    for name, path in sources.items():
        for line in _last_lines(path, given.lines):
            printer.show(name, line)
    if sources and not printer.spoke and not given.follow:
        print(_("They have said nothing yet."), file=sys.stderr)
    if given.follow:
        for name, line in _follow(sources):
            printer.show(name, line)
    return EXIT_OK


def _sources(state: str, wanted: list[str]) -> dict[str, str]:
    """Name shown before each line → the file it comes from."""
    records = glance.records(state)
    found: dict[str, str] = {}
    services = [word for word in wanted if word != BUILD]
    for name in glance.services(list(records), services) if services or not wanted else ():
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

    def show(self, name: str, line: str) -> None:
        self.spoke = True
        if self._json:
            print(json.dumps({"v": 1, "service": name, "line": line}, ensure_ascii=False))
        else:
            print(f"{paint(f'{name:<{self._width}}', self._colours[name])} {_harmless(line)}")
        sys.stdout.flush()


def _harmless(line: str) -> str:
    """A line without control characters: what a program says must not steer the reader's terminal."""
    return "".join(letter if letter == "\t" or letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _last_lines(path: str, count: int) -> list[str]:
    """The last lines of a file; none where there is no file. What is not UTF-8 is shown as far as it goes."""
    try:
        with open(path, "rb") as file:
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return lines[-count:] if count > 0 else []


def _follow(sources: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each new line of each file; a file that was renamed or cut is read anew from its beginning."""
    clock = SystemClock()
    places = {name: _end(path) for name, path in sources.items()}
    while True:
        for name, path in sources.items():
            lines, places[name] = _new_lines(path, *places[name])
            yield from ((name, line) for line in lines)
        clock.wait(_LOOK_S)


def _end(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_size


def _new_lines(path: str, inode: int, offset: int) -> tuple[list[str], tuple[int, int]]:
    now, size = _end(path)
    if now != inode or size < offset:
        offset = 0
    if size == offset:
        return [], (now, offset)
    with open(path, "rb") as file:
        file.seek(offset)
        whole, _newline, _rest = file.read().rpartition(b"\n")
    if not whole:
        return [], (now, offset)
    return whole.decode(errors="replace").splitlines(), (now, offset + len(whole) + 1)
