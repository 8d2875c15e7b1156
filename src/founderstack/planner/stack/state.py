"""Digests of what shall be, in the same terms in which the runtime reports what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from founderstack.model.process import Desired, Instance, Process, State, Task, digest, secrets_in, texts

Digests = Mapping[str, str]
"""Secret name → digest of its value."""


def state_of(desired: Desired, secrets: Digests) -> State:
    """`desired` as digests; a rotated secret changes the digest of everything that refers to it."""
    return State(
        processes={name: instance_of(process, secrets) for name, process in desired.processes.items()},
        tasks={name: inputs_of(task, secrets) for name, task in desired.tasks.items()},
        rings=desired.rings,
    )


def instance_of(process: Process, secrets: Digests) -> Instance:
    """A process as diff compares it."""
    shape = (
        process.cwd,
        process.user,
        process.low_ports,
        process.stop_signal,
        process.stop_wait_s,
        process.parent_death_signal,
        process.folders,
        process.sockets,
    )
    parts = {
        "command": digest(process.argv, shape, process.expendable, process.privileged),
        "environment": digest(process.env, _used(process.env, secrets)),
        "description": digest(*_told(process)),
    }
    for file in process.files:
        parts[f"file:{file.path.rsplit('/', 1)[-1]}"] = digest(file, _used([file.content], secrets))
    return Instance(
        parts=parts,
        reloads=process.reload_signal is not None,
        interrupts=process.interrupts,
        ring=process.ring,
        needs=process.needs,
        follows=process.follows,
        identity=process.identity,
    )


def _told(process: Process) -> tuple[object, ...]:
    """What only the agent and the panel need to know."""
    told = (process.card, process.ready, process.log_files, process.reopen_signal, process.drain_s)
    return (*told, process.memory_limit_mib, *process.around)


def inputs_of(task: Task, secrets: Digests) -> str:
    """Digest of all that a task's outcome depends on."""
    if task.inputs:
        return digest(task.inputs)
    return digest(task.action, _used(texts(task), secrets))


def _used(values: object, secrets: Digests) -> tuple[tuple[str, str], ...]:
    names = {name for text in _flat(values) for _, name, _ in secrets_in(text)}
    return tuple(sorted((name, secrets.get(name, "")) for name in names))


def _flat(values: object) -> Iterable[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, Iterable):
        for value in values:
            yield from _flat(value)
