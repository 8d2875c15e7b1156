"""Carries out tasks: work done once for given inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from founderstack.model import process as p
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock
from founderstack.model.stack import Places
from founderstack.runtimes.host.commands import Fill, run_command
from founderstack.runtimes.host.layout import Layout
from founderstack.runtimes.host.placer import Placer
from founderstack.runtimes.host.records import Record, Records
from founderstack.runtimes.host.unready import explained
from founderstack.world.install import builds, downloads, environments, node_packages, packages
from founderstack.world.keys import certificates
from founderstack.world.os import accounts

Progress = Callable[[str], None]

BUILDER = "build"
"""The account that builds of the app run as; it owns nothing else."""


class Work:
    """Does tasks and remembers which were done with which inputs."""

    def __init__(self, stack: str, layout: Layout, places: Places, placer: Placer, fill: Fill, clock: Clock) -> None:
        self._stack = stack
        self._clock = clock
        self._places = places
        self._placer = placer
        self._fill = fill
        self._records = Records(layout.tasks)

    def done(self) -> dict[str, str]:
        """Task → digest of the inputs it was done with, for tasks whose outcome is still there."""
        now = self._clock.now()
        records = self._records.all().items()
        return {name: str(record["inputs"]) for name, record in records if _holds(record) and not _due(record, now)}

    def do(self, task: p.Task, inputs: str, progress: Progress) -> None:
        """Do a task and write down that it was done. Doing it twice has the effect of doing it once."""
        try:
            leaves = self._carry_out(task, progress)
        except StackError as error:
            raise explained(error, task.signs) from None
        record: dict[str, object] = {"inputs": inputs, "leaves": list(leaves)}
        if isinstance(task.action, p.Certificate):
            certificate = {"component": task.component, "names": task.action.names, "folder": task.action.folder}
            record |= {"certificate": certificate, "renew_at": certificates.renewal_due(leaves[0])}
        self._records.put(task.name, record)

    def renew(self) -> list[str]:
        """Make certificates anew that end soon; the names of their tasks."""
        now = self._clock.now()
        due = {name: record for name, record in self._records.all().items() if _due(record, now)}
        for name, record in due.items():
            about = record["certificate"]
            leaves = self._certificate(about["component"], about["names"], about["folder"])
            self._records.put(name, {**record, "renew_at": certificates.renewal_due(leaves[0])})
        return list(due)

    def _carry_out(self, task: p.Task, progress: Progress) -> Sequence[str]:
        """Paths that show that the task's outcome is still there."""
        match task.action:
            case p.Certificate(names=names, folder=folder):
                return self._certificate(task.component, names, folder)
            case p.Build(digest=digest):
                user = accounts.ensure_user(self._stack, BUILDER)
                builds.build(task.action, self._places, user=user, progress=progress)
                return (self._places.release(digest),)
            case p.Run():
                self._run(task.component, task.action)
                return ()
            case program:
                return self._bring(program, progress)

    def _bring(self, program: p.Program, progress: Progress) -> Sequence[str]:
        """Install a program; paths that show that it is there."""
        match program:
            case p.Install(packages=names, provides=provides):
                packages.install(names, provides, progress)
                return provides
            case p.Download(name=name):
                return (downloads.download(program, self._places.program(name), progress=progress),)
            case p.PythonEnvironment():
                return self._python_environment(program, progress)
            case p.NodeRuntime(version=version):
                node, python = self._places.node(version), self._places.python
                environments.node_runtime(node, version, python=python, progress=progress)
                return (node,)
            case p.NodePackages():
                return self._node_packages(program, progress)

    def _python_environment(self, action: p.PythonEnvironment, progress: Progress) -> Sequence[str]:
        path = self._places.environment(action.name)
        pins = f"{self._places.package}/pins/{action.pins}"
        package = self._places.package if action.with_tool else ""
        environments.python_environment(path, pins, self._places.python, package, progress=progress)
        return (path,)

    def _node_packages(self, action: p.NodePackages, progress: Progress) -> Sequence[str]:
        path = self._places.node_packages(action.name)
        pins, node = f"{self._places.package}/pins/{action.pins}", self._places.node(action.node)
        node_packages.node_packages(path, pins, node, progress=progress)
        return (path,)

    def _certificate(self, component: str, names: Sequence[str], folder: str) -> Sequence[str]:
        owner = self._placer.owner(component)
        made = certificates.ensure_certificate(folder, names, self._clock, owner=owner.user)
        return (made.certificate, made.key)

    def _run(self, component: str, action: p.Run) -> None:
        owner = self._placer.owner(action.account or component)
        for folder in action.folders:
            self._placer.ensure_folder(folder, owner)
        for file in action.files:
            self._placer.write_file(file, owner)
        if action.alone_until and not os.path.exists(action.alone_until):
            accounts.end_all_of(owner.user)
        for command in action.commands:
            run_command(command, owner.user, self._fill)


def _due(record: Record, now: float) -> bool:
    return bool(record.get("renew_at", now + 1) <= now)


def _holds(record: Record) -> bool:
    return all(os.path.exists(path) for path in record.get("leaves", ()))
