"""`founder doctor`: what could go wrong on this machine, each with its cure."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import asdict

from founderstack import wiring
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _, typed
from founderstack.locale import wire
from founderstack.model.errors import EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.model.state_folder import StateFolder
from founderstack.operations.stack.doctor import Check, Examined, doctor, failed
from founderstack.operations.stack.site import Site
from founderstack.world.install import packages
from founderstack.world.keys import certificates
from founderstack.world.os import files
from founderstack.world.state.stack_file import find_stack_file

_SIGNS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


def usage() -> Parser:
    """What may follow the verb."""
    return parser("doctor", as_json=True, example="founder doctor --json")


def run(arguments: list[str]) -> int:
    """Look at everything; changes nothing. Exit code 6 where something must be put right."""
    given = usage().parse_args(arguments)
    try:
        site = wiring.open_site(find_stack_file(given.file))
        checks = doctor(site, examine(site))
    except StackError as error:
        checks = failed("stack", error)
    if given.json:
        print(wire.dumps({"v": 1, "checks": [asdict(check) for check in checks]}, ensure_ascii=False))
    else:
        print("\n".join(lines(checks)))
    return EXIT_PRECONDITION if any(check.level == "fail" for check in checks) else EXIT_OK


def examine(site: Site) -> Examined:
    """What is measured here and now."""
    state = site.places.state
    disk = os.statvfs(_nearest(state))
    return Examined(
        python=site.places.python,
        keeps_out=files.readable_by_others(state) if os.path.exists(state) else "",
        disk_total_mib=disk.f_blocks * disk.f_frsize // 2**20,
        timezone=os.path.realpath("/etc/localtime").partition("zoneinfo/")[2],
        last_written=_modified(StateFolder(state).about),
        certificate_days=certificates.days_left(StateFolder(state).certificate, site.clock),
        apt_user=packages.apt_user(),
        secrets_mode=_mode(StateFolder(state).secrets),
    )


def lines(checks: list[Check]) -> list[str]:
    """What a person reads: a line for each check, and for a bad one its reason and its cure."""
    width = max(len(check.id) for check in checks) + 2
    told = []
    for check in checks:
        sign, colour = _SIGNS[check.level]
        told.append(f"{paint(sign, colour)} {check.id:<{width}}{check.what}")
        if check.level != "ok":
            told.append(f"    {typed(check.why)}")
            told.append(f"    {paint('→', 'blue', sys.stdout)} {typed(check.fix)}")
    bad = sum(check.level == "fail" for check in checks)
    warned = sum(check.level == "warn" for check in checks)
    told.append("")
    told.append(
        _("{checks} checks, {bad} failed, {warned} to look at").format(checks=len(checks), bad=bad, warned=warned)
    )
    return told


def _nearest(path: str) -> str:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _modified(path: str) -> float:
    return os.stat(path).st_mtime if os.path.exists(path) else 0.0


def _mode(path: str) -> int | None:
    return stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None
