"""`founder scale app=3`: change how many instances of the app run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from founderstack import wiring
from founderstack.cli.stack.changes import carry_out, report
from founderstack.cli.terminal.kinds import one_of
from founderstack.cli.terminal.manner import manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.locale import N_
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.up import up
from founderstack.stackfile.edit import with_setting
from founderstack.world.os import files
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("scale", yes=True, example="founder scale app=3")
    options.add_argument(
        "wish", type=one_of(N_("app=N"), "app=1", "app=2", "app=3"), help=_("the app, and how many instances")
    )
    return options


def run(arguments: list[str]) -> int:
    """Write the number into the stack file, then apply it; a number that is refused leaves the file as it was."""
    options = usage()
    given = options.parse_args(arguments)
    manner = manner_of(given)
    file = find_stack_file(given.file)
    replicas = _replicas(given.wish)
    site = wiring.open_site(file)
    before = files.read_text(file) or ""
    after = with_setting(before, "app", "replicas", replicas)
    _require_app(site)
    try:
        wiring.check_stack(after.encode(), file, site.machine)
    except StackError as error:
        raise _impossible(replicas, error) from error
    mode = os.stat(file).st_mode & 0o777
    files.write_atomic(file, after, mode=mode)

    def take_back() -> None:
        files.write_atomic(file, before, mode=mode)

    with undone_unless_begun(wiring.open_site(file), take_back) as site:
        prepared, took = carry_out(site, partial(up, command="scale"), manner)
    return report(site, prepared, took, manner)


@contextmanager
def undone_unless_begun(site: Site, undo: Callable[[], None]) -> Iterator[Site]:
    """The site, with `undo` called where the block fails before anything of the stack was changed."""
    begun = False

    def changed() -> None:
        nonlocal begun
        begun = True
        site.changed()

    try:
        yield replace(site, changed=changed)
    except BaseException:  # somebody who presses Ctrl-C at the question has said no as well
        if not begun:
            undo()
        raise


def _replicas(wish: str) -> int:
    name, _sign, number = wish.partition("=")
    if name == "app" and number.isdigit():
        return int(number)
    raise StackError(
        _("“{wish}” does not say what to scale").format(wish=wish),
        _("Only the app has instances that share the load."),
        _("Write the number after the app: founder scale app=3"),
        exit_code=EXIT_USAGE,
    )


def _impossible(replicas: int, error: StackError) -> StackError:
    return StackError(
        _("The app cannot have {count} instances").format(count=replicas),
        error.why,
        _("Give another number; the stack file is as it was."),
        exit_code=error.exit_code,
    )


def _require_app(site: Site) -> None:
    if "app" not in site.stack.parts:
        raise StackError(
            _("{file} has no app").format(file=site.stack.file),
            _("There is no [app] table and no folder “app” beside it."),
            _("Add [app] with the path of your application."),
        )
