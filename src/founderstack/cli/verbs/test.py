"""`founder test`: everything that proves the README, from lint to a browser, with one command. Needs a checkout."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import founderstack
from founderstack.locale import _
from founderstack.model.errors import EXIT_FAILED, EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.world.ambient import download_environment
from founderstack.world.clock import SystemClock
from founderstack.world.processes import Result, run as run_process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(founderstack.__file__))))
ENVIRONMENT = os.path.join(ROOT, ".venv-test")
CACHE = os.path.join(ENVIRONMENT, "cache")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")

SYSTEM_PACKAGES = (
    "age",
    "chromium",
    "debootstrap",
    "git",
    "nginx",
    "openssl",
    "pgbackrest",
    "postgresql",
    "postgresql-client",
    "redis-server",
)
"""What the tests start or ask by themselves; what a stack needs, the stack installs."""
SYSTEM_PROGRAMS = (
    "/usr/bin/age",
    "/usr/bin/chromium",
    "/usr/sbin/debootstrap",
    "/usr/bin/git",
    "/usr/sbin/nginx",
    "/usr/bin/openssl",
    "/usr/bin/pgbackrest",
    "/usr/bin/psql",
    "/usr/bin/redis-server",
    "/usr/lib/postgresql",
)

_NO_TESTS_COLLECTED = 5
_MOST_TRIED_AGAIN = 3
"""More failures than this in a tier are no accident of timing."""
_SUMMARY = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)


@dataclass(frozen=True)
class Tier:
    """A group of checks that is one line of the report."""

    name: str
    command: tuple[str, ...]
    limit_s: float = 600


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


def run(arguments: list[str]) -> int:
    """0 when every tier passed; the last line is `N passed, N failed, N skipped`. Goes on after a failing tier."""
    if not os.path.isdir(os.path.join(ROOT, "tests")):
        raise StackError(
            _("The tests are not here"),
            _("This is an installed package; the tests are part of the source code only."),
            _("Clone the repository and run ./founder test there."),
            exit_code=EXIT_PRECONDITION,
        )
    quick, soak = "--quick" in arguments, "--soak" in arguments
    chosen = [argument for argument in arguments if argument not in ("--quick", "--soak")]
    clock = SystemClock()
    began = clock.monotonic()
    _make_environment()
    if not quick:
        from founderstack.world import packages

        packages.install(SYSTEM_PACKAGES, SYSTEM_PROGRAMS, _say)
    # What takes long to make and nobody changes (Node, pgAdmin, SeaweedFS) is made once for all tiers.
    with tempfile.TemporaryDirectory(prefix="founder-shared-") as shared:
        os.chmod(shared, 0o711)
        environment = {"FOUNDER_TEST_SHARED": shared, **_environment_of_tests(os.environ)}
        total, failed = _run_all(tiers(quick, soak, chosen), clock, environment)
    if os.environ.get("CI") == "true" and total.skipped:
        _say(_("A skipped test counts as a failure here: it proves nothing."))
        failed = (*failed, _("skipped tests"))
    verdict = _("Failed: {tiers}").format(tiers=", ".join(failed)) if failed else _("Everything passed")
    _say(_("{verdict} ({seconds:.0f} s)").format(verdict=verdict, seconds=clock.monotonic() - began))
    _say(str(total))
    return EXIT_FAILED if failed else EXIT_OK


def tiers(quick: bool, soak: bool, chosen: Sequence[str]) -> tuple[Tier, ...]:
    """What to run, in order: the cheapest first. Paths among the `chosen` pytest arguments replace all of it."""
    if any(os.path.exists(os.path.join(ROOT, argument.partition("::")[0])) for argument in chosen):
        return (_pytest("chosen", (), "soak or not soak", 1800, chosen),)
    if soak:
        return (_pytest("soak", ("tests",), "soak", 3600, chosen, limit_s=4 * 3600),)
    lint = "from importlinter.cli import lint_imports_command as run; run()"
    checks = (
        Tier("lint", (PYTHON, "-m", "ruff", "check")),
        Tier("format", (PYTHON, "-m", "ruff", "format", "--check")),
        Tier("types", (PYTHON, "-m", "mypy")),
        Tier("imports", (PYTHON, "-c", lint, "--no-logo", "--cache-dir", os.path.join(CACHE, "imports"))),
        _pytest(
            "unit",
            ("tests/unit", "tests/catalogue", "tests/plans", "tests/contract"),
            "not soak and not service",
            30,
            chosen,
        ),
    )
    if quick:
        return checks
    return (
        *checks,
        _pytest(
            "service",
            ("tests/service", "tests/catalogue", "tests/contract"),
            "service and not soak",
            300,
            chosen,
            second_try=True,
        ),
        _pytest("fault", ("tests/fault",), "not soak", 600, chosen, second_try=True),
        _pytest("app", ("tests/app",), "not soak", 600, chosen, second_try=True),
        _pytest("journey", ("tests/journey",), "not soak", 900, chosen, second_try=True),
    )


def counted(tier: Tier, result: Result) -> Counts:
    """What a tier's run adds to the total. A run that broke off without a failing test is one failure."""
    if not isinstance(tier, PytestTier):
        return Counts(failed=int(result.code != 0))
    summary = _SUMMARY.findall(result.out)
    words = dict.fromkeys(("passed", "failed", "error", "errors", "skipped", "xfailed", "xpassed"), 0)
    for number, word in re.findall(r"(\d{1,9}) ([a-z]+)", summary[-1] if summary else ""):
        words[word] = int(number)
    failed = words["failed"] + words["error"] + words["errors"] + words["xpassed"]
    if result.code not in ((0, _NO_TESTS_COLLECTED) if tier.may_be_empty else (0,)):
        failed = max(failed, 1)
    return Counts(words["passed"], failed, words["skipped"] + words["xfailed"])


def _run_all(
    wanted: Sequence[Tier], clock: SystemClock, environment: Mapping[str, str]
) -> tuple[Counts, tuple[str, ...]]:
    outcomes = [_run_one(tier, clock, environment) for tier in wanted]
    failed = tuple(tier.name for tier, counts in outcomes if counts.failed)
    return sum((counts for _tier, counts in outcomes), Counts()), failed


def _run_one(tier: Tier, clock: SystemClock, environment: Mapping[str, str]) -> tuple[Tier, Counts]:
    """Run a tier and print its line, with what it said where somebody should read it."""
    print(f"  {tier.name:<10}", end="", flush=True)
    began = clock.monotonic()
    result = run_tier(tier, environment)
    counts = counted(tier, result)
    again = tried_again(tier, counts, environment)
    if again is not None:
        counts, result = again[0], Result(again[1].code, f"{result.out}\n{again[1].out}", "")
    word = _("FAILED") if counts.failed else _("ok")
    detail = str(counts) if isinstance(tier, PytestTier) else ""
    lines = [f"{word:<8}{clock.monotonic() - began:7.1f} s  {detail}".rstrip()]
    if again is not None and not counts.failed:
        lines.append(_("  Some failed at first and passed alone, at a second try. What they said at first:"))
    if again is not None or counts.failed or counts.skipped:
        lines.append(result.out)
    _say("\n".join(lines))
    return tier, counts


def tried_again(tier: Tier, first: Counts, environment: Mapping[str, str]) -> tuple[Counts, Result] | None:
    """The tier's counts after its failed tests ran once more, in a process of their own; None where nothing did."""
    if not isinstance(tier, PytestTier) or not tier.second_try or not 0 < first.failed <= _MOST_TRIED_AGAIN:
        return None
    alone = replace(
        tier, command=(*tier.command, "--last-failed", "--last-failed-no-failures=none"), may_be_empty=False
    )
    result = run_tier(alone, environment)
    second = counted(alone, result)
    if second.passed + second.failed < first.failed:  # not every failure was a test's: nothing is forgiven
        return first, result
    return Counts(first.passed + second.passed, second.failed, first.skipped + second.skipped), result


def run_tier(tier: Tier, environment: Mapping[str, str]) -> Result:
    """Run a tier's command; one that takes longer than its limit has failed, and what it had said is kept."""
    lines: list[str] = []
    try:
        return run_process(
            tier.command,
            cwd=ROOT,
            env=environment,
            timeout_s=tier.limit_s,
            on_line=lines.append,
            check=False,
        )
    except StackError as error:  # too slow: the other tiers still tell something
        return Result(EXIT_FAILED, "\n".join([*lines, f"{error.what}: {error.why}"]), "")


def _pytest(
    name: str,
    folders: Sequence[str],
    marks: str,
    timeout_s: int,
    chosen: Sequence[str],
    *,
    limit_s: float = 2400,
    second_try: bool = False,
) -> PytestTier:
    options = ("-o", f"cache_dir={CACHE}/pytest-{name}", f"--timeout={timeout_s}", "-m", marks)
    return PytestTier(
        name, (PYTHON, "-m", "pytest", *options, *folders, *chosen), limit_s, bool(chosen), second_try=second_try
    )


def _environment_of_tests(inherited: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, with every cache inside .venv-test: a run leaves nothing else in the checkout."""
    caches = {
        "RUFF_CACHE_DIR": f"{CACHE}/ruff",
        "MYPY_CACHE_DIR": f"{CACHE}/mypy",
        "HYPOTHESIS_STORAGE_DIRECTORY": f"{CACHE}/hypothesis",
    }
    return {**inherited, **download_environment(), **caches}


def _make_environment() -> None:
    """Bring .venv-test up to uv.lock; a tenth of a second where nothing changed."""
    from uv import find_uv_bin

    if not os.path.exists(PYTHON):
        _say(_("Preparing the tests' Python packages in {folder}").format(folder=ENVIRONMENT))
    own = {"UV_PROJECT_ENVIRONMENT": ENVIRONMENT, "UV_PYTHON_DOWNLOADS": "never"}
    python = os.path.realpath(sys.executable)
    command = [find_uv_bin(), "sync", "--frozen", "--group", "test", "--no-install-project", "--python", python]
    run_process(command, cwd=ROOT, env={**download_environment(), **own}, timeout_s=600)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages_folder = os.path.join(ENVIRONMENT, "lib", version, "site-packages")
    with open(os.path.join(packages_folder, "founderstack.pth"), "w", encoding="utf-8") as file:
        file.write(os.path.join(ROOT, "src") + "\n")


def _say(text: str) -> None:
    print(text, flush=True)
