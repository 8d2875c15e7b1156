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
    """Argument name → its type; all are needed and no others are taken."""
    callers: frozenset[Caller] = frozenset({"owner", "panel"})


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("ping", "whether the agent is there"),
        Verb("status", "every process as last seen"),
        Verb("watch", "the same, then each change on a line of its own"),
        Verb("restart", "stop and start one process, and wait until it is ready", {"process": str}),
        Verb("credentials", "names of the sign-ins that each process offers"),
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
        raise _refused(_('It is not one line of JSON with "v", "verb" and "args".')) from None
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
        raise _refused(_("There is no such verb."))
    if caller not in verb.callers:
        raise _refused(_("Only the owner of the stack may ask for this."))
    if not isinstance(arguments, dict) or _shape(arguments) != dict(verb.arguments):
        raise _refused(_("Its arguments are not those of the verb {verb}.").format(verb=verb.name))
    return Request(verb.name, arguments)


def _shape(arguments: Mapping[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in arguments.items()}


def _refused(why: str) -> StackError:
    return StackError(
        what=_("The agent refused a request"),
        why=why,
        fix=_("Use the founder command or the panel."),
    )
