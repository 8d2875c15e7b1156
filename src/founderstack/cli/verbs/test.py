"""`founder test`: everything that proves the README, from lint to a browser, with one command. Needs a checkout."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace

import founderstack
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.cli.tiers import PytestTier, Tier, Tiers, say
from founderstack.model.errors import EXIT_FAILED, EXIT_OK, EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.world.os.ambient import download_environment
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.processes import run as run_process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(founderstack.__file__))))
ENVIRONMENT = os.path.join(ROOT, ".venv-test")
CACHE = os.path.join(ENVIRONMENT, "cache")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")
REPORTS = os.path.join(ENVIRONMENT, "reports")
"""A JUnit file for each tier with tests."""

NOTED = os.path.join(REPORTS, "coverage")
COVERAGE = (PYTHON, "-m", "coverage", "report", f"--data-file={NOTED}")
"""Which of the lines and branches that decide the unit tests go through: settings in pyproject.toml."""
SCRIPTS = ("app", "src/founderstack/panel/static", "tools")
"""TypeScript and JavaScript."""
UNIT = ("tests/unit", "tests/catalogue", "tests/plans", "tests/contract")

SYSTEM_PACKAGES = (
    "age",
    "chromium",
    "debootstrap",
    "e2fsprogs",
    "fish",
    "git",
    "nginx",
    "openssl",
    "pgbackrest",
    "postgresql",
    "postgresql-client",
    "redis-server",
    "systemd",
    "zsh",
)
"""What the tests start or ask by themselves; what a stack needs, the stack installs."""
SYSTEM_PROGRAMS = (
    "/usr/bin/age",
    "/usr/bin/chromium",
    "/usr/sbin/debootstrap",
    "/usr/sbin/mkfs.ext4",
    "/usr/bin/fish",
    "/usr/bin/git",
    "/usr/sbin/nginx",
    "/usr/bin/openssl",
    "/usr/bin/pgbackrest",
    "/usr/bin/psql",
    "/usr/bin/redis-server",
    "/usr/bin/systemd-analyze",
    "/usr/lib/postgresql",
    "/usr/bin/zsh",
)


def run(arguments: list[str]) -> int:
    """0 when every tier passed; the last line is `N passed, N failed, N skipped`. Goes on after a failing tier."""
    quick, soak, chosen = _read(arguments)
    if not os.path.isdir(os.path.join(ROOT, "tests")):
        raise StackError(
            _("The tests are not here"),
            _("This is an installed package; the tests are part of the source code only."),
            _("Clone the repository and run ./founder test there."),
            exit_code=EXIT_PRECONDITION,
        )
    clock = SystemClock()
    began = clock.monotonic()
    _make_environment()
    os.makedirs(REPORTS, exist_ok=True)
    if not quick:
        from founderstack.world.install import packages

        packages.install(SYSTEM_PACKAGES, SYSTEM_PROGRAMS, say)
    # What takes long to make and nobody changes (Node, pgAdmin, SeaweedFS) is made once for all tiers.
    with tempfile.TemporaryDirectory(prefix="founder-shared-", ignore_cleanup_errors=True) as shared:
        os.chmod(shared, 0o711)
        environment = {"FOUNDER_TEST_SHARED": shared, **_environment_of_tests(os.environ)}
        total, failed = Tiers(ROOT, environment).run(tiers(quick, soak, chosen))
    if os.environ.get("CI") == "true" and total.skipped:
        say(_("A skipped test counts as a failure here: it proves nothing."))
        failed = (*failed, _("skipped tests"))
    verdict = _("Failed: {tiers}").format(tiers=", ".join(failed)) if failed else _("Everything passed")
    say(_("{verdict} ({seconds:.0f} s)").format(verdict=verdict, seconds=clock.monotonic() - began))
    say(str(total))
    return EXIT_FAILED if failed else EXIT_OK


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("test", stack=False, example="founder test tests/unit/test_runner.py -k port")
    options.add_argument("--quick", action="store_true", help=_("checks, and tests without effects"))
    options.add_argument("--soak", action="store_true", help=_("long repetitions alone"))
    options.epilog = _("What else is given goes to pytest; a path among it runs that alone.") + f" {options.epilog}"
    return options


def _read(arguments: list[str]) -> tuple[bool, bool, list[str]]:
    """(--quick, --soak, what is for pytest); raises StackError for a test that is not there."""
    options = usage()
    given, chosen = options.parse_known_args(arguments)
    options.apart(given, "--quick", "--soak")
    paths = [one.partition("::")[0] for one in chosen if one.startswith("tests/")]
    missing = [path for path in paths if not os.path.exists(os.path.join(ROOT, path))]
    if missing:
        raise StackError(
            _("There is no {path}").format(path=missing[0]),
            _("It is looked for in {folder}.").format(folder=ROOT),
            _("Name a file or folder of tests, or leave it out to run all of them."),
            exit_code=EXIT_USAGE,
        )
    return given.quick, given.soak, chosen


def tiers(quick: bool, soak: bool, chosen: Sequence[str]) -> tuple[Tier, ...]:
    """What to run, in order: the cheapest first, then what has real servers, in lanes that mostly wait.

    Paths among the `chosen` pytest arguments replace all of it.
    """
    if any(os.path.exists(os.path.join(ROOT, argument.partition("::")[0])) for argument in chosen):
        return (_pytest("chosen", (), "soak or not soak", 1800, chosen, limit_s=2400),)
    if soak:
        return (_pytest("soak", ("tests",), "soak", 3600, chosen, limit_s=4 * 3600),)
    lint = "from importlinter.cli import lint_imports_command as run; run()"
    checks = (
        Tier("lint", (PYTHON, "-m", "ruff", "check")),
        Tier("format", (PYTHON, "-m", "ruff", "format", "--check")),
        Tier("shell", (f"{ENVIRONMENT}/bin/shellcheck", "founder", ".ci/run")),
        Tier("scripts", (f"{ENVIRONMENT}/bin/oxlint", "--deny-warnings", *SCRIPTS)),
        Tier("types", (PYTHON, "-m", "mypy")),
        Tier("imports", (PYTHON, "-c", lint, "--no-logo", "--cache-dir", os.path.join(CACHE, "imports"))),
        _covered(_pytest("unit", UNIT, "not soak and not service", 30, chosen)),
        *(() if chosen else (Tier("coverage", COVERAGE, tells=True),)),
    )
    if quick:
        return checks
    return (
        *checks,
        _served("service", ("tests/service", "tests/catalogue", "tests/contract"), "servers", 300, chosen),
        _served("fault", ("tests/fault",), "stacks", 600, chosen),
        _served("app", ("tests/app",), "pages", 600, chosen),
        _served("journey", ("tests/journey",), "pages", 900, chosen),
    )


def _covered(tier: PytestTier) -> PytestTier:
    """The same, with the lines and branches noted that it goes through."""
    python, *pytest = tier.command
    return replace(tier, command=(python, "-m", "coverage", "run", f"--data-file={NOTED}", *pytest))


def _served(name: str, folders: Sequence[str], lane: str, timeout_s: int, chosen: Sequence[str]) -> PytestTier:
    """Tests with real servers and browsers: much of their time is waiting, and a busy machine may fail a few."""
    marks = "service and not soak" if name == "service" else "not soak"
    tier = _pytest(name, folders, marks, timeout_s, chosen, limit_s=3600)
    return replace(tier, lane=lane, second_try=True)


def _pytest(
    name: str,
    folders: Sequence[str],
    marks: str,
    timeout_s: int,
    chosen: Sequence[str],
    *,
    limit_s: float = 600,
) -> PytestTier:
    options = (
        *("-o", f"cache_dir={CACHE}/pytest-{name}", f"--timeout={timeout_s}", "-m", marks),
        *("--durations=5", "--durations-min=5", f"--junit-xml={REPORTS}/{name}.xml"),
    )
    command = (PYTHON, "-m", "pytest", *options, *folders, *chosen)
    return PytestTier(name, command, limit_s, may_be_empty=bool(chosen))


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
        say(_("Preparing the tests' Python packages in {folder}").format(folder=ENVIRONMENT))
    own = {"UV_PROJECT_ENVIRONMENT": ENVIRONMENT, "UV_PYTHON_DOWNLOADS": "never"}
    python = os.path.realpath(sys.executable)
    command = [find_uv_bin(), "sync", "--frozen", "--group", "test", "--no-install-project", "--python", python]
    run_process(command, cwd=ROOT, env={**download_environment(), **own}, timeout_s=600)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages_folder = os.path.join(ENVIRONMENT, "lib", version, "site-packages")
    with open(os.path.join(packages_folder, "founderstack.pth"), "w", encoding="utf-8") as file:
        file.write(os.path.join(ROOT, "src") + "\n")
