"""What a stack keeps, in memory: secrets, history, choices and releases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.model.process import digest, secrets_in
from founderstack.model.stack import Choices, Release


class FakeSecrets:
    """Generated secrets (an operations.stack.site.Secrets); a value tells its name and how often it was made."""

    def __init__(self) -> None:
        self._made: dict[str, int] = {}
        self._times: Counter[str] = Counter()
        self._given: dict[str, str] = {}
        self._there = False

    def exists(self) -> bool:
        """False before the first secret was made and after `lose`."""
        return self._there

    def names(self) -> list[str]:
        """Every secret there is, in order."""
        return sorted({*self._made, *self._given})

    def given(self) -> list[str]:
        """Those that a person has given, in order."""
        return sorted(self._given)

    def put(self, name: str, value: str) -> None:
        """Keep a value that a person has given."""
        self._given[name] = value
        self._there = True

    def remove(self, name: str) -> None:
        """Forget a value that a person has given."""
        if name not in self._given:
            raise StackError(f"There is no secret {name}", "It was never given.", "Run: founder secrets list")
        del self._given[name]

    def ensure(self, names: Iterable[str]) -> list[str]:
        """Make the secrets that are missing; the names of those that were made."""
        made = [name for name in dict.fromkeys(names) if name not in self._made and name not in self._given]
        for name in made:
            self._make(name)
        self._there = True
        return made

    def get(self, name: str) -> str:
        """The value; raises StackError when there is none."""
        if name in self._given:
            return self._given[name]
        if name not in self._made:
            raise StackError(f"There is no secret {name}", "It was never made.", "Run: founder secrets list")
        return f"the-value-of-{name}-{self._made[name]}"

    def rotate(self, name: str) -> str:
        """A new value in the place of the old one."""
        self.get(name)
        if name in self._given:
            raise StackError(f"The secret {name} cannot be made anew", "It was given.", "Give another.")
        self._make(name)
        return self.get(name)

    def start_anew(self) -> None:
        """Forget every value; what holds them is there, and empty."""
        self._made.clear()
        self._there = True

    def as_they_are(self) -> Callable[[], None]:
        """What puts all of them back as they are now."""
        made, given, there = dict(self._made), dict(self._given), self._there

        def put_back() -> None:
            self._made, self._given, self._there = dict(made), dict(given), there

        return put_back

    def put_back(self, text: str) -> None:
        """Take the names in `text`, one a line, in the place of what is lost."""
        self.refuse_readable()
        self.ensure(text.split())

    def refuse_readable(self) -> None:
        """Raise StackError where nothing is lost."""
        if self._there:
            raise StackError("The secrets are not lost", "They are there.", "Lose them first.")

    def digests(self) -> Mapping[str, str]:
        """Name → digest that changes with the value."""
        return {name: digest(self.get(name)) for name in self.names()}

    def fill(self, text: str) -> str:
        """`text` with the value in the place of each reference; filters leave the value as it is."""
        for reference, name, _filter in list(secrets_in(text)):
            text = text.replace(reference, self.get(name))
        return text

    def lose(self) -> None:
        """Forget all of them, as when somebody removed the file."""
        self._made.clear()
        self._given.clear()
        self._there = False

    def _make(self, name: str) -> None:
        self._times[name] += 1
        self._made[name] = self._times[name]


class FakeHistory:
    """Events (an operations.stack.site.History), the oldest first in `events`."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def typical_seconds(self, step_id: str) -> float | None:
        """Median of the step's good runs, None before the first."""
        seconds = [event.seconds for event in self.events if event.step == step_id and event.kind == "done"]
        return median(seconds) if seconds else None

    def recent(self, limit: int) -> Sequence[Event]:
        """The newest events, newest first."""
        return self.events[::-1][:limit]


class FakeChoices:
    """founder.lock (an operations.stack.site.ChoiceStore)."""

    def __init__(self, choices: Choices | None = None) -> None:
        self._choices = choices or Choices()

    def load(self) -> Choices:
        """What was chosen."""
        return self._choices

    def save(self, choices: Choices) -> None:
        """Write down what was chosen."""
        self._choices = choices


class FakeReleases:
    """The releases of the app (an operations.stack.site.ReleaseStore)."""

    def __init__(self) -> None:
        self._kept: dict[int, Release] = {}
        self._current = 0

    def all(self) -> Sequence[Release]:
        """Kept releases, oldest first."""
        return tuple(self._kept[number] for number in sorted(self._kept))

    def current(self) -> Release | None:
        """The release that serves, None before the first."""
        return self._kept.get(self._current)

    def save_current(self, release: Release, *, drop: bool = True) -> None:
        """Remember that this release serves."""
        self._kept[release.number] = release
        self._current = release.number
