"""The part of `founder restore` that goes back to a moment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from founderstack import wiring
from founderstack.backups.assemble import moments_of
from founderstack.cli.terminal.kinds import FOLDER
from founderstack.cli.terminal.render import age, paint, seconds
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.model.point_in_time import Target
from founderstack.model.protocols import Emit
from founderstack.model.vault import Vault
from founderstack.operations.backups.point_in_time import (
    Answers,
    RecoveryPlan,
    ReplacedServer,
    forget_set,
    set_of_moment,
    whole_server,
)
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import megabytes
from founderstack.planner.backups.moment_text import read_moment
from founderstack.world.os.ambient import caller

NEWEST = "newest"


def add_options(options: argparse.ArgumentParser) -> None:
    """What `founder restore` takes for it."""
    options.add_argument(
        "--to",
        default="",
        metavar=_("MOMENT"),
        help=_("“2026-11-24 10:30:15” (UTC), or newest: all that was committed"),
    )
    options.add_argument(
        "--whole-server", action="store_true", help=_("the whole server as it was, also when its data are lost")
    )
    options.add_argument(
        "--log", dest="wal", default="", type=FOLDER, help=_("pg_wal of the lost server, where that survived")
    )


def target_of(text: str, language: str) -> Target:
    """The moment that somebody wrote; raises StackError for anything else."""
    if text in ("", NEWEST):
        return Target("newest", text=NEWEST)
    moment = read_moment(text, language)
    if moment is None:
        raise StackError(
            _("“{text}” is no moment").format(text=text),
            _("A moment is written as a date and a time, in UTC where it names no other."),
            _('Write it like this: founder restore --to "2026-11-24 10:30:15"'),
            exit_code=EXIT_USAGE,
        )
    return Target("time", moment.timestamp(), f"{moment:%Y-%m-%d %H:%M:%S.%f}+00")


def said(target: Target) -> str:
    """A moment in UTC and as this machine's clock shows it."""
    moment = datetime.fromtimestamp(target.at, UTC)
    here = moment.astimezone()
    utc = target.text.removesuffix("+00").removesuffix(".000000")
    return _("{moment} UTC ({here:%Y-%m-%d %H:%M:%S %Z} here)").format(moment=utc, here=here)


@contextmanager
def set_at(site: Site, vault: Vault, given: argparse.Namespace, emit: Emit) -> Iterator[str]:
    """Id of a set of what the databases held at a moment; it goes when the block ends well."""
    target = target_of(given.to, site.stack.language)
    if target.kind == "time" and not given.events:
        print(_("Back to {moment}").format(moment=said(target)), file=sys.stderr)
    made = set_of_moment(site, vault, moments_of(wiring.made_of(site)), target, emit)
    yield made.id
    forget_set(site, vault, made)


def replace_server(
    site: Site,
    vault: Vault,
    given: argparse.Namespace,
    consent: Callable[[], None],
    without_safety: Callable[[StackError], None],
    emit: Emit,
) -> ReplacedServer:
    """Show what it comes to, ask, and put the whole server back."""

    def approve(way: RecoveryPlan) -> None:
        if not given.events:
            print("\n".join(told(way)), file=sys.stderr)
        consent()
        detail = f"whole server, {way.begin.label}: {way.target.text}"
        vault.enter(site.clock.now(), caller(), "restore", detail)

    moments, target = moments_of(wiring.made_of(site)), target_of(given.to, site.stack.language)
    answers = Answers(approve, without_safety)
    keep = not given.without_safety_set
    return whole_server(site, vault, moments, target, answers, emit, wal=given.wal, safety=keep)


def told(way: RecoveryPlan) -> list[str]:
    """What will happen, in lines."""
    began = datetime.fromtimestamp(way.begin.ended, UTC)
    words = {"label": way.begin.label, "when": began, "size": megabytes(way.begin.size)}
    lines = [_("From {label} ({size}), which ended {when:%Y-%m-%d %H:%M:%S} UTC").format(**words)]
    if way.target.kind == "time":
        lines.append(_("up to {moment}").format(moment=said(way.target)))
        lost = _("What was written in the last {age} is lost.").format(age=age(way.loss_s))
        lines.append(paint(f"  ! {lost}", "red", sys.stderr))
    else:
        lines.append(_("up to the last commit that was archived or whose log survived"))
    if way.log.pieces:
        text = _("with what of the log in {folder} was not archived: {count} pieces lie there")
        lines.append(text.format(folder=way.log.folder, count=way.log.pieces))
    lines.append(
        f"  {paint('~', 'yellow', sys.stderr)} " + _("the whole database server is replaced; its data are kept")
    )
    if way.seconds is not None:
        lines.append(paint("  " + _("about {time}").format(time=seconds(way.seconds)), "dim", sys.stderr))
    return lines


def after(done: ReplacedServer) -> list[str]:
    """What to know when it is done."""
    lines = [_("It came up to the last commit at {moment}.").format(moment=done.came.until)] if done.came.until else []
    if done.way.log.pieces:
        text = _("{count} pieces of the log in {folder} came over.")
        lines.append(text.format(folder=done.way.log.folder, count=done.came.pieces))
    if done.kept:
        lines.append(
            _("The former data are in {folder}; remove them when you need them no more.").format(folder=done.kept)
        )
    if done.safety:
        lines.append(_("To go back: {command}").format(command=typed(f"founder restore {done.safety} --in-place")))
    return lines


def values(done: ReplacedServer) -> dict[str, object]:
    """The same for programs."""
    return {
        "backup": done.way.begin.label,
        "to": done.way.target.text,
        "kept": done.kept,
        "safety": done.safety,
        "log_pieces": done.came.pieces,
        "until": done.came.until,
    }
