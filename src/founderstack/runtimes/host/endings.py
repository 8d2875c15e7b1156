"""Stops a process with everything that it started."""

from __future__ import annotations

from founderstack.runtimes.host.records import Records
from founderstack.runtimes.host.supervisor import Supervisor
from founderstack.world.os import accounts, processes as programs


def end(stack: str, supervisor: Supervisor, records: Records, name: str) -> None:
    """Stop a process in its own way, then kill what it left behind; it is stopped already when this is run twice.

    That is its process group and, where nobody else is of its system user, whatever that user still runs: PostgreSQL's
    children lead groups of their own. The group is the one that the supervisor made, never what the process's user
    wrote down. Raises StackError where something cannot be ended.
    """
    group = next((status.pid for status in supervisor.statuses() if status.name == name), 0)
    supervisor.stop(name)
    if group:
        programs.signal(-group, "KILL")
    known = records.all()
    user = known.get(name, {}).get("user")
    if user and not any(record["user"] == user for other, record in known.items() if other != name):
        accounts.end_all_of(accounts.user_name(stack, user))
