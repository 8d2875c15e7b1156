"""Make it so: the verbs that change a stack by planning and applying."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from founderstack.locale import _, joined
from founderstack.model.errors import EXIT_FAILED, EXIT_PRECONDITION, EXIT_USAGE, StackError, StackErrors
from founderstack.model.events import Event
from founderstack.model.protocols import Emit
from founderstack.model.stack import Release
from founderstack.operations.stack.converge import converge
from founderstack.operations.stack.prepare import Prepared, decided, new_release, prepare
from founderstack.operations.stack.site import Site

Approve = Callable[[Prepared], None]
"""Shows the plan and asks where there is a risk; raises StackError when the answer is no."""


def up(site: Site, approve: Approve, emit: Emit, release: Release | None = None, *, command: str = "up") -> Prepared:
    """Bring the stack to what its file says; returns what was decided. Nothing to do changes nothing."""
    with site.lock(command):
        return _apply(site, prepare(site, release), approve, emit)


def deploy(site: Site, ref: str, approve: Approve, emit: Emit, *, force: bool = False) -> Prepared:
    """Serve the app as its source is now (or at a git ref), without a failed request.

    A build that fails, or an instance that never gets ready, leaves the old release serving. What serves already is
    not built again, unless with `force`.
    """
    with site.lock("deploy"):
        release = new_release(site, ref, force=force)
        current = site.releases.current()
        if current is not None and current.digest == release.digest:
            release = replace(current, ref=release.ref)
        with _told_what_serves(current, emit) as watched:
            return _apply(site, prepare(site, release), approve, watched)


def rollback(site: Site, number: int, approve: Approve, emit: Emit) -> Prepared:
    """Serve an earlier release again: the one before, or the one with this number."""
    with site.lock("rollback"):
        return _apply(site, prepare(site, _earlier(site, number)), approve, emit)


def restart_app(site: Site, approve: Approve, emit: Emit) -> Prepared:
    """Replace every instance of the app by a fresh one of the same release, without a failed request."""
    with site.lock("restart"):
        current = site.releases.current()
        if current is None:
            raise StackError(
                _("There is no app to restart"), _("No release has been deployed."), _("Run “founder up” first.")
            )
        again = replace(current, restarts=current.restarts + 1)
        return _apply(site, prepare(site, again), approve, emit)


def rotate(site: Site, names: list[str], every: bool, approve: Approve, emit: Emit) -> Prepared:
    """New values for these secrets, or for every one, given to all who use them.

    For every one it does not matter whether the old ones are still there: a lost file is made anew. Where nothing was
    begun, because somebody said no or it cannot be done now, the secrets are what they were.
    """
    with site.lock("secrets rotate"):
        site.changed()
        put_back = site.secrets.as_they_are()
        plans: list[Prepared] = []
        events: list[Event] = []

        def approved(prepared: Prepared) -> None:
            approve(prepared)
            plans.append(prepared)

        def watched(event: Event) -> None:
            events.append(event)
            emit(event)

        try:
            if every:
                site.secrets.start_anew()
            for name in names:
                site.secrets.rotate(name)
            return _apply(site, prepare(site), approved, watched)
        except BaseException as error:
            if not events:
                put_back()
            elif isinstance(error, StackError):
                raise _half_rotated(site, plans[-1], events, error) from error
            raise


def _half_rotated(site: Site, prepared: Prepared, events: list[Event], error: StackError) -> StackErrors:
    """The error with, after it, who has not got the new secrets yet: `up` gives them to the rest."""
    done = {event.family_id for event in events if event.kind == "done"}
    left = [step.target for step in prepared.plan.steps if step.family_id not in done]
    processes, tasks = prepared.resolved.desired.processes, prepared.resolved.desired.tasks
    titles = [_(processes[name].card.title) for name in left if name in processes]
    titles += [_(tasks[name].summary) for name in left if name in tasks]
    still = StackError(
        _("The new secrets are not with everybody yet"),
        _("They are kept, and these have not got them or wait for who has not: {names}.").format(
            names=", ".join(dict.fromkeys(titles))
        ),
        _("When that is cured, run: founder up. It goes on where this stopped, and makes no secret anew."),
        exit_code=error.exit_code,
    )
    return StackErrors([*error.problems, still])


def _apply(site: Site, prepared: Prepared, approve: Approve, emit: Emit) -> Prepared:
    if prepared.plan.steps:
        approve(prepared)
        site.changed()
        site.choices.save(prepared.choices)
        site.secrets.ensure(prepared.resolved.secrets)
        # Instances are named after their secrets too, which exist only now.
        prepared = _approved_only(prepared, decided(site, prepared.facts, site.runtime.observe()))
        emit = _serving_noted(site, prepared, _recorded(site, prepared, emit))
        converge(prepared.plan, prepared.resolved.desired, site.runtime, site.clock, emit)
    elif prepared.choices != site.choices.load():
        site.choices.save(prepared.choices)
    if prepared.release is not None:
        site.releases.save_current(prepared.release)
    site.settled(tuple(prepared.resolved.desired.processes))
    return prepared


@contextmanager
def _told_what_serves(current: Release | None, emit: Emit) -> Iterator[Emit]:
    """An error on the way to another release also says, as long as it is so, that the one before answers requests."""
    began: list[str] = []

    def watched(event: Event) -> None:
        if event.kind == "started":
            began.append(event.step)
        emit(event)

    try:
        yield watched
    except StackError as error:
        switched = any(step.startswith("switch:") for step in began)
        if current is None or switched or not began or len(error.problems) > 1:
            raise
        still = _("Requests still go to release {number}.").format(number=current.number)
        raise StackError(error.what, joined("\n", (error.why, still)), error.fix, exit_code=error.exit_code) from error


def _approved_only(shown: Prepared, now: Prepared) -> Prepared:
    """The plan as it is now that the secrets exist; a step that was not shown stops the run."""
    approved = {step.family_id for step in shown.plan.steps}
    surprises = [step for step in now.plan.steps if step.family_id not in approved]
    if surprises:
        told = ", ".join(f"{step.verb} {step.called()}" for step in surprises)
        raise StackError(
            _("The stack changed while the plan was shown"),
            _("These steps were not in it: {steps}").format(steps=told),
            _("Run the command again and read the new plan."),
            exit_code=EXIT_FAILED,
        )
    return now


def _recorded(site: Site, prepared: Prepared, emit: Emit) -> Emit:
    """Keeps how long each took, under what stays from one release to the next."""
    kept = {step.id: step.service_id for step in prepared.plan.steps}

    def both(event: Event) -> None:
        if event.kind != "progress":
            site.history.record(replace(event, step=kept[event.step]))
        emit(event)

    return both


def _serving_noted(site: Site, prepared: Prepared, emit: Emit) -> Emit:
    """Notes the release once requests go to it: what comes after, as old instances drain, may break off."""
    left = {step.id for step in prepared.plan.steps if step.id.startswith("switch:")}

    def noted(event: Event) -> None:
        if event.kind == "done" and event.step in left:
            left.remove(event.step)
            if not left and prepared.release is not None:
                site.releases.save_current(prepared.release, drop=False)
        emit(event)

    return noted


def _earlier(site: Site, number: int) -> Release:
    current = site.releases.current()
    before = [release for release in site.releases.all() if current is None or release.number != current.number]
    if number:
        before = [release for release in before if release.number == number]
    else:
        before = [release for release in before if current is None or release.number < current.number]
    if not before:
        raise _none_earlier(site, current, EXIT_USAGE if number else EXIT_PRECONDITION)
    return before[-1]


def _none_earlier(site: Site, current: Release | None, exit_code: int) -> StackError:
    what = _("There is no such release to go back to")
    if current is None:
        return StackError(
            what, _("No release has been deployed."), _("Run “founder up” first."), exit_code=EXIT_PRECONDITION
        )
    if others := [str(release.number) for release in site.releases.all() if release.number != current.number]:
        return StackError(
            what,
            _("Release {current} serves; kept besides it: {releases}.").format(
                current=current.number, releases=", ".join(others)
            ),
            _("Choose one of them: founder rollback NUMBER"),
            exit_code=exit_code,
        )
    return StackError(
        what,
        _("Release {current} serves, and no other is kept.").format(current=current.number),
        _("Serve another source: founder deploy, with --ref COMMIT for an earlier one."),
        exit_code=exit_code,
    )
