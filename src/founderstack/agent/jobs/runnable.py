"""What the agent may run: verbs of the tool's own command line, with typed options. Pure.

Whoever asks chooses among these rows and fills in their options; no word of a command line ever comes from outside
without having passed the pattern of its option.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from founderstack.agent.verbs import fits, refused
from founderstack.locale import _

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""A process, a secret, a set."""
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@^~+-]{0,199}|")
"""A git commit, branch or tag, or nothing; git itself says what of it exists."""
SET = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
"""A set of backups."""
SET_OR_NEWEST = re.compile(rf"{SET.pattern}|")
KIND = re.compile(r"[a-z]{1,16}|")
"""What a backup's engine takes; the usual when empty."""
CONFIRMED = re.compile(r"[a-z0-9][a-z0-9-]{0,63}|")
"""The stack's name, typed by whoever wants something replaced; beside what is used when empty."""
ANSWER = re.compile(r"replace|without-safety-set|")
"""What a restore would ask, answered beforehand."""
DIGEST = re.compile(r"[0-9a-f]{8,64}|")


@dataclass(frozen=True)
class Option:
    """One option of a verb."""

    type: type
    pattern: re.Pattern[str] = NAME
    """What a text must be, the whole of it."""
    least: int = 0
    most: int = 1_000_000


@dataclass(frozen=True)
class Runnable:
    """One verb of the command line that can be run as a job."""

    words: Callable[[Mapping[str, Any]], tuple[str, ...]]
    """Its command line for checked options, without what every job is given (`JOB_OPTIONS`)."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """All are needed and no others are taken."""
    nice: int = 0


JOB_OPTIONS = ("--yes", "--events")

_PROCESS = {"process": Option(str)}

RUNNABLE: Mapping[str, Runnable] = {
    "up": Runnable(lambda given: ("up", f"--plan={given['plan']}"), {"plan": Option(str, DIGEST)}),
    "deploy": Runnable(
        lambda given: ("deploy", f"--ref={given['ref']}", *(["--force"] if given["force"] else [])),
        {"ref": Option(str, REF), "force": Option(bool)},
        nice=10,
    ),
    "rollback": Runnable(lambda given: ("rollback", str(given["number"])), {"number": Option(int)}),
    "scale": Runnable(
        lambda given: ("scale", f"app={given['replicas']}"), {"replicas": Option(int, least=1, most=1000)}
    ),
    "restart": Runnable(lambda given: ("restart", given["process"]), _PROCESS),
    "stop": Runnable(lambda given: ("stop", given["process"]), _PROCESS),
    "start": Runnable(lambda given: ("start", given["process"]), _PROCESS),
    "prove": Runnable(
        lambda given: ("backup", "prove", *filter(None, [given["set"]])), {"set": Option(str, SET_OR_NEWEST)}, nice=10
    ),
    "backup": Runnable(lambda given: ("backup", f"--kind={given['kind']}"), {"kind": Option(str, KIND)}, nice=10),
    "restore": Runnable(
        lambda given: (
            "restore",
            f"--only={given['only']}",
            *_in_place(given["confirm"]),
            *_answered(given["answer"]),
            given["set"],
        ),
        {
            "set": Option(str, SET),
            "only": Option(str, KIND),
            "confirm": Option(str, CONFIRMED),
            "answer": Option(str, ANSWER),
        },
        nice=5,
    ),
    "rotate": Runnable(lambda given: ("secrets", "rotate", given["secret"]), {"secret": Option(str)}),
}


def command_of(verb: str, options: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    """(the words after `founder`, niceness) of a job; raises StackError where the table has no such thing."""
    runnable = RUNNABLE.get(verb)
    if runnable is None:
        raise refused(_("There is no such verb."))
    types = {name: option.type for name, option in runnable.options.items()}
    if not fits(options, types, {}) or not all(
        _takes(runnable.options[name], value) for name, value in options.items()
    ):
        raise refused(_("Its arguments are not those of the verb {verb}.").format(verb=verb))
    return (*runnable.words(options), *JOB_OPTIONS), runnable.nice


def _in_place(confirmed: str) -> tuple[str, ...]:
    return ("--in-place", f"--confirm={confirmed}") if confirmed else ()


def _answered(answer: str) -> tuple[str, ...]:
    return (f"--{answer}",) if answer else ()


def _takes(option: Option, value: Any) -> bool:
    if isinstance(value, str):
        return option.pattern.fullmatch(value) is not None
    return not isinstance(value, int) or option.least <= value <= option.most
