"""What a backup does in which order, and what is said when the place off the machine fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from founderstack.model.backup import NOT_AWAY, NOT_YET, FoundSet, Manifest, Proof
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.model.events import Event
from founderstack.model.protocols import Progress
from founderstack.model.vault import FoundSets, Place
from founderstack.operations.backups.backup import backup
from founderstack.operations.backups.listing import FUTURE, NOT_SENT, UNPROVEN, index, warnings
from founderstack.planner.backups.warnings import LATE
from founderstack.testing.world import FakeWorld

STACK = """
[backup]
s3_endpoint = "https://s3.example"
s3_bucket = "backups"
keep_last = 2
keep_daily = 0
keep_weekly = 0
keep_monthly = 0
"""


@dataclass
class FakeVault:
    """Sets in memory (the part of a model.vault.Vault that a backup asks)."""

    world: FakeWorld
    places: tuple[str, ...] = ("local", "s3")
    sets: dict[str, FoundSet] = field(default_factory=dict)
    broken: bool = False
    lacks: tuple[str, ...] = ()
    """Of the next set."""
    cut_off_after: int = 100
    """So many sets are taken by the place before it is away."""
    keeps_all: bool = False
    """It allows nothing to be removed."""
    unread: dict[str, Place] = field(default_factory=dict)
    """Place → what is not known of it."""
    kept: Sequence[Manifest] = ()
    index: dict[str, object] = field(default_factory=dict)
    tidied: int = 0

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        yield

    def kinds(self) -> Sequence[str]:
        return ("full",)

    def tidy(self) -> None:
        self.tidied += 1

    def tidy_away(self) -> None:
        self.tidied += 1

    def take(self, kind: str, progress: Progress, replaced_by: str = "") -> Manifest:
        self.world.clock.wait(60)
        made = Manifest(f"set-{len(self.sets):03}", "diary", self.world.clock.now(), 1.0, "dump", kind, ())
        made = replace(made, lacks=self.lacks, replaced_by=replaced_by)
        self.sets[made.id] = FoundSet(made, ("local",))
        progress("app", 1_000_000)
        return made

    def away(self) -> str:
        return "s3://there" if len(self.places) > 1 else ""

    def send(self, manifest: Manifest, progress: Progress) -> None:
        self.cut_off_after -= 1
        if self.broken or self.cut_off_after < 0:
            raise StackError("s3://there cannot be reached", "It is away.", "Look.")
        self.sets[manifest.id] = replace(self.sets[manifest.id], places=("local", "s3"))

    def found(self) -> FoundSets:
        newest_first = tuple(sorted(self.sets.values(), key=lambda one: one.manifest.id, reverse=True))
        seen = tuple(one for one in newest_first if not all(self._away(place) for place in one.places))
        return FoundSets(seen, tuple(self.unread.get(name, Place(name, f"at {name}")) for name in self.places))

    def _away(self, place: str) -> bool:
        return place in self.unread and bool(self.unread[place].error)

    def note(self, found: FoundSets) -> None:
        """Nothing is ever lost here."""

    def remove(self, place: str, set_id: str) -> None:
        if self.keeps_all:
            raise StackError("s3://there refuses", "AccessDenied", "Allow it.")
        left = tuple(name for name in self.sets[set_id].places if name != place)
        self.sets[set_id] = replace(self.sets[set_id], places=left)
        if not left:
            del self.sets[set_id]

    def forget(self, kept: Sequence[Manifest]) -> None:
        self.kept = kept

    def write_index(self, value: dict[str, object]) -> None:
        self.index = value


def _backup(world: FakeWorld, vault: FakeVault, kind: str = "") -> list[Event]:
    events: list[Event] = []
    backup(world.site(STACK), vault, kind, events.append)  # type: ignore[arg-type]
    return events


def test_a_set_is_taken_sent_and_told_and_old_ones_go() -> None:
    world = FakeWorld()
    vault = FakeVault(world)
    events = [_backup(world, vault) for _again in range(3)][-1]
    assert sorted(vault.sets) == ["set-001", "set-002"]
    assert all(one.places == ("local", "s3") for one in vault.sets.values())
    assert [event.step for event in events if event.kind == "done"] == ["backup:take", "backup:send", "backup:expire"]
    assert [one.id for one in vault.kept] == ["set-002", "set-001"], "the engine lets go of what no set needs"
    assert [one["id"] for one in vault.index["sets"]] == ["set-002", "set-001"]  # type: ignore[attr-defined]


def test_safety_sets_and_what_their_restores_came_from_stay_beside_those_that_are_asked_for() -> None:
    world = FakeWorld()
    vault = FakeVault(world)
    _backup(world, vault)
    for _attempt in range(4):
        vault.take("full", lambda *_: None, replaced_by="set-000")
    for _again in range(3):
        _backup(world, vault)
    assert [one.id for one in vault.kept] == [
        "set-007", "set-006", "set-004", "set-003", "set-002", "set-001", "set-000",
    ]  # fmt: skip
    assert "set-005" not in vault.sets


def test_a_place_that_is_away_costs_the_copy_and_not_the_backup() -> None:
    world = FakeWorld()
    vault = FakeVault(world, broken=True)
    with pytest.raises(StackError, match="on this machine only") as told:
        _backup(world, vault)
    assert "set-000 is kept" in told.value.fix
    assert vault.index["warnings"] == [NOT_SENT, UNPROVEN]
    vault.broken = False
    _backup(world, vault)
    assert {name: one.places for name, one in vault.sets.items()} == {
        "set-000": ("local", "s3"),
        "set-001": ("local", "s3"),
    }


def test_a_set_that_is_not_whole_and_not_sent_is_told_to_be_both() -> None:
    world = FakeWorld()
    vault = FakeVault(world, broken=True, lacks=("app/photo could not be read",))
    with pytest.raises(StackError) as told:
        _backup(world, vault)
    assert [one.what for one in told.value.problems] == [
        "The backup is not whole",
        "The backup is on this machine only",
    ]
    assert "s3://there cannot be reached: It is away." in told.value.problems[1].why


def test_a_place_that_goes_away_after_the_newest_set_came_is_not_said_to_lack_it() -> None:
    world = FakeWorld()
    vault = FakeVault(world, broken=True)
    with pytest.raises(StackError, match="on this machine only"):
        _backup(world, vault)
    vault.broken, vault.cut_off_after = False, 1
    with pytest.raises(StackError, match="An older backup, set-000, is on this machine only") as told:
        _backup(world, vault)
    assert "set-000 is kept, and the next backup brings it along" in told.value.fix
    assert vault.sets["set-001"].places == ("local", "s3")


def test_a_place_that_lets_nothing_be_removed_is_told_and_the_set_is_kept() -> None:
    world = FakeWorld()
    vault = FakeVault(world, keeps_all=True)
    for _again in range(2):
        _backup(world, vault)
    with pytest.raises(StackError, match="could not be removed") as told:
        _backup(world, vault)
    assert ("AccessDenied" in told.value.why, "set-002 is kept" in told.value.fix) == (True, True)


@pytest.mark.parametrize(
    "unread", [Place("s3", "s3://there", "503 Slow Down"), Place("local", "/here", damaged=("set-001",))]
)
def test_nothing_is_let_go_while_a_place_or_a_page_of_contents_cannot_be_read(unread: Place) -> None:
    """What breaks: a place, or one bit in it. What holds: every set, and all that the engine keeps for any of them."""
    world = FakeWorld()
    vault = FakeVault(world, broken=bool(unread.error))
    for number in range(10):  # the folder on this machine is a rebuilt one's: empty
        made = Manifest(f"set-{number:03}", "diary", world.clock.now() + number, 1.0, "dump", "full", ())
        vault.sets[made.id] = FoundSet(made, ("s3",))
    vault.unread[unread.name] = unread
    events: list[Event] = []
    with suppress(StackError):  # the copy off the machine
        backup(world.site(STACK), vault, "", events.append)  # type: ignore[arg-type]
    assert len(vault.sets) == 11
    assert not vault.kept, "the engine was not asked to forget"
    assert [event.detail for event in events if event.step == "backup:expire"] == [
        f"Nothing was let go, because this cannot be read: {unread.name}: {unread.error or 'set-001'}"
    ]
    vault.unread, vault.broken = {}, False
    _backup(world, vault)
    assert sorted(vault.sets) == ["set-010", "set-011"], "it is let go as soon as all is known again"
    assert [one.id for one in vault.kept] == ["set-011", "set-010"]


def test_what_failed_first_is_told_where_a_full_disk_fails_the_list_of_backups_as_well() -> None:
    class Full(FakeVault):
        def take(self, kind: str, progress: Progress, replaced_by: str = "") -> Manifest:
            raise StackError("database/app.dump cannot be written", "The disk is full.", "Make room.")

        def write_index(self, value: dict[str, object]) -> None:
            raise StackError("agent/backups.json cannot be written", "The disk is full.", "Make room.")

    world = FakeWorld()
    with pytest.raises(StackError, match=r"app\.dump"):
        _backup(world, Full(world))


def test_a_kind_that_the_engine_does_not_take_is_refused() -> None:
    world = FakeWorld()
    with pytest.raises(StackError, match="no kind of backup") as told:
        _backup(world, FakeVault(world), "incr")
    assert told.value.exit_code == EXIT_USAGE


def test_a_set_from_the_future_is_named_and_is_newest_for_nobody() -> None:
    """What breaks: a clock was two years ahead for one night. What holds: the schedule, warnings and drills of now."""
    world = FakeWorld()
    site, vault = world.site("[backup]\n"), FakeVault(world, places=("local",))
    now = world.clock.now()
    bad = Proof("later", now + 700 * 86400.0, ok=False, seconds=1.0)
    for name, at, proofs in (("later", now + 700 * 86400.0, (bad,)), ("before", now - 3 * 86400.0, ())):
        manifest = Manifest(name, "diary", at, 1.0, "dump", "full", ())
        vault.sets[name] = FoundSet(manifest, ("local",), proofs)
    value = index(site.stack, vault.found(), now)
    assert value["newest"] == now - 3 * 86400.0
    assert {one["id"]: one["future"] for one in value["sets"]} == {"later": True, "before": False}
    assert value["warnings"] == [LATE, FUTURE, NOT_AWAY, UNPROVEN]


def test_what_is_missing_is_a_standing_warning() -> None:
    world = FakeWorld()
    site = world.site("[backup]\n")
    vault = FakeVault(world, places=("local",))
    assert warnings(site.stack, vault.found(), world.clock.now()) == [NOT_YET, NOT_AWAY]
    backup(site, vault, "", lambda _event: None)  # type: ignore[arg-type]
    assert vault.index["warnings"] == [NOT_AWAY, UNPROVEN]
    proven = Proof("set-000", world.clock.now(), ok=True, seconds=3.0)
    vault.sets["set-000"] = replace(vault.sets["set-000"], proofs=(proven,))
    value = index(site.stack, vault.found(), world.clock.now())
    assert value["warnings"] == [NOT_AWAY]
    assert value["sets"][0]["proven"]["seconds"] == 3.0
