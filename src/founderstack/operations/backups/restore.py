"""Bring back what a set holds: beside what is used, or in its place, after a safety set of what is replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.backup import FoundSet
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Emit, Progress
from founderstack.model.vault import FoundSets, LeftoverCopy, Vault
from founderstack.operations.backups.backup import remembered, safety_set
from founderstack.operations.stack.site import Site
from founderstack.operations.stack.step_report import noted, reporting
from founderstack.planner.backups.counting import counted
from founderstack.planner.backups.restore import Item, RestorePlan, Wish, comparison, pick, restoring, staged

_UNPACKED = 5
"""Bytes of a database for one of its dump, where nobody knows better."""
_LOG = 1024**3
"""The most that the database's log grows by while rows come back (PostgreSQL's `max_wal_size`)."""
CONTINUED_FOR_S = 3600.0
"""A restore that did not end is gone on with for so long; after that, what it has done is not taken for today's."""


@dataclass(frozen=True)
class Answers:
    """What somebody is asked on the way; each raises StackError when the answer is no."""

    approve: Callable[[RestorePlan], None]
    """Shows what will happen."""
    replace_copies: Callable[[Sequence[LeftoverCopy]], None]
    """Copies of an earlier restore stand where this one's shall go."""
    without_safety: Callable[[StackError], None]
    """No safety set can be taken, and why."""


@dataclass(frozen=True)
class RestoreResult:
    """What came of it."""

    plan: RestorePlan
    safety: str = ""
    """Id of the set that was taken before anything was replaced, "" for none."""
    roles: tuple[str, ...] = ()
    """Roles that were missing, and own things again; none of them can sign in."""
    refused: tuple[str, ...] = ()
    """Settings that the server refuses, in words; all else is there."""


def restore(
    site: Site, vault: Vault, wish: Wish, answers: Answers, emit: Emit, *, safety: bool = True
) -> RestoreResult:
    """Carry out a wish. One that did not end is taken up where it stopped when the same is asked for again soon.

    In place, everything is restored and compared first; only then is a safety set taken and do names change: a failure
    leaves what was there as it was, and what people write while all that goes on is in the safety set. Raises
    StackError where the set is damaged, another's or too new for this server.
    """
    with ExitStack() as held:
        held.enter_context(vault.lock("restore"))
        if wish.in_place:
            held.enter_context(site.lock("restore"))
        left, found, now = vault.journal(), vault.found(), site.clock.now()
        newest = _newest(found.sets, now)
        journal = left if _goes_on(left, wish, newest, now) else {}
        one = vault.open(_chosen(found, wish, left, journal, now))
        plan = restoring(wish, one, vault.restored_folder, site.history.typical_seconds, now, vault.in_psql)
        _refuse_full_disk(site, plan)
        answers.approve(plan)
        # What a run of this very restore has left is its own.
        if not journal and (copies := [] if wish.in_place else _standing(vault, plan)):
            answers.replace_copies(copies)
        if not journal and left.get("swapping"):
            vault.settle(str(left["swapping"]))
        began = {"wish": wish.mark, "set": one.manifest.id, "began": now, "newest": newest}
        run = _Run(site, vault, plan, emit, {**began, "kept": left.get("kept", []), **journal})
        with remembered(site, vault):
            run.carry_out(answers.without_safety if safety else None)
        return RestoreResult(plan, run.kept[-1] if run.kept and safety else "", run.roles, run.refused)


class _Run:
    """One restore, with what of it is done."""

    def __init__(self, site: Site, vault: Vault, plan: RestorePlan, emit: Emit, noted: dict[str, object]) -> None:
        self._site = site
        self._vault = vault
        self._plan = plan
        self._emit = emit
        self.noted = noted

    @property
    def swapping(self) -> bool:
        """True once a name has changed: what was there before is in no place but the safety set by then."""
        return bool(self.noted.get("swapping"))

    @property
    def kept(self) -> tuple[str, ...]:
        """Ids of the safety sets of this restore, and of those before it that did not end."""
        return _texts(self.noted, "kept")

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that this restore has made, and those before it that did not end."""
        return _texts(self.noted, "roles")

    @property
    def refused(self) -> tuple[str, ...]:
        """Settings that the server has refused to it, in words."""
        return _texts(self.noted, "refused")

    def _secure(self, without: Callable[[StackError], None]) -> None:
        """Take the safety set, of what is there now."""
        if taken := safety_set(self._site, self._vault, self._plan.one.manifest.id, self._emit, without):
            self.noted |= {"newest": taken, "kept": [*self.kept, taken]}
            self._vault.write_journal(self.noted)

    def once(self, name: str, work: Callable[[], object]) -> None:
        """Do something and note its outcome, unless it was noted by a run before."""
        if name not in self.noted:
            self.noted[name] = work() or True
            self._vault.write_journal(self.noted)

    def carry_out(self, without: Callable[[StackError], None] | None) -> None:
        """Everything: first what changes nothing that is used, then the safety set and the names.

        `without` is told why no safety set can be taken, and lets it pass or raises; None where none is wanted.
        """
        self.once("entered", self._enter)
        if any(item.kind == "database" for item in self._plan.items):
            self._step("restore:roles", lambda _progress: self._make_roles())
        for item in self._plan.items:
            if not self.swapping and item.facts is not None and not self._vault.has_database(item.into):
                self.noted.pop(item.key, None)  # somebody has removed it since
            self.once(item.key, lambda item=item: self._stage(item))  # type: ignore[misc]
        if self._plan.wish.in_place:
            if without and not self.swapping:
                self._secure(without)
            self._site.changed()
            for item in self._plan.items:
                self.once(f"swap:{item.key}", lambda item=item: self._swap(item))  # type: ignore[misc]
        self._vault.write_journal({})

    def _make_roles(self) -> None:
        made = self._vault.make_roles(self._plan.one)
        self.noted["roles"] = [*self.roles, *made]
        self._vault.write_journal(self.noted)

    def _enter(self) -> None:
        plan = self._plan
        what = ", ".join(f"{item.kind} {item.name}" for item in plan.items)
        how = "in place" if plan.wish.in_place else "beside"
        self._vault.enter(self._site.clock.now(), plan.wish.by, "restore", f"{plan.one.manifest.id}, {how}: {what}")

    def _stage(self, item: Item) -> None:
        one, wish = self._plan.one, self._plan.wish

        def work(progress: Progress) -> None:
            if item.facts is not None:
                refused = self._vault.restore_database(one, item.facts, item.into, wish.table, progress)
                self.noted["refused"] = list(dict.fromkeys((*self.refused, *refused)))
            else:
                self._vault.restore_files(one, item.name, progress, beside=not wish.in_place)

        self._step(f"restore:{item.key}", work)
        if item.facts is not None and not wish.table:
            facts = item.facts
            self._step(comparison(item), lambda _progress: self._vault.compare_database(facts, item.into))

    def _swap(self, item: Item) -> None:
        self.noted["swapping"] = item.key
        self._vault.write_journal(self.noted)

        def work(progress: Progress) -> None:
            if item.facts is None:
                self._swap_files(item.name, progress)
                return
            aside = staged(item.name, "_replaced")
            if self._vault.has_database(item.into):  # else its name was changed by a run that was killed then
                self._vault.drop_database(aside)
                self._vault.swap_database(item.name, item.into, aside)
            self._vault.drop_database(aside)

        self._step(f"restore:swap:{item.name}", work)

    def _swap_files(self, component: str, progress: Progress) -> None:
        """Processes that have the former files open are started again; instances of a ring look them up each time.

        What keeps a log stands still meanwhile: an entry of just now must not stay behind in the former files.
        """
        runtime, kept = self._site.runtime, {files.component for files in self._plan.one.files if files.by_name}
        applied = runtime.observe().processes.items()
        names = [name for name, one in applied if one.identity.component == component and not one.ring]
        still = [name for name in names if component in kept and runtime.observe().processes[name].up]
        for name in still:
            runtime.pause(name)
        try:
            again = self._vault.swap_files(self._plan.one, component, progress)
        finally:
            for name in still:
                runtime.resume(name)
        for name in names:
            if again and name not in still:
                runtime.restart(name)

    def _step(self, name: str, work: Callable[[Progress], None]) -> None:
        with reporting(name, noted(self._site.history, self._emit), self._site.clock) as report:
            work(report.progress)


def _standing(vault: Vault, plan: RestorePlan) -> list[LeftoverCopy]:
    """What an earlier restore has left in the places of this one's copies."""
    found = [
        vault.standing_database(item.into) if item.kind == "database" else vault.standing_files(item.name)
        for item in plan.items
    ]
    return [one for one in found if one is not None]


def _goes_on(left: dict[str, object], wish: Wish, newest: str, now: float) -> bool:
    """True where what a run left is of the same wish, and of this hour, and nothing was taken since."""
    began = left.get("began")
    return (
        left.get("wish") == wish.mark
        and str(left.get("set", "")).startswith(wish.set_id)
        and isinstance(began, float)
        and abs(now - began) < CONTINUED_FOR_S
        and left.get("newest") == newest
    )


def _chosen(found: FoundSets, wish: Wish, left: dict[str, object], journal: dict[str, object], now: float) -> FoundSet:
    """The set to restore from; the newest is never the one in which a run that did not end kept what it replaces.

    What is not found where something cannot be read may lie there: then that is what is told.
    """
    named = str(journal.get("set", "")) or wish.set_id
    try:
        return pick([one for one in found.sets if named or one.manifest.id not in _texts(left, "kept")], named, now)
    except StackError as refused:
        if not found.unknown:
            raise
        why = _("This cannot be read: {what}").format(what="; ".join(found.unknown))
        raise StackError(refused.what, why, _("Cure what it says, then run the command again.")) from None


def _texts(noted: dict[str, object], name: str) -> tuple[str, ...]:
    found = noted.get(name)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _newest(sets: Sequence[FoundSet], now: float) -> str:
    return next((one.manifest.id for one in counted(sets, now)), "")


def _room(item: Item, *, whole: bool) -> int:
    """Bytes that an item takes until it is in its place, `whole` or one table of it among empty ones."""
    if item.facts is None:
        return item.bytes
    if not whole or not item.facts.size:
        return item.bytes * _UNPACKED
    return item.facts.size + min(item.facts.size, _LOG)


def _refuse_full_disk(site: Site, plan: RestorePlan) -> None:
    """Staging needs the room of a second copy, and the database's log some more; said before anything begins."""
    needed = sum(_room(item, whole=not plan.wish.table) for item in plan.items) // 2**20
    free = site.disk.free_mib(site.places.state)
    if free < needed + 100:
        raise StackError(
            _("There is not enough room to restore"),
            _("About {needed} MiB are needed, and {free} MiB are free on the disk of {state}.").format(
                needed=needed, free=free, state=site.places.state
            ),
            _("Make room there, or restore one part alone: founder restore --help"),
            exit_code=EXIT_PRECONDITION,
        )
