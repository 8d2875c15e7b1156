"""Instances of a ring: their names, `app-2-0f3a9c-1`, and what a person is told in the place of these."""

from __future__ import annotations

from collections.abc import Iterable

from founderstack.locale import _


def service_of(name: str) -> str:
    """The word that a person uses for a process: without the marks of one instance."""
    return _marks(name)[0] or name


def spoken(name: str, title: str = "") -> str:
    """What a process is called in a sentence: an instance by its title, its number and its release, others by name."""
    service, release, number = _marks(name)
    if not service:
        return name
    return f"{title or service}, {_instance(release, number)}"


def listed(names: Iterable[str]) -> str:
    """Several instances of one ring in a sentence that has named it."""
    found = [(name, _marks(name)) for name in names]
    return ", ".join(_instance(marks[1], marks[2]) if marks[0] else name for name, marks in found)


def _instance(release: str, number: str) -> str:
    return _("instance {number} of release {release}").format(number=number, release=release)


def _marks(name: str) -> tuple[str, str, str]:
    """(service, release, number) of an instance's name; three times "" for any other."""
    service, *marks = name.rsplit("-", 3)
    if len(marks) == 3 and marks[0].isdigit() and marks[2].isdigit():
        return service, marks[0], marks[2]
    return "", "", ""
