"""What a restore goes on with and what it does anew, and that nothing is replaced that is in no set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from founderstack.model.backup import DatabaseFacts, FoundSet, Manifest
from founderstack.model.errors import StackError
from founderstack.model.protocols import Progress
from founderstack.model.vault import FilesOf, FoundSets, LeftoverCopy, Restorable
from founderstack.operations.backups.restore import Answers, RestoreResult, restore
from founderstack.planner.backups.restore import Wish
from founderstack.testing.world import FakeWorld

IN_PLACE = Wish(in_place=True)


def _refuse(problem: StackError) -> None:
    raise problem


AGREED = Answers(lambda _plan: None, lambda _copies: None, _refuse)


@dataclass
class FakeVault:
    """Sets and databases in memory (what a restore asks of a model.vault.Vault); a set says what rows it has."""

    world: FakeWorld
    sets: dict[str, str] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    noted: dict[str, object] = field(default_factory=dict)
    meanwhile: str = ""
    """What is in the app's database by the time that the files are back."""
    breaks: str = ""
    """The call that fails."""
    settled: list[str] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    replaced_by: dict[str, str] = field(default_factory=dict)
    """Set that was taken → what was to take the place of what it holds."""
    refused: tuple[str, ...] = ()

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        yield

    def kinds(self) -> tuple[str, ...]:
        return ("full",)

    def take(self, kind: str, progress: Progress, replaced_by: str = "") -> Manifest:
        self._may("take")
        self.world.clock.wait(1)
        name = f"set-{len(self.sets):03}"
        self.replaced_by[name] = replaced_by
        self.sets[name] = self.databases["app"]
        return self._manifest(name)

    def _may(self, call: str) -> None:
        if self.breaks == call:
            raise StackError(f"{call} broke", "It is broken.", "Mend it.")

    def _manifest(self, name: str) -> Manifest:
        replaced_by = self.replaced_by.get(name, "")
        return Manifest(name, "diary", self.world.clock.now(), 1.0, "dump", "full", (), replaced_by=replaced_by)

    def found(self) -> FoundSets:
        return FoundSets(tuple(FoundSet(self._manifest(name), ("local",)) for name in sorted(self.sets, reverse=True)))

    def open(self, one: FoundSet) -> Restorable:
        about = DatabaseFacts("app", "app", "UTF8", "C", "C", ())
        return Restorable(one.manifest, "local", (about,), (FilesOf("app", 1),), {"app": 1})

    def in_psql(self, *statements: str) -> str:
        return " ".join(statements)

    def restored_folder(self, component: str) -> str:
        return f"/restored/{component}"

    def make_roles(self, one: Restorable) -> tuple[str, ...]:
        missing = tuple(sorted({"gone"} - self.roles))
        self.roles |= set(missing)
        return missing

    def restore_database(
        self, one: Restorable, about: DatabaseFacts, into: str, table: str, progress: Progress
    ) -> tuple[str, ...]:
        self.databases[into] = self.sets[one.manifest.id]
        return self.refused

    def compare_database(self, about: DatabaseFacts, restored: str) -> None:
        return

    def restore_files(self, one: Restorable, component: str, progress: Progress, *, beside: bool) -> str:
        self._may("restore_files")
        if self.meanwhile:
            self.databases["app"] = self.meanwhile
        return ""

    def swap_files(self, one: Restorable, component: str, progress: Progress) -> bool:
        self._may("swap_files")
        return False

    def standing_database(self, name: str) -> LeftoverCopy | None:
        return LeftoverCopy("database", name, 1.0, 2) if name in self.databases else None

    def standing_files(self, component: str) -> LeftoverCopy | None:
        return None

    def has_database(self, name: str) -> bool:
        return name in self.databases

    def swap_database(self, name: str, restored: str, aside: str) -> None:
        self.databases[aside] = self.databases[name]
        self.databases[name] = self.databases.pop(restored)

    def drop_database(self, name: str) -> None:
        self.databases.pop(name, None)

    def enter(self, at: float, who: str, action: str, detail: str) -> None:
        self.entered.append(f"{who}: {action} {detail}")

    def settle(self, key: str) -> None:
        self.settled.append(key)

    def journal(self) -> dict[str, object]:
        return dict(self.noted)

    def write_journal(self, content: dict[str, object]) -> None:
        self.noted = dict(content)

    def write_index(self, value: dict[str, object]) -> None:
        return


@pytest.fixture
def vault() -> FakeVault:
    world = FakeWorld()
    return FakeVault(world, {"set-000": "of the night"}, {"app": "of the day"})


def _restored(vault: FakeVault, wish: Wish = IN_PLACE, *, safety: bool = True) -> RestoreResult:
    return _asked(vault, wish, AGREED, safety=safety)


def _asked(vault: FakeVault, wish: Wish, answers: Answers, *, safety: bool = True) -> RestoreResult:
    site = vault.world.site("[backup]\n")
    return restore(site, vault, wish, answers, lambda _event: None, safety=safety)  # type: ignore[arg-type]


def _failed(vault: FakeVault, call: str, wish: Wish = IN_PLACE) -> None:
    vault.breaks = call
    with pytest.raises(StackError, match=f"{call} broke"):
        _restored(vault, wish)
    vault.breaks = ""


def test_one_that_failed_a_week_ago_is_begun_anew_from_the_newest_set_with_a_safety_set(vault: FakeVault) -> None:
    _failed(vault, "restore_files")
    vault.world.clock.wait(7 * 86400)
    vault.sets["set-002"] = "of the last night"
    vault.databases["app"] = "of today"
    done = _restored(vault)
    assert done.plan.one.manifest.id == "set-002"
    assert vault.sets[done.safety] == "of today", "what is replaced is in a set"
    assert vault.databases == {"app": "of the last night"}
    assert vault.noted == {}


def test_what_people_write_while_it_comes_back_is_in_the_safety_set(vault: FakeVault) -> None:
    vault.meanwhile = "written while it was restored"
    done = _restored(vault)
    assert vault.sets[done.safety] == "written while it was restored"
    assert vault.replaced_by[done.safety] == "set-000", "it says of itself what it is"
    assert vault.databases == {"app": "of the night"}


@pytest.mark.parametrize("call", ["restore_files", "swap_files"])
def test_nothing_is_taken_for_the_newest_set_that_keeps_what_a_failed_one_would_replace(
    vault: FakeVault, call: str
) -> None:
    for _again in range(2):
        _failed(vault, call)
        vault.world.clock.wait(7200)
    assert _restored(vault).plan.one.manifest.id == "set-000"


def test_before_a_name_has_changed_each_attempt_keeps_what_is_there_by_then(vault: FakeVault) -> None:
    _failed(vault, "restore_files")
    vault.databases["app"] = "of a minute later"
    done = _restored(vault)
    assert vault.sets[done.safety] == "of a minute later"
    assert done.plan.one.manifest.id == "set-000"


def test_once_names_have_changed_the_same_hour_goes_on_with_the_first_safety_set(vault: FakeVault) -> None:
    _failed(vault, "swap_files")
    assert vault.databases["app"] == "of the night"
    done = _restored(vault)
    assert vault.sets[done.safety] == "of the day"
    assert len(vault.sets) == 2
    assert vault.settled == []


def test_a_swap_that_was_left_a_week_ago_is_settled_before_all_is_done_anew(vault: FakeVault) -> None:
    _failed(vault, "swap_files")
    vault.databases["app"] = "of the week since"
    vault.world.clock.wait(7 * 86400)
    done = _restored(vault)
    assert vault.settled == ["files:app"]
    assert vault.sets[done.safety] == "of the week since"
    assert vault.databases == {"app": "of the night"}


def test_beside_what_is_used_an_old_attempt_brings_no_old_set_as_the_newest(vault: FakeVault) -> None:
    _failed(vault, "restore_files", Wish())
    vault.sets["set-001"] = "of the last night"
    assert _restored(vault, Wish()).plan.one.manifest.id == "set-001"
    assert vault.databases["app_restored"] == "of the last night"


def test_a_copy_that_somebody_removed_meanwhile_is_made_again(vault: FakeVault) -> None:
    _failed(vault, "restore_files", Wish())
    del vault.databases["app_restored"]
    _restored(vault, Wish())
    assert vault.databases["app_restored"] == "of the night"


def test_a_copy_of_an_earlier_restore_is_replaced_only_where_somebody_agrees(vault: FakeVault) -> None:
    _restored(vault, Wish())
    vault.sets["set-001"] = "of noon"
    asked: list[Sequence[LeftoverCopy]] = []

    def no(copies: Sequence[LeftoverCopy]) -> None:
        asked.append(copies)
        raise StackError("It stays", "", "")

    with pytest.raises(StackError, match="It stays"):
        _asked(vault, Wish(), replace(AGREED, replace_copies=no))
    assert asked == [[LeftoverCopy("database", "app_restored", 1.0, 2)]]
    assert vault.databases["app_restored"] == "of the night"
    _failed(vault, "restore_files", Wish())
    _asked(vault, Wish(), replace(AGREED, replace_copies=no))  # what this very restore has left is its own
    assert vault.databases["app_restored"] == "of noon"
    _asked(vault, IN_PLACE, replace(AGREED, replace_copies=no))


def test_without_a_safety_set_it_goes_on_only_where_somebody_agrees(vault: FakeVault) -> None:
    vault.breaks = "take"
    with pytest.raises(StackError, match="take broke"):
        _restored(vault)
    assert vault.databases["app"] == "of the day"
    told: list[str] = []
    done = _asked(vault, IN_PLACE, replace(AGREED, without_safety=lambda problem: told.append(problem.what)))
    assert told == ["take broke"]
    assert done.safety == ""
    assert vault.databases == {"app": "of the night"}


def test_roles_that_came_back_are_told_also_by_an_attempt_that_finds_them_there(vault: FakeVault) -> None:
    vault.refused = ("Database app: refused",)
    _failed(vault, "restore_files", Wish())
    told = _restored(vault, Wish())
    assert (told.roles, told.refused) == (("gone",), vault.refused)
    assert _restored(vault, Wish()).roles == ()
