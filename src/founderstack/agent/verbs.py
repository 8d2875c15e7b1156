"""The verbs of the agent: what each takes and who may ask it. A request that is not in this table does not exist."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from founderstack.locale import _
from founderstack.model.errors import StackError

PROTOCOL = 1
Caller = Literal["owner", "panel"]


@dataclass(frozen=True)
class Verb:
    """One thing the agent can be asked."""

    name: str
    summary: str
    arguments: Mapping[str, type] = field(default_factory=dict)
    """Argument name → its type; all are needed and none but these and the optional ones are taken."""
    optional: Mapping[str, type] = field(default_factory=dict)
    callers: frozenset[Caller] = frozenset({"owner", "panel"})
    streams: bool = False
    """True where the answer is many lines: as long as the client listens, or until there is no more to say."""


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("ping", "whether the agent is there"),
        Verb("status", "every process as last seen"),
        Verb("judge", "ask every process now, and say who is not online", callers=frozenset({"owner"})),
        Verb("watch", "the same, then each change on a line of its own", streams=True),
        Verb("history", "how a process did: roll-ups of its answers", {"process": str}, optional={"hours": int}),
        Verb("happened", "the newest events of the stack's history", optional={"limit": int}),
        Verb("logs", "the last lines of a log", {"process": str}, optional={"lines": int}),
        Verb("tail", "the same, then each new line", {"process": str}, optional={"lines": int}, streams=True),
        Verb("plan", "what the command line would change, and why", optional={"language": str}),
        Verb(
            "run",
            "begin a verb of the command line as a job",
            {"verb": str, "options": dict, "by": str},
            optional={"language": str},
        ),
        Verb("jobs", "the newest jobs, without their events"),
        Verb("job", "one job with its events", {"id": str}),
        Verb("follow", "each event of a job, then the job as it ended", {"id": str}, streams=True),
        Verb("releases", "the releases of the app that are kept, and which of them serves"),
        Verb("waiting", "what a deploy would bring", optional={"ref": str, "language": str}),
        Verb("build", "what the newest build of a release said", {"digest": str}),
        Verb("building", "what the build of a job says, until the job ends", {"id": str}, streams=True),
        Verb("backups", "what backups there are, as the command line lists them"),
        Verb("restart", "stop and start one process, and wait until it is ready", {"process": str}),
        Verb("credentials", "the sign-ins that the services offer, secrets masked"),
        Verb("reveal", "the secret of one sign-in; who asked is written down", {"name": str, "by": str}),
        Verb("stop", "end the agent", callers=frozenset({"owner"})),
    )
}


@dataclass(frozen=True)
class Request:
    """A checked request."""

    verb: str
    arguments: Mapping[str, Any]


def read_request(line: bytes, caller: Caller) -> Request:
    """The request in one line; raises StackError for what is not one or is not allowed to `caller`."""
    try:
        values = json.loads(line)
        version, name, arguments = values["v"], values["verb"], values["args"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused(_('It is not one line of JSON with "v", "verb" and "args".')) from None
    if version != PROTOCOL:
        raise StackError(
            what=_("The agent does not understand this request"),
            why=_("The agent speaks version {ours} of its protocol, not {theirs}.").format(
                ours=PROTOCOL, theirs=version
            ),
            fix=_("Run founder up, so that every part is of the same release."),
        )
    verb = VERBS.get(name) if isinstance(name, str) else None
    if verb is None:
        raise refused(_("There is no such verb."))
    if caller not in verb.callers:
        raise refused(_("Only the owner of the stack may ask for this."))
    if not isinstance(arguments, dict) or not fits(arguments, verb.arguments, verb.optional):
        raise refused(_("Its arguments are not those of the verb {verb}.").format(verb=verb.name))
    return Request(verb.name, arguments)


def fits(values: Mapping[str, Any], needed: Mapping[str, type], optional: Mapping[str, type]) -> bool:
    """True where `values` has all that is needed, nothing that is unknown, and each of exactly its type."""
    known = {**needed, **optional}
    return values.keys() >= needed.keys() and all(type(value) is known.get(name) for name, value in values.items())


def refused(why: str) -> StackError:
    """The error for a request that cannot be carried out as it stands."""
    return StackError(
        what=_("The agent refused a request"),
        why=why,
        fix=_("Use the founder command or the panel."),
    )
