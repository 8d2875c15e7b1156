"""A whole stack from one of its backups, on a machine that knows nothing of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from founderstack.locale import _, joined
from founderstack.model.backup import FoundSet
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.events import Event
from founderstack.model.protocols import Clock, Emit, Progress
from founderstack.model.rebuild import Origin, RebuildTarget, State
from founderstack.operations.stack.converge import converge
from founderstack.operations.stack.prepare import decided, prepare
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import reporting
from founderstack.planner.backups.counting import none_usable, usable
from founderstack.planner.backups.rebuild import moved, only


@dataclass(frozen=True)
class Choice:
    """What is rebuilt from what."""

    stack: str
    one: FoundSet
    state: State


@dataclass(frozen=True)
class Opening:
    """How what was put back is opened."""

    site: Callable[[str], Site]
    """The stack of a stack file."""
    filling: Callable[[FoundSet, Site], RebuildTarget]
    clock: Clock


def choose(origin: Origin, stack: str, wanted: str, now: float) -> Choice:
    """The stack and the set that are meant: the only stack, and its newest whole set that counts or the one of this id.

    Raises StackError where that is not clear, or where the machine has something of that stack already.
    """
    names = origin.stacks()
    name = stack or (names[0] if len(names) == 1 else "")
    if name not in names:
        raise _which_stack(origin, stack, names)
    state = origin.state(name)
    if state.there and not state.set:
        raise StackError(
            _("This machine has a stack “{name}” already").format(name=name),
            _("A rebuild would put the old in the place of what is here."),
            _(
                "To bring back data into a stack that runs: founder restore. To set aside what is here: founder down, "
                "then {command}"
            ).format(command=shlex.join(["mv", state.home, f"{state.home}.old"])),
            exit_code=EXIT_PRECONDITION,
        )
    one = _which_set(origin, name, wanted, state, now)
    try:
        origin.try_out(one)
    except StackError as error:
        raise _or_another(origin, one, error) from None
    return Choice(name, one, state if one.manifest.id == state.set else State(home=state.home))


def bring_back(origin: Origin, choice: Choice, folder: str, opening: Opening, emit: Emit) -> Site:
    """All that the set holds, put where `founder up` finds it; goes on where an earlier attempt stopped.

    Settings and secrets come first, then the servers that keep data, their databases and objects, and the files:
    nothing serves before its data is there. What remains is `up` and then `end`.
    """
    one, parts = choice.one, _Parts(origin, choice, opening.clock, emit)
    origin.begin(one, folder)
    file = origin.restore_settings(one, folder)
    parts.do("source", lambda progress: origin.restore_source(one, file, progress))
    site = opening.site(file)
    parts.tell("server", lambda tell: _bring_up_servers(site, one, tell))
    filling = opening.filling(one, site)
    parts.do("roles", lambda _progress: filling.restore_roles())
    try:
        for name in filling.databases():
            parts.do(f"database:{name}", partial(filling.restore_database, name))
    except StackError as error:
        raise error if origin.state(choice.stack).filled else _or_another(origin, one, error) from None
    for component in filling.components():
        parts.do(f"files:{component}", partial(filling.restore_files, component))
    return site


def end(origin: Origin, choice: Choice, site: Site) -> tuple[str, ...]:
    """Note that everything is as it was; but for these settings, which the servers of this machine refuse."""
    refused = origin.state(choice.stack).refused
    origin.end(choice.stack)
    site.history.record(Event("done", f"rebuild:{choice.one.manifest.id}", site.clock.now()))
    return refused


class _Parts:
    """Does each part once, told as events and noted when it is done."""

    def __init__(self, origin: Origin, choice: Choice, clock: Clock, emit: Emit) -> None:
        self._origin = origin
        self._choice = choice
        self._clock = clock
        self._emit = emit

    def do(self, name: str, work: Callable[[Progress], Sequence[str] | None]) -> None:
        """Do it unless it is noted as done; what is refused of it, in words, does not end it."""
        if name in self._choice.state.done:
            return
        with reporting(f"rebuild:{name}", self._emit, self._clock) as report:
            refused = work(report.progress) or ()
            self._origin.note(self._choice.stack, name, refused)
            report.outcome = joined(" ", refused)

    def tell(self, name: str, work: Callable[[Callable[[str], None]], object]) -> None:
        """Do it each time; what it tells is shown as its progress."""
        with reporting(f"rebuild:{name}", self._emit, self._clock) as report:
            work(lambda detail: report.tell("progress", detail))


def _bring_up_servers(site: Site, one: FoundSet, tell: Callable[[str], None]) -> None:
    """The database server with its roles, and object storage where the set holds objects; nothing else.

    What this system cannot keep is chosen anew first.
    """
    with site.lock("rebuild"):
        site.changed()
        site.choices.save(moved(site.choices.load(), site.components, site.machine))
        prepared = prepare(site)
        site.choices.save(prepared.choices)
        site.secrets.ensure(prepared.resolved.secrets)
        prepared = decided(site, prepared.facts, site.runtime.observe())
        kept = {file.about for file in one.manifest.of_kind("objects")}
        names = [
            name
            for key, part in site.stack.parts.items()
            if key == "database" or part.name in kept
            for name in prepared.resolved.components[key].ready(part.name)
        ]
        plan = only(prepared.plan, prepared.resolved.desired, names)
        converge(plan, prepared.resolved.desired, site.runtime, site.clock, lambda event: tell(event.step))


def _which_stack(origin: Origin, stack: str, names: Sequence[str]) -> StackError:
    if not names:
        return StackError(
            _("There are no backups in {place}").format(place=origin.where),
            _("Nothing there is a set of a stack."),
            _("Check the address: the page of “founder kit” has it."),
            exit_code=EXIT_PRECONDITION,
        )
    what = _("There are no backups of “{name}” in {place}") if stack else _("{place} has backups of several stacks")
    return StackError(
        what.format(name=stack, place=origin.where),
        _("There are: {names}.").format(names=", ".join(names)),
        _("Say which: --name {name}").format(name=names[0]),
        exit_code=EXIT_USAGE,
    )


def _which_set(origin: Origin, stack: str, wanted: str, state: State, now: float) -> FoundSet:
    """The set that is meant, by the beginning of its name; once data came back, none but the one that they are of."""
    if state.filled and not state.set.startswith(wanted):
        raise StackError(
            _("A rebuild from another set has not ended"),
            _("Data of {set} came back already.").format(set=state.set),
            _("Go on with it: --set {set}").format(set=state.set),
            exit_code=EXIT_PRECONDITION,
        )
    sets = origin.sets(stack)
    whole = [one for one in sets if not one.missing]
    meant = wanted or state.set
    found = [one for one in whole if one.manifest.id.startswith(meant)] if meant else usable(sets, now)
    if found and (len(found) == 1 or not meant):
        return found[0]
    if whole and not meant:
        raise none_usable(sets, now, _("Name the one that you want: --set {id}").format(id=whole[0].manifest.id))
    raise StackError(
        _("Which set is “{name}”?").format(name=meant)
        if found
        else _("There is no whole backup {id}").format(id=meant)
        if meant
        else _("No backup is whole"),
        _("Whole are: {names}.").format(names=_names(found or whole)),
        _("Choose one of them with --set, or look into another place with --from."),
        exit_code=EXIT_USAGE if meant else EXIT_PRECONDITION,
    )


def _names(sets: Sequence[FoundSet]) -> str:
    return ", ".join(one.manifest.id for one in sets[:5]) or "–"


def _or_another(origin: Origin, one: FoundSet, error: StackError) -> StackError:
    """What went wrong with a set before any of its data came back, and the next one as the way out."""
    others = [other for other in origin.sets(one.manifest.stack) if not other.missing]
    older = [other for other in others if other.manifest.id < one.manifest.id] or others
    left = [other.manifest.id for other in older if other.manifest.id != one.manifest.id]
    if not left:
        return error
    fix = _("Try it again, or bring back another set: --set {set}").format(set=left[0])
    return StackError(error.what, error.why, fix, exit_code=error.exit_code)
