"""Who a process or a task is beside its name, which carries no data: what of it stays, and what a person calls it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from founderstack.locale import _


@dataclass(frozen=True)
class Identity:
    """One process or task. Its name is unique in the stack, and nothing takes it apart: its meaning stands here."""

    name: str
    family: str = ""
    """What of the name stays from one release to the next: `app-2`, `postgres`, `app/build`."""
    generation: str = ""
    """What is another with each release and each change of its environment; "" where nothing is."""
    component: str = ""
    ring: str = ""
    """The ring that it serves, `app`; "" for what there is once."""
    number: int = 0
    """Which of its ring's instances it is, from 1."""
    release: str = ""

    @property
    def service(self) -> str:
        """The word that a person uses for it: `app` for each of its instances."""
        return self.ring or self.family or self.name

    @property
    def instance(self) -> str:
        """Which instance it is, in a sentence that has named its ring; its name where it is none."""
        if not self.number:
            return self.name
        return _("instance {number} of release {release}").format(number=self.number, release=self.release)

    def spoken(self, title: str = "") -> str:
        """What it is called in a sentence: an instance by its title, its number and its release, others by name."""
        return f"{title or self.ring}, {self.instance}" if self.number else self.name


UNTOLD = Identity("")
"""Where nobody has said who it is: then it goes by its name."""


def meant(known: Iterable[Identity], words: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The names of the processes that `words` mean, of all without a word; and the first word that means none, or "".

    A word is a process's name, its family, its ring or its component: `app` means all its instances, `app-2` the
    second of each release that is there, and `redis` never `redis-commander`. Every verb asks this.
    """
    there = tuple(known)
    picked: dict[str, None] = {}
    for word in words:
        found = [one.name for one in there if word and word in (one.name, one.family, one.ring, one.component)]
        if not found:
            return (), word
        picked.update(dict.fromkeys(found))
    return tuple(picked) or tuple(one.name for one in there), ""
