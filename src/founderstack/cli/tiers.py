"""Groups of checks: how each runs and what it counts, several beside each other where they mostly wait."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_FAILED, StackError
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.processes import Result, break_off, run as run_process

_NO_TESTS_COLLECTED = 5
_MOST_TRIED_AGAIN = 3
"""More failures than this in a tier are no accident of timing."""
_WORD_EVERY_S = 60.0
_SLOW = re.compile(r"^(\d+\.\d\d)s (?:call|setup|teardown) +(\S+)$", re.MULTILINE)
_PROGRESS = re.compile(r"^(?:\S+\.py )?([.FEsxX]+) *\[ *(\d{1,3})%\]$", re.MULTILINE)
_SUMMARY = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)


@dataclass(frozen=True)
class Tier:
    """A group of checks that is one line of the report."""

    name: str
    command: tuple[str, ...]
    limit_s: float = 600
    tells: bool = False
    """True where the last line of what it says is shown when all is well, too."""
    lane: str = ""
    """Lanes run side by side, the tiers of one in turn; all that has none runs before, one after another."""


@dataclass(frozen=True)
class PytestTier(Tier):
    """A tier whose tests are counted one by one."""

    may_be_empty: bool = False
    """True where somebody chose among the tests; otherwise a tier without tests proves nothing and fails."""
    second_try: bool = False
    """True where real servers and browsers take part: a few failed tests run again, alone; both outcomes are told."""


@dataclass(frozen=True)
class Counts:
    """How many tests ended how; a check that is not made of tests adds to `failed` alone."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        # Not translated: continuous integration reads it.
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Outcome:
    """How a tier ended: what it counts, what it said, and how long it took."""

    tier: Tier
    counts: Counts
    result: Result
    seconds: float = 0
    again: bool = False
    """Whether its failed tests ran a second time, alone."""

    def __str__(self) -> str:
        word = _("FAILED") if self.counts.failed else _("ok")
        last = self.result.out.strip().rpartition("\n")[2] if self.tier.tells else ""
        detail = str(self.counts) if isinstance(self.tier, PytestTier) else " ".join(last.split())
        lines = [f"{word:<8}{self.seconds:7.1f} s  {detail}".rstrip()]
        if self.again and not self.counts.failed:
            lines.append(_("  Some failed at first and passed alone, at a second try. What they said at first:"))
        if self.again or self.counts.failed or self.counts.skipped:
            lines.append(self.result.out)
        return "\n".join(lines)


class Tiers:
    """One run of several tiers: what stands alone first, then the lanes, then what failed in them once more."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._ended = threading.Event()
        self._printing = threading.Lock()

    def run(self, wanted: Sequence[Tier]) -> tuple[Counts, tuple[str, ...]]:
        """What all of them count together, and the names of those that failed. Each prints a line when it ends."""
        alone = [self._one(tier) for tier in wanted if not tier.lane]
        lanes = [tuple(lane) for name, lane in groupby(wanted, lambda tier: tier.lane) if name]
        beside = [outcome for lane in self._side_by_side(lanes) for outcome in lane]
        outcomes = [*alone, *map(self._tried_again, beside)]
        for line in slowest(outcome.result.out for outcome in outcomes):
            say(line)
        failed = tuple(outcome.tier.name for outcome in outcomes if outcome.counts.failed)
        if nothing_ran(outcomes):
            failed = (*failed, _("no test was found by these arguments"))
        return sum((outcome.counts for outcome in outcomes), Counts()), failed

    def _side_by_side(self, lanes: Sequence[Sequence[Tier]]) -> list[list[Outcome]]:
        if not lanes:
            return []
        if len(lanes) > 1:
            names = " | ".join(", ".join(tier.name for tier in lane) for lane in lanes)
            say(_("  side by side: {lanes}").format(lanes=names))
        with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as pool:
            try:
                return list(pool.map(self._in_turn, lanes))
            except BaseException:
                self._ended.set()
                break_off()
                raise

    def _in_turn(self, lane: Sequence[Tier]) -> list[Outcome]:
        return [self._one(tier) for tier in lane if not self._ended.is_set()]

    def _one(self, tier: Tier) -> Outcome:
        clock = SystemClock()
        began = clock.monotonic()
        if not tier.lane:  # whoever waits alone says at once what for
            print(_named(tier), end="", flush=True)
        result = run_tier(tier, self._folder, self._environment)
        outcome = Outcome(tier, counted(tier, result), result, clock.monotonic() - began)
        with self._printing:
            say(f"{_named(tier) if tier.lane else ''}{outcome}")
        return outcome

    def _tried_again(self, first: Outcome) -> Outcome:
        clock = SystemClock()
        began = clock.monotonic()
        again = tried_again(first.tier, first.counts, self._folder, self._environment)
        if again is None:
            return first
        said = Result(again[1].code, again[1].out, "")
        outcome = Outcome(first.tier, again[0], said, clock.monotonic() - began, again=True)
        say(f"{_named(first.tier)}{outcome}")
        return outcome


def nothing_ran(outcomes: Sequence[Outcome]) -> bool:
    """True where tests were asked for and no tier found any: such a run proves nothing."""
    codes = [outcome.result.code for outcome in outcomes if isinstance(outcome.tier, PytestTier)]
    return bool(codes) and all(code == _NO_TESTS_COLLECTED for code in codes)


def slowest(outputs: Iterable[str], most: int = 10) -> list[str]:
    """A line for each of the tests that took longest, from what pytest said; none where none took long."""
    found = {(float(seconds), name) for out in outputs for seconds, name in _SLOW.findall(out)}
    if not found:
        return []
    lines = [f"  {seconds:7.1f} s  {name}" for seconds, name in sorted(found, reverse=True)[:most]]
    return [_("The slowest tests:"), *lines]


def counted(tier: Tier, result: Result) -> Counts:
    """What a tier's run adds to the total. A run that broke off without a failing test is one failure."""
    if not isinstance(tier, PytestTier):
        return Counts(failed=int(result.code != 0))
    summary = _SUMMARY.findall(result.out)
    words = dict.fromkeys(("passed", "failed", "error", "errors", "skipped", "xfailed", "xpassed"), 0)
    if not summary:  # it was ended before it could sum up
        signs = "".join(signs for signs, _percent in _PROGRESS.findall(result.out))
        words |= {"passed": signs.count("."), "failed": signs.count("F"), "error": signs.count("E")}
    for number, word in re.findall(r"(\d{1,9}) ([a-z]+)", summary[-1] if summary else ""):
        words[word] = int(number)
    failed = words["failed"] + words["error"] + words["errors"] + words["xpassed"]
    if result.code not in ((0, _NO_TESTS_COLLECTED) if tier.may_be_empty else (0,)):
        failed = max(failed, 1)
    return Counts(words["passed"], failed, words["skipped"] + words["xfailed"])


def tried_again(tier: Tier, first: Counts, folder: str, environment: Mapping[str, str]) -> tuple[Counts, Result] | None:
    """The tier's counts after its failed tests ran once more, in a process of their own; None where nothing did."""
    if not isinstance(tier, PytestTier) or not tier.second_try or not 0 < first.failed <= _MOST_TRIED_AGAIN:
        return None
    alone = replace(
        tier, command=(*tier.command, "--last-failed", "--last-failed-no-failures=none"), may_be_empty=False
    )
    result = run_tier(alone, folder, environment)
    second = counted(alone, result)
    if second.passed + second.failed < first.failed:  # not every failure was a test's: nothing is forgiven
        return first, result
    return Counts(first.passed + second.passed, second.failed, first.skipped + second.skipped), result


def run_tier(tier: Tier, folder: str, environment: Mapping[str, str]) -> Result:
    """Run a tier's command; one that takes longer than its limit has failed, and what it had said is kept."""
    lines: list[str] = []
    clock = SystemClock()
    spoken = clock.monotonic()

    def heard(line: str) -> None:
        nonlocal spoken
        lines.append(line)
        if (found := _PROGRESS.match(line)) and clock.monotonic() - spoken > _WORD_EVERY_S:
            spoken = clock.monotonic()
            say(f"  {tier.name:<10}{found[2]:>3} %")

    try:
        return run_process(
            tier.command,
            cwd=folder,
            env=environment,
            timeout_s=tier.limit_s,
            on_line=heard,
            check=False,
        )
    except StackError as error:  # too slow: the other tiers still tell something
        return Result(EXIT_FAILED, "\n".join([*lines, error.summary]), "")


def _named(tier: Tier) -> str:
    return f"  {tier.name:<10}"


def say(text: str) -> None:
    """A line for people, at once."""
    print(text, flush=True)
