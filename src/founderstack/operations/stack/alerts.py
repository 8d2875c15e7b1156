"""Who is told when something breaks, and how a message reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from founderstack.locale import _
from founderstack.model.alerts import SECRET_PREFIX, Condition, Letter
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.operations.stack.prepare import refuse_lost_secrets
from founderstack.operations.stack.site import Secrets, Site

Deliver = Callable[[str, str, str], None]
"""Sends (address, title, text); raises StackError where the place does not take it."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Message:
    """What a person reads."""

    title: str
    text: str


def addressees(secrets: Secrets) -> list[str]:
    """The names that messages go to, in order."""
    return [name.removeprefix(SECRET_PREFIX) for name in secrets.names() if name.startswith(SECRET_PREFIX)]


def add(site: Site, name: str, url: str, deliver: Deliver) -> None:
    """Keep the address once it has taken a test message; one of the same name is replaced."""
    if not _NAME.fullmatch(name):
        raise StackError(
            _("“{name}” cannot be the name of an address").format(name=name),
            _("A name starts with a letter and has small letters, digits and dashes, 31 characters at the most."),
            _("Choose another one: founder alerts add phone"),
            exit_code=EXIT_USAGE,
        )
    refuse_lost_secrets(site, site.runtime.observe())
    test = test_message(site)
    deliver(url, test.title, test.text)
    with site.lock("alerts add"):
        site.secrets.put(SECRET_PREFIX + name, url)


def remove(site: Site, name: str) -> None:
    """Tell this one nothing any more."""
    refuse_unknown(site, [name])
    with site.lock("alerts remove"):
        site.secrets.remove(SECRET_PREFIX + name)


def refuse_unknown(site: Site, names: list[str]) -> None:
    """Raise StackError for the first name that no message goes to."""
    known = addressees(site.secrets)
    for name in names:
        if name not in known:
            raise StackError(
                _("No alerts go to “{name}”").format(name=name),
                _("There are: {names}.").format(names=", ".join(known) or "–"),
                _("See the names: founder alerts list"),
                exit_code=EXIT_USAGE,
            )


def test_message(site: Site) -> Message:
    """What is sent to see whether it arrives."""
    where = {"name": site.stack.name, "host": site.machine.hostname}
    return Message(
        _("{name} on {host}: alerts arrive here").format(**where),
        _("This is a test. From now on you are told here when something breaks, and when it is well again."),
    )


def message(letter: Letter, stack: str, host: str) -> Message:
    """A letter in the language that is spoken now: each condition with its cause and its cure."""
    lines: list[str] = []
    for heading, conditions in (
        ("", letter.begun),
        (_("Still:"), letter.lasting),
        (_("Over:"), letter.over),
    ):
        if conditions:
            lines += [*([heading] if heading else [])]
            lines += [line for condition in conditions for line in _told(condition, over=conditions is letter.over)]
            lines.append("")
    return Message(_title(letter, stack, host), "\n".join(lines).rstrip("\n"))


def _title(letter: Letter, stack: str, host: str) -> str:
    about = (*letter.begun, *letter.lasting, *letter.over)
    first = _(about[0].what)
    over = not letter.begun and not letter.lasting
    words = _("over: {first}").format(first=first) if over else first
    more = f" (+{len(about) - 1})" if len(about) > 1 else ""
    return f"{stack}@{host}: {words}{more}"


def _told(condition: Condition, *, over: bool) -> list[str]:
    if over:
        return [f"✓ {_(condition.what)}"]
    return [f"✗ {_(condition.what)}", f"  {_(condition.why)}", f"  → {_(condition.fix)}"]
