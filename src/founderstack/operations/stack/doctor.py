"""What could go wrong on this machine: one finding for each thing looked at, with a name that stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from founderstack.locale import _
from founderstack.model.errors import StackError
from founderstack.operations.stack.prepare import Prepared, prepare
from founderstack.operations.stack.site import Site

Level = Literal["ok", "warn", "fail"]

FREE_AT_LEAST_MIB = 1024
FREE_SHARE = 0.10
RENEW_DAYS = 14
"""The certificate is made anew 30 days before its end; fewer days mean that `up` has not run for long."""
SECONDS_OF_GRACE = 120


@dataclass(frozen=True)
class Examined:
    """What was measured on the machine, beside what a Site knows."""

    python: str
    """The interpreter that processes run on."""
    keeps_out: str = ""
    """A folder on the way to the state that other users may not enter, or ""."""
    disk_total_mib: int = 0
    timezone: str = ""
    last_written: float = 0.0
    """When the tool last wrote its state, seconds since the epoch; a clock before it goes wrong."""
    certificate_days: float | None = None
    """Days that the gateway's certificate is still good, None where there is none yet."""
    apt_user: str = ""
    """The program that holds apt's lock, or ""."""
    secrets_mode: int | None = None
    """Permission bits of the secrets file, None where there is none yet."""


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    id: str
    level: Level
    what: str
    why: str = ""
    fix: str = ""


def doctor(site: Site, seen: Examined) -> list[Check]:
    """Every check, in an order that does not change."""
    prepared, problems = _prepared(site)
    checks = [
        *_machine(site, seen),
        *_ports(site),
        *_disk(site, seen),
        *_memory(site, prepared),
        *_clock(site, seen),
        *_installed(site, seen),
        _supervisor(site),
    ]
    told = {check.what for check in checks}
    return [*checks, *_plan([problem for problem in problems if problem.what not in told], blocked=bool(problems))]


def failed(check_id: str, error: StackError) -> list[Check]:
    """An error as failed checks, where the stack file already stops everything else."""
    return [Check(check_id, "fail", problem.what, problem.why, problem.fix) for problem in error.problems]


def _prepared(site: Site) -> tuple[Prepared | None, list[Check]]:
    try:
        return prepare(site), []
    except StackError as error:
        return None, failed("plan", error)


def _machine(site: Site, seen: Examined) -> Iterator[Check]:
    # A system that some component cannot run on is refused with the stack file.
    yield Check("os", "ok", site.machine.os)
    yield Check("python", "ok", seen.python)
    yield _enterable(site, seen)
    if site.machine.root:
        yield Check("root", "ok", _("each process runs as a user of its own"))
    else:
        yield Check(
            "root",
            "warn",
            _("All processes run as {user}").format(user=site.machine.user),
            _("Only root can give each a user of its own."),
            _("On a server, run founder as root (sudo)."),
        )
    if site.machine.cores > 1:
        yield Check("cores", "ok", _("{count} cores").format(count=site.machine.cores))
    else:
        yield Check(
            "cores",
            "warn",
            _("There is one core"),
            _("A build of the app takes it from the app that serves."),
            _("Use a machine with two cores or more."),
        )


def _enterable(site: Site, seen: Examined) -> Check:
    if not seen.keeps_out or not site.machine.root:
        return Check("state", "ok", site.places.state)
    return Check(
        "state",
        "fail",
        _("Processes cannot reach {path}").format(path=site.places.state),
        _("Other users may not enter {folder}.").format(folder=seen.keeps_out),
        _("Run: chmod o+x {folder}; or set FOUNDER_HOME to another folder.").format(folder=seen.keeps_out),
    )


def _ports(site: Site) -> Iterator[Check]:
    for key, port in sorted(site.choices.load().ports.items()):
        if site.ports.usable(port):
            yield Check(f"port:{key}", "ok", _("{port} is free or this stack's own").format(port=port))
        else:
            yield Check(
                f"port:{key}",
                "fail",
                _("Port {port} for {key} is taken").format(port=port, key=key),
                _("{holder} listens on it.").format(holder=site.ports.holder(port)),
                _("Stop that program, or take the line “{key}” out of founder.lock to choose another port.").format(
                    key=key
                ),
            )


def _disk(site: Site, seen: Examined) -> Iterator[Check]:
    free = site.disk.free_mib(site.places.state)
    text = _("{free} of {all} MiB are free").format(free=free, all=seen.disk_total_mib)
    why = _("A full disk stops the database; {state} lies there.").format(state=site.places.state)
    fix = _("Make room: old packages (apt-get clean), logs (journalctl --vacuum-size=200M), or a larger disk.")
    if free < FREE_AT_LEAST_MIB:
        yield Check("disk", "fail", text, why, fix)
    elif free < seen.disk_total_mib * FREE_SHARE:
        yield Check("disk", "warn", text, why, fix)
    else:
        yield Check("disk", "ok", text)


def _memory(site: Site, prepared: Prepared | None) -> Iterator[Check]:
    if prepared is None:
        return
    needs, has = prepared.resolved.ram_mib, site.machine.ram_mib
    text = _("the stack needs about {needs} of {has} MiB at rest").format(needs=needs, has=has)
    if needs > has:
        why = _("Under load, Linux will end processes to make room.")
        yield Check("memory", "fail", text, why, _("Use a larger machine, or fewer instances of the app."))
    else:
        yield Check("memory", "ok", text)


def _clock(site: Site, seen: Examined) -> Iterator[Check]:
    if seen.last_written > site.clock.now() + SECONDS_OF_GRACE:
        yield Check(
            "clock",
            "fail",
            _("The clock went backwards"),
            _("Files of this stack were written in what is the future now."),
            _("Set the clock: timedatectl set-ntp true"),
        )
    else:
        yield Check("clock", "ok", seen.timezone or "UTC")


def _installed(site: Site, seen: Examined) -> Iterator[Check]:
    yield from _certificate(seen)
    for name, chosen in sorted(site.choices.load().versions.items()):
        component = site.components.get(name)
        offered = component.versions.get(site.machine.os, "") if component else ""
        if offered and offered != chosen:
            yield Check(
                f"version:{name}",
                "warn",
                _("{name} {chosen} was chosen; this system offers {offered}").format(
                    name=name, chosen=chosen, offered=offered
                ),
                _("The system was upgraded, or founder.lock comes from another one."),
                _("Keep it, or dump the data, change founder.lock and restore the dump."),
            )
        else:
            yield Check(f"version:{name}", "ok", chosen)
    if seen.apt_user:
        why = _("It holds apt's lock, so nothing can be installed now.")
        yield Check("apt", "warn", _("{program} is using apt").format(program=seen.apt_user), why, _("Wait for it."))
    else:
        yield Check("apt", "ok", _("nobody is installing packages"))
    if seen.secrets_mode is not None and seen.secrets_mode & 0o077:
        path = site.places.files.secrets
        why = _("Its mode was changed; it must be 0600.")
        fix = _("Run: chmod 600 {path}").format(path=path)
        yield Check(
            "secrets", "fail", _("The secrets file {path} can be read by other users").format(path=path), why, fix
        )
    else:
        yield Check("secrets", "ok", _("readable by their owner only") if seen.secrets_mode else _("none made yet"))


def _certificate(seen: Examined) -> Iterator[Check]:
    days = seen.certificate_days
    if days is None:
        yield Check("certificate", "ok", _("none made yet"))
    elif days > RENEW_DAYS:
        yield Check("certificate", "ok", _("good for {days:.0f} more days").format(days=days))
    else:
        yield Check(
            "certificate",
            "warn" if days > 0 else "fail",
            _("The gateway's certificate ends in {days:.0f} days").format(days=max(days, 0)),
            _("It is made anew by “founder up”, which has not run for long."),
            _("Run: founder up"),
        )


def _supervisor(site: Site) -> Check:
    try:
        statuses = site.runtime.statuses()
    except StackError as error:
        return Check("supervisor", "fail", error.what, error.why, error.fix)
    failing = [status.name for status in statuses if status.condition == "failing"]
    if failing:
        return Check(
            "supervisor",
            "fail",
            _("These processes end again and again: {names}").format(names=", ".join(failing)),
            _("Their last lines say why."),
            _("Run: founder logs {name}").format(name=failing[0]),
        )
    if not statuses and site.runtime.observe().processes:
        return Check(
            "supervisor",
            "warn",
            _("The stack is not running"),
            _("It was brought up before, and no supervisor answers now."),
            _("Run: founder up"),
        )
    return Check("supervisor", "ok", _("{count} processes").format(count=len(statuses)))


def _plan(untold: list[Check], *, blocked: bool) -> list[Check]:
    return untold if blocked else [Check("plan", "ok", _("“founder up” can go ahead"))]
