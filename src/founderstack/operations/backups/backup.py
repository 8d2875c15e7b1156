"""Take a set, bring it off the machine, and let go of those that have served their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from founderstack.locale import _, joined
from founderstack.model.backup import FoundSet, Manifest
from founderstack.model.errors import EXIT_USAGE, StackError, StackErrors
from founderstack.model.events import Event
from founderstack.model.protocols import Emit, Progress
from founderstack.model.vault import FoundSets, SetDamaged, Vault
from founderstack.operations.backups.listing import index
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.planner.backups.retention import Keep, expired, restored_from
from founderstack.planner.backups.schedule import ahead

TAKE, SEND, EXPIRE = "backup:take", "backup:send", "backup:expire"


@dataclass(frozen=True)
class Outcome:
    """What a backup came to."""

    manifest: Manifest
    places: tuple[str, ...]
    """Names of the places that hold it."""
    removed: tuple[str, ...] = ()
    """Ids of sets whose time was over."""
    lost: tuple[str, ...] = ()
    """`place: id` of what a place held and holds no more."""


def backup(site: Site, vault: Vault, kind: str, emit: Emit) -> Outcome:
    """A new set in every place; older ones that were not yet brought off the machine go with it.

    Raises StackError where it cannot be taken, with nothing left of it; where it was taken but could not be brought off
    the machine: then it is here, and the next backup brings it there; and where it does not hold all that it should;
    all of it where more than one is so.
    """
    chosen = kind or vault.kinds()[0]
    if chosen not in vault.kinds():
        raise StackError(
            _("There is no kind of backup called “{kind}”").format(kind=chosen),
            _("This engine takes: {kinds}.").format(kinds=", ".join(vault.kinds())),
            _("Name one of these: founder backup --kind {kind}").format(kind=vault.kinds()[0]),
            exit_code=EXIT_USAGE,
        )
    with vault.lock("backup"), remembered(site, vault):
        return _backup(site, vault, chosen, emit)


def taken_here(site: Site, vault: Vault, replaced_by: str, emit: Emit) -> Manifest:
    """A set on this machine alone, before something is put in the place of what it holds. Under the caller's lock.

    Raises StackError where it lacks anything: that would be lost.
    """
    with reporting(TAKE, noted(site.history, emit), site.clock) as report:
        taken = vault.take(vault.kinds()[0], report.progress, replaced_by)
    if taken.lacks:
        raise StackError(
            _("The safety set is not whole"),
            joined("\n", taken.lacks),
            _("Cure what it says, then run the command again."),
        )
    return taken


def safety_set(site: Site, vault: Vault, replaced_by: str, emit: Emit, without: Callable[[StackError], None]) -> str:
    """Id of a set of all that is there now, before a set or a moment takes its place.

    "" where none can be taken and `without`, which may raise, lets it pass.
    """
    try:
        return taken_here(site, vault, replaced_by, emit).id
    except StackError as problem:
        without(problem)
        return ""


def remember(site: Site, vault: Vault) -> None:
    """Keep for the agent and the panel what there is now."""
    vault.write_index(index(site.stack, vault.found(), site.clock.now()))


@contextmanager
def remembered(site: Site, vault: Vault) -> Iterator[None]:
    """Keep what there is after the block, however it ended; what went wrong in it is what is told."""
    try:
        yield
    except BaseException:
        with suppress(StackError):  # a full disk fails both, and only the first says what was not done
            remember(site, vault)
        raise
    remember(site, vault)


def _backup(site: Site, vault: Vault, kind: str, emit: Emit) -> Outcome:
    vault.tidy()
    with reporting(TAKE, noted(site.history, emit), site.clock) as report:
        manifest = vault.take(kind, report.progress)
    unsent = _send(site, vault, manifest, emit) if vault.away() else {}
    found = vault.found()
    vault.note(found)
    problems = [*_lacking(manifest), *(_unsent(manifest, *item) for item in unsent.items())]
    removed: tuple[str, ...] = ()
    try:
        removed = _expire(site, vault, found, emit)
    except StackError as problem:
        problems.append(_not_let_go(manifest, problem))
    if problems:
        raise StackErrors(problems) if len(problems) > 1 else problems[0]
    if vault.away():
        with suppress(StackError):  # the set is there: what lies beside it is the next backup's to tidy
            vault.tidy_away()
    return Outcome(manifest, ("local", "s3") if vault.away() else ("local",), removed, found.lost)


def _lacking(manifest: Manifest) -> list[StackError]:
    if not manifest.problem and not manifest.lacks:
        return []
    return [
        StackError(
            _("The backup is not whole") if manifest.lacks else _("Only a dump was taken"),
            joined("\n", filter(None, (*manifest.lacks, manifest.problem))),
            _("Cure what it says. The set {id} is kept, and the next backup tries the rest again.").format(
                id=manifest.id
            ),
        )
    ]


def _unsent(newest: Manifest, set_id: str, problem: StackError) -> StackError:
    what = _("The backup is on this machine only")
    if set_id != newest.id:
        what = _("An older backup, {id}, is on this machine only").format(id=set_id)
    return StackError(
        what,
        problem.summary,
        _("{fix} The set {id} is kept, and the next backup brings it along.").format(fix=problem.fix, id=set_id),
        exit_code=problem.exit_code,
    )


def _not_let_go(newest: Manifest, problem: StackError) -> StackError:
    return StackError(
        _("Backups whose time is over could not be removed"),
        problem.summary,
        _("{fix} The set {id} is kept, and the next backup removes them.").format(fix=problem.fix, id=newest.id),
        exit_code=problem.exit_code,
    )


def _send(site: Site, vault: Vault, newest: Manifest, emit: Emit) -> dict[str, StackError]:
    """The newest set, so that it is safe before time goes into older ones, and one more that waits; set id → why it
    was not brought there, where one was not.

    A damaged one that waits is told and marked, and holds up no other.
    """
    for one in _waiting(vault, newest, site.clock.now()):
        try:
            with reporting(SEND, noted(site.history, emit), site.clock) as report:
                _sent(vault, one, report.progress)
        except StackError as problem:
            if isinstance(problem, SetDamaged) and one.id != newest.id:
                continue
            return {one.id: problem}
        if one.id != newest.id:
            break
    return {}


def _sent(vault: Vault, manifest: Manifest, progress: Progress) -> Manifest:
    vault.send(manifest, progress)
    return manifest


def _waiting(vault: Vault, newest: Manifest, now: float) -> Sequence[Manifest]:
    """Sets that are here and not there, the newest first; not those that are known to be damaged, nor those that were
    there once: that the place has lost them is told, and not covered up."""
    found = vault.found()
    lost = {set_id for place in found.places for set_id in place.gone}
    waiting = [
        one.manifest
        for one in sorted(found.sets, key=lambda one: ahead(one.manifest.taken_at, now))
        if one.places == ("local",) and not one.missing and (not one.proof or one.proof.ok)
    ]
    return [newest, *(one for one in waiting if one.id not in {newest.id, *lost})]


def _expire(site: Site, vault: Vault, found: FoundSets, emit: Emit) -> tuple[str, ...]:
    settings = site.stack.parts["backup"].settings
    if found.unknown or found.lost:
        why = _("Nothing was let go, because this cannot be read: {what}").format(what="; ".join(found.unknown))
        if not found.unknown:
            why = _("Nothing was let go, because this is not there any more: {what}").format(what=_few(found.lost))
        noted(site.history, emit)(Event("done", EXPIRE, site.clock.now(), 0.0, why))
        return ()
    keep = Keep(settings.keep_last, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)
    now = site.clock.now()
    held = restored_from(found.sets, now)
    gone = [(place.name, one) for place in found.places for one in expired(_of(found, place.name), keep, now, held)]
    removed: dict[str, None] = {}
    for place, one in gone:
        vault.remove(place, one.manifest.id)
        removed[f"{one.manifest.id} ({place})"] = None
    kept = {one.manifest.id: one.manifest for one in found.sets}
    for one in found.sets:
        if all((place, one) in gone for place in one.places):
            kept.pop(one.manifest.id)
    vault.forget(tuple(kept.values()))
    if removed:
        noted(site.history, emit)(Event("done", EXPIRE, site.clock.now(), 0.0, ", ".join(removed)))
    return tuple(removed)


def _few(names: Sequence[str]) -> str:
    return "; ".join((*names[:5], *(["…"] if len(names) > 5 else [])))


def _of(found: FoundSets, place: str) -> list[FoundSet]:
    """The sets of one place; what is not whole there keeps nothing else from being kept."""
    return [
        one for one in found.sets if place in one.places and not any(name.startswith(place) for name in one.missing)
    ]
