"""What the parts of one stack tell each other, made word by word when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from founderstack.model.component import Component, View, Word

Said = Sequence[tuple[str, Any]]


class WordBoard:
    """Asks each part once for the words of a kind (a model.component.Board).

    A word may rest on other words, of the same part or another: it is made when it is first asked for. Two that rest on
    each other are a defect of their components, and a RecursionError says which.
    """

    def __init__(self) -> None:
        self._parts: Mapping[str, tuple[Component, View]] = {}
        self._said: dict[tuple[str, type], Said] = {}
        self._being_made: list[tuple[str, type]] = []

    def hang(self, parts: Mapping[str, tuple[Component, View]]) -> None:
        """Say whom to ask: each part's component and its view, by the part's name."""
        self._parts = parts

    def words(self, kind: type[Word]) -> Sequence[tuple[str, Word]]:
        """Every word of that kind, each with the name of the part that says it, in the order of the parts."""
        return [said for name in self._parts for said in self._of(name, kind)]

    def _of(self, name: str, kind: type[Word]) -> Said:
        asked = (name, kind)
        if asked in self._being_made:
            circle = [*self._being_made[self._being_made.index(asked) :], asked]
            raise RecursionError(" asks for ".join(f"{kind.__name__} of {name}" for name, kind in circle))
        if asked not in self._said:
            self._being_made.append(asked)
            try:
                component, view = self._parts[name]
                of_kind = [provided for provided in component.provides if provided.kind is kind]
                self._said[asked] = [(name, word) for provided in of_kind for word in provided.of(view)]
            finally:
                self._being_made.pop()
        return self._said[asked]
