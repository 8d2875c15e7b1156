"""What would change: read everything, decide, touch nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError, StackErrors
from founderstack.model.lost_secrets import PUT_BACK
from founderstack.model.plan import Plan, Step
from founderstack.model.process import Install, State, digest
from founderstack.model.stack import Choices, Release
from founderstack.model.words import AppBuild
from founderstack.operations.stack.site import Site
from founderstack.planner.stack.choose import choose
from founderstack.planner.stack.diff import diff
from founderstack.planner.stack.resolve import Facts, Resolved, resolve, views_of
from founderstack.planner.stack.state import state_of

LEAST_TO_CHANGE_MIB = 200
"""For files, logs and the database's own room to breathe."""
LEAST_TO_INSTALL_MIB = 3000
"""For the first time: environments about 1 GiB, the build of a Next.js app as much again, packages, data."""


@dataclass(frozen=True)
class Prepared:
    """A decided change."""

    facts: Facts
    resolved: Resolved
    actual: State
    plan: Plan
    wanted: State

    @property
    def choices(self) -> Choices:
        """What the stack file leaves open."""
        return self.facts.choices

    @property
    def release(self) -> Release | None:
        """The release of the app that shall serve."""
        return self.facts.release

    @property
    def digest(self) -> str:
        """Names this very plan: it changes with a step, and with what a step would make or finds."""
        steps = self.plan.steps
        return digest(*((step.id, step.risk, _told(self.wanted, step), _told(self.actual, step)) for step in steps))

    @property
    def resources(self) -> int:
        """How many things were looked at."""
        desired = self.resolved.desired
        return len(desired.processes) + len(desired.tasks) + len(desired.rings)


def _told(state: State, step: Step) -> tuple[object, ...]:
    """What `state` says of a step's target."""
    instance = state.processes.get(step.target)
    process = (sorted(instance.parts.items()), instance.up) if instance else ()
    return process, state.tasks.get(step.target), state.rings.get(step.target)


def prepare(site: Site, release: Release | None = None) -> Prepared:
    """The plan for the stack file as it is now, serving `release` of the app or the one that serves already.

    Instances that serve a ring are never restarted in place: where they would have to be (a new secret, another time
    to drain), fresh ones take over from them. Raises StackErrors for taken ports, data of another major version, or
    secrets that are gone.
    """
    choices = _choices(site)
    facts = Facts(
        machine=site.machine,
        places=site.places,
        choices=choices,
        release=release or _serving(site, choices),
        app_files=app_files(site),
        foundation=site.foundation,
    )
    actual = site.runtime.observe()
    _refuse_foreign_data(site, choices)
    refuse_lost_secrets(site, actual)
    prepared = decided(site, facts, actual)
    _refuse_full_disk(site, prepared.plan)
    _refuse_missing_packages(site, prepared.resolved)
    return prepared


def decided(site: Site, facts: Facts, actual: State) -> Prepared:
    """The plan from what runs to what was found out before, with the secrets as they are now."""
    prepared = _decided(site, facts, actual)
    serving, desired = facts.release, prepared.resolved.desired
    if serving and any(step.verb == "restart" and desired.processes[step.target].ring for step in prepared.plan.steps):
        return _decided(site, replace(facts, release=replace(serving, restarts=serving.restarts + 1)), actual)
    return prepared


def _decided(site: Site, facts: Facts, actual: State) -> Prepared:
    digests = site.secrets.digests()
    facts = replace(facts, secret_digests=digests)
    resolved = resolve(site.stack, site.components, facts)
    wanted, tasks = state_of(resolved.desired, digests), resolved.desired.tasks
    needs = {name: task.needs for name, task in tasks.items()}
    plan = diff(wanted, actual, needs, {name: task.identity for name, task in tasks.items()})
    return Prepared(facts, resolved, actual, plan, wanted)


def new_release(site: Site, ref: str, *, force: bool = False) -> Release:
    """The release that the app's source makes now, from the working tree or from a git ref.

    Its digest is that of the release that serves where both are made of the same; unless with `force`.
    """
    path = app_path(site)
    commit = site.source.commit(path, ref) if ref else ""
    current = site.releases.current()
    again = _last_number(site) + 1 if force else current.again if current else 0
    return _next_release(site, _choices(site), commit, again)


def _choices(site: Site) -> Choices:
    before = site.choices.load()
    ports = site.ports
    return choose(
        site.stack, site.components, site.machine, before, ports.usable, ports.holder, app_files=app_files(site)
    )


def _serving(site: Site, choices: Choices) -> Release | None:
    """The release that serves; another one where nothing was built yet, or where what is built into it has changed."""
    current = site.releases.current()
    if "app" not in site.stack.parts:
        return current
    if current is None:
        return _next_release(site, choices, "")
    newest = current.number == _last_number(site)
    # The folder as it was when an earlier release was built is gone: it would become the newest by the back door.
    if not current.built_in or current.built_in == _built_in(site, choices) or not (current.ref or newest):
        return current
    return _next_release(site, choices, current.ref)


def _next_release(site: Site, choices: Choices, commit: str, again: int = 0) -> Release:
    extra = _app_build(site, choices).inputs
    path = app_path(site)
    digest_ = site.source.digest(path, commit, (*extra, f"again {again}") if again else extra)
    return Release(
        _last_number(site) + 1, digest_, commit, built_in=_built_in(site, choices), again=again, by=site.by,
        revision=site.source.revision(path, commit),
    )  # fmt: skip


def _built_in(site: Site, choices: Choices) -> str:
    return digest(_app_build(site, choices).built_in)


def _last_number(site: Site) -> int:
    return max((release.number for release in site.releases.all()), default=0)


def _app_build(site: Site, choices: Choices) -> AppBuild:
    """What shapes a build of the app, asked before there is a release."""
    bare = Facts(machine=site.machine, places=site.places, choices=choices, app_files=app_files(site))
    return views_of(site.stack, site.components, bare)["app"].one(AppBuild)


def app_files(site: Site) -> frozenset[str]:
    """Names of the files in the app's folder; none where the stack has no app."""
    return site.source.files(app_path(site)) if "app" in site.stack.parts else frozenset()


def app_path(site: Site) -> str:
    """The folder of the app's source; raises StackError where the stack has no app."""
    part = site.stack.parts.get("app")
    if part is None:
        raise StackError(
            _("{file} has no app").format(file=site.stack.file),
            _("There is no [app] table and no folder “app” beside it."),
            _("Add [app] with the path of your application."),
        )
    return f"{site.stack.folder}/{part.settings.path}"


def _refuse_foreign_data(site: Site, choices: Choices) -> None:
    problems = []
    for part in site.stack.parts.values():
        component = site.components[part.component]
        wanted = choices.versions.get(component.name, "")
        if not component.data_marker or not wanted:
            continue
        folder = site.places.data(part.name)
        found = (site.disk.read(f"{folder}/{component.data_marker}") or wanted).strip()
        if found != wanted:
            problems.append(
                StackError(
                    _("The data in {folder} is {component} {found}, not {wanted}").format(
                        folder=folder, component=component.name, found=found, wanted=wanted
                    ),
                    _("founder.lock, or this machine’s distribution, asks for another major version."),
                    _('Write {component} = "{found}" under [versions] in founder.lock, or restore a dump.').format(
                        component=component.name, found=found
                    ),
                    exit_code=EXIT_PRECONDITION,
                )
            )
    if problems:
        raise StackErrors(problems)


def _refuse_full_disk(site: Site, plan: Plan) -> None:
    if not plan.steps:
        return
    free = site.disk.free_mib(site.places.state)
    installs = any(step.verb == "do" for step in plan.steps)
    least = LEAST_TO_INSTALL_MIB if installs and not site.secrets.exists() else LEAST_TO_CHANGE_MIB
    if free < least:
        raise StackError(
            _("There is not enough room on the disk of {state}").format(state=site.places.state),
            _("{free} MiB are free; this change wants at least {least} MiB.").format(free=free, least=least),
            _("Make room there, or set FOUNDER_HOME to a folder on a larger disk."),
            exit_code=EXIT_PRECONDITION,
        )


def _refuse_missing_packages(site: Site, resolved: Resolved) -> None:
    """Where nothing can be installed, say at once all that somebody else must install."""
    if site.machine.root:
        return
    actions = [task.action for task in resolved.desired.tasks.values() if isinstance(task.action, Install)]
    missing = [
        name
        for action in actions
        if not all(site.disk.exists(path) for path in action.provides)
        for name in action.packages
    ]
    if missing:
        raise StackError(
            _("Packages are missing: {names}").format(names=", ".join(missing)),
            _("Only root can install them, and this is {user}.").format(user=site.machine.user),
            f"sudo apt-get install --no-install-recommends {' '.join(missing)}",
            exit_code=EXIT_PRECONDITION,
        )


def refuse_lost_secrets(site: Site, actual: State) -> None:
    """Raise StackError where services have secrets that the stack has no more: new ones would not fit."""
    if (actual.processes or actual.tasks) and not site.secrets.exists():
        raise StackError(
            _("The secrets of this stack are gone"),
            _("{state}/secrets.json is not there, but services that were given them are.").format(
                state=site.places.state
            ),
            _(PUT_BACK),
            exit_code=EXIT_PRECONDITION,
        )
