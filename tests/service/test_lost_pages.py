"""What is told and kept of sets that have lost something, each place judged by itself: real folders, no server."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from founderstack.backups.sets import proofs
from founderstack.backups.sets.contents import Contents, Files
from founderstack.backups.sets.ledger import Ledger
from founderstack.backups.sets.looking import Look
from founderstack.backups.sets.set_locations import lying
from founderstack.backups.sets.set_store import SetStore
from founderstack.backups.sets.streams import attempt
from founderstack.backups.vault import SetHeader, Vault
from founderstack.model.backup import MANIFEST, Manifest, Proof
from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.model.protocols import EngineResult, ObjectStore, Progress, Server, SetWriter, Source
from founderstack.model.state_folder import StateFolder
from founderstack.operations.backups.backup import backup
from founderstack.operations.backups.forget import forget
from founderstack.operations.backups.listing import FORGED, GONE, index
from founderstack.operations.backups.lost import Resent, miss_no_longer, resend
from founderstack.testing.clock import FakeClock
from founderstack.testing.world import FakeWorld
from founderstack.world.keys.sealing import Key, new_identity
from founderstack.world.objects.folder import FolderStore


class Bucket(FolderStore):
    """A folder that stands for the place off the machine."""

    name = "s3"


@dataclass
class Stack:
    """A stack with one file of its own, whose sets lie in two folders."""

    folder: Path
    key: Key
    clock: FakeClock

    def place(self, name: str) -> Path:
        """Where the sets of a place lie."""
        return self.folder / name / "diary/sets"

    def vault(self) -> Vault:
        """Its vault, as each command makes it anew."""
        note = self.folder / "note"
        note.write_text("a note")
        (self.folder / "state").mkdir(exist_ok=True)
        about = SetHeader("diary", str(self.folder / "state"), "debian:12", "here", "0")
        places: tuple[ObjectStore, ...] = (FolderStore(str(self.folder / "local")), Bucket(str(self.folder / "s3")))
        notes = Files("files/app.tar", "files", "app", lambda: [("note", str(note))], str(self.folder), ("note",))
        stores = tuple(SetStore(place, "diary") for place in places)
        letters = iter("abcdefgh")
        return Vault(
            about,
            _Nothing(),
            lambda: Contents(None, "", (notes,)),
            lambda: self.key,
            stores,
            self.clock,
            lambda: next(letters),
        )

    def taken(self) -> Manifest:
        """A set in both places, a minute later than the one before."""
        self.clock.wait(60)
        vault = self.vault()
        made = vault.take("full", quiet)
        vault.send(made, quiet)
        return made


class _Nothing:
    """An engine for a stack without a database."""

    name = "dump"
    kinds = ("full",)

    def take(self, kind: str, server: Server, out: SetWriter, progress: Progress) -> EngineResult:
        raise NotImplementedError

    def forget(self, kept: Sequence[Manifest]) -> None:
        """It keeps nothing of its own."""


def quiet(_about: str, _count: int) -> None:
    """Nobody watches."""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path, Key(new_identity()), FakeClock())


def test_a_set_that_lost_its_page_of_contents_is_named_and_kept(stack: Stack) -> None:
    """What breaks: the page, in both places. What the founder sees: the set's name. What holds: all of its files."""
    lost, whole = stack.taken(), stack.taken()
    for place in ("local", "s3"):
        (stack.place(place) / lost.id / MANIFEST).unlink()
    vault = stack.vault()
    vault.tidy()
    vault.tidy_away()
    found = vault.found()
    assert [one.manifest.id for one in found.sets] == [whole.id]
    assert [place.damaged for place in found.places] == [(lost.id,), (lost.id,)]
    assert all([*(stack.place(place) / lost.id).rglob("*.age")] for place in ("local", "s3"))


def test_sets_of_a_place_far_away_are_read_together(stack: Stack) -> None:
    taken = [stack.taken().id for _count in range(3)]
    together = threading.Barrier(3, timeout=30)

    class Far(Bucket):
        @contextmanager
        def open(self, name: str) -> Iterator[Source]:
            together.wait()
            with super().open(name) as source:
                yield source

    store = SetStore(Far(str(stack.folder / "s3")), "diary")
    away: dict[str, str] = {}
    ledger = Ledger(StateFolder(f"{stack.folder}/state").ledger)
    found = Look((store,), ledger, lambda: stack.key, stack.clock).found(away)
    assert away == {}
    assert sorted(one.manifest.id for one in found.sets) == taken


def test_destroy_keeps_a_set_that_lost_its_page_of_contents(stack: Stack) -> None:
    lost = stack.taken()
    (stack.place("local") / lost.id / MANIFEST).unlink()
    (stack.folder / "state/backups").symlink_to(stack.folder / "local")
    assert lying(str(stack.folder / "state"), "diary", None).ids == (lost.id,)


def test_a_proof_counts_for_the_set_that_was_restored_and_in_each_place(stack: Stack) -> None:
    """What breaks: a proof was copied to another set, and one was changed. What the founder sees: their names."""
    bad, good = stack.taken(), stack.taken()
    proof = Proof(good.id, stack.clock.now(), ok=True, seconds=3.0, of=good.seal)
    for place in (FolderStore(str(stack.folder / "local")), Bucket(str(stack.folder / "s3"))):
        proofs.keep(SetStore(place, "diary"), proof, stack.key)
    (paper,) = (stack.place("s3") / good.id).glob("proof-*")
    shutil.copy(paper, stack.place("s3") / bad.id)
    paper.write_text(paper.read_text().replace('"seconds":3.0', '"seconds":1.0'))
    first, second = stack.vault().found().sets
    assert first.proof is not None
    assert first.proof.seconds == 3.0
    assert first.forged == (f"s3: {paper.name}",)
    assert second.proof is None
    assert second.forged == (f"s3: {paper.name}",)
    world = FakeWorld()
    told = index(world.site("[backup]\n").stack, stack.vault().found(), stack.clock.now())
    assert FORGED in told["warnings"]
    assert [one["proven"] is not None for one in told["sets"]] == [True, False]


def test_a_part_that_crashes_is_told_with_its_trace_and_takes_no_other_with_it(stack: Stack) -> None:
    class Broken:
        def read(self, _size: int = -1) -> bytes:
            raise KeyError("unforeseen")

    new = SetStore(FolderStore(str(stack.folder / "local")), "diary").begin("set", stack.key)

    def work(out: SetWriter) -> None:
        out.add("files/first.tar", "files", "app", io.BytesIO(b"a note"))
        out.add("files/second.tar", "files", "app", Broken())

    outcome = attempt(new, work)
    assert isinstance(outcome, StackError)
    assert "KeyError: 'unforeseen'" in outcome.why
    trace = Path(outcome.why.rpartition(" ")[2].rstrip(")"))
    assert 'raise KeyError("unforeseen")' in trace.read_text()
    assert trace.stat().st_mode & 0o077 == 0
    trace.unlink()
    new.add("files/other.tar", "files", "other", io.BytesIO(b"a note"))
    assert [one.name for one in new.files] == ["files/other.tar.age"]
    assert [one.name for one in (stack.place("local") / "set").rglob("*.age")] == ["other.tar.age"]


@pytest.mark.parametrize("work", ["taking", "sending", "removing"])
def test_what_was_killed_is_no_set_and_goes_without_a_word(stack: Stack, work: str) -> None:
    made = stack.taken()
    place = stack.place("local" if work == "taking" else "s3")
    with (
        suppress(KeyboardInterrupt),
        Ledger(StateFolder(f"{stack.folder}/state").ledger).writing(str(place.parents[1]), made.id),
    ):
        raise KeyboardInterrupt
    for each in ("local", "s3"):
        (stack.place(each) / made.id / MANIFEST).unlink()
    vault = stack.vault()
    assert [one.damaged for one in vault.found().places] == ([(), (made.id,)] if work == "taking" else [(made.id,), ()])
    vault.tidy()
    vault.tidy_away()
    assert not (place / made.id).exists()


def test_a_copy_that_failed_goes_on_while_its_set_is_here(stack: Stack) -> None:
    stack.taken()
    vault = stack.vault()
    stack.clock.wait(60)
    made = vault.take("full", quiet)
    sealed = next((stack.place("local") / made.id).rglob("*.age"))
    content = sealed.read_bytes()
    sealed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StackError, match="damaged"):
        vault.send(made, quiet)
    begun = stack.place("s3") / made.id
    begun.mkdir(exist_ok=True)
    (begun / "part.age").write_bytes(b"what had arrived")
    vault.tidy_away()
    assert (begun / "part.age").exists()
    assert not any(one.damaged for one in vault.found().places)
    vault.remove("local", made.id)
    vault.tidy_away()
    assert not begun.exists()


def _flip(page: Path) -> None:
    """A page that is still JSON, and says something else."""
    page.write_text(page.read_text().replace('"kind":"full"', '"kind":"fulk"'))


@pytest.mark.parametrize(("bad", "good"), [("local", "s3"), ("s3", "local")])
def test_a_flipped_bit_in_one_page_of_contents_leaves_the_other_copy(stack: Stack, bad: str, good: str) -> None:
    """What breaks: one page, that reads well. What the founder sees: where. What holds: the copy in the other place."""
    made = stack.taken()
    _flip(stack.place(bad) / made.id / MANIFEST)
    vault = stack.vault()
    found = vault.found()
    assert [(one.manifest, one.places) for one in found.sets] == [(made, (good,))]
    assert {place.name: place.damaged for place in found.places} == {bad: (made.id,), good: ()}
    assert vault.open(found.sets[0]).place == good
    if good == "local":
        vault.send(made, quiet)
        assert stack.vault().found().sets[0].places == ("local", "s3"), "the next copy mends it"


def test_a_damaged_set_that_waits_is_told_and_marked_and_holds_up_no_other(stack: Stack) -> None:
    """What breaks: a file of a set that could not be sent yet. What holds: every later backup."""
    world = FakeWorld()
    stack.clock = world.clock
    waiting = [stack.vault().take("full", quiet)]
    for _again in range(2):
        stack.clock.wait(60)
        waiting.append(stack.vault().take("full", quiet))
    sealed = next((stack.place("local") / waiting[1].id).rglob("*.age"))
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    site = world.site('[backup]\ns3_endpoint = "https://s3.example"\ns3_bucket = "backups"\n')
    events: list[Event] = []
    for _again in range(2):
        stack.clock.wait(60)
        assert backup(site, stack.vault(), "", events.append).places == ("local", "s3")
    found = {one.manifest.id: one for one in stack.vault().found().sets}
    assert [found[one.id].places for one in waiting] == [("local", "s3"), ("local",), ("local", "s3")]
    marked = found[waiting[1].id].proof
    assert marked is not None
    assert not marked.ok
    assert len([event for event in events if event.kind == "failed"]) == 1, "it is tried once"


def test_a_set_of_a_later_version_is_not_damaged(stack: Stack) -> None:
    made = stack.taken()
    for place in ("local", "s3"):
        page = stack.place(place) / made.id / MANIFEST
        page.write_text(page.read_text().replace('"format":1', '"format":2'))
    found = stack.vault().found()
    assert [(place.damaged, place.newer) for place in found.places] == [((), (made.id,))] * 2
    assert found.unknown == (f"local: {made.id}", f"s3: {made.id}"), "nothing is let go of meanwhile"


def test_a_damaged_set_is_forgotten_by_name_and_whole_copies_stay(stack: Stack) -> None:
    """What holds: nothing that can still be used goes, in whatever place; and then the rest goes by its time again."""
    world = FakeWorld()
    stack.clock = world.clock
    lost, half, whole = stack.taken(), stack.taken(), stack.taken()
    for place in ("local", "s3"):
        (stack.place(place) / lost.id / MANIFEST).unlink()
    _flip(stack.place("local") / half.id / MANIFEST)
    site = world.site("[backup]\n")
    shown: list[tuple[str, str, int]] = []

    def forgotten(set_id: str) -> None:
        forget(
            site, stack.vault(), set_id, lambda copies: shown.extend((set_id, one.place, one.files) for one in copies)
        )

    forgotten(lost.id)
    forgotten(half.id)
    assert shown == [(lost.id, "local", 1), (lost.id, "s3", 1), (half.id, "local", 2)]
    with pytest.raises(StackError, match="No copy of"):
        forgotten(whole.id)
    found = stack.vault().found()
    assert {one.manifest.id: one.places for one in found.sets} == {half.id: ("s3",), whole.id: ("local", "s3")}
    assert found.unknown == ()


def test_nothing_is_forgotten_without_a_yes(stack: Stack) -> None:
    lost = stack.taken()
    (stack.place("local") / lost.id / MANIFEST).unlink()

    def refuse(_copies: object) -> None:
        raise StackError("Nothing was removed", "No.", "Type it.")

    with pytest.raises(StackError, match="Nothing was removed"):
        forget(FakeWorld().site("[backup]\n"), stack.vault(), lost.id, refuse)
    assert [*(stack.place("local") / lost.id).rglob("*.age")]


KEEP_ONE = "[backup]\nkeep_last = 1\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0\n"


def test_a_bucket_that_was_emptied_is_named_and_nothing_is_let_go_of_until_it_is_settled(stack: Stack) -> None:
    """What breaks: all in the bucket is gone. What the founder sees: which sets. What holds: those that are here."""
    older, newer = stack.taken(), stack.taken()
    shutil.rmtree(stack.folder / "s3")
    events: list[Event] = []
    site = FakeWorld().site(KEEP_ONE)
    stack.clock.wait(60)
    outcome = backup(site, stack.vault(), "", events.append)
    lost = (f"s3: {newer.id}", f"s3: {older.id}")
    assert outcome.lost == lost
    assert outcome.removed == ()
    assert [one.detail for one in events if one.step == "backup:expire"] == [
        f"Nothing was let go, because this is not there any more: {'; '.join(lost)}"
    ]
    found = stack.vault().found()
    assert [one.places for one in found.sets] == [("local", "s3"), ("local",), ("local",)], "it is not covered up"
    told = index(site.stack, found, stack.clock.now())
    assert GONE in told["warnings"]
    assert [place["gone"] for place in told["places"]] == [[], [newer.id, older.id]]
    assert resend(site, stack.vault(), events.append) == Resent((f"{newer.id} (s3)", f"{older.id} (s3)"), {})
    assert [one.places for one in stack.vault().found().sets] == [("local", "s3")] * 3
    stack.clock.wait(60)
    outcome = backup(site, stack.vault(), "", events.append)
    assert outcome.lost == ()
    assert len(outcome.removed) == 6, "each of the older ones, in both places"
    assert stack.vault().found().lost == (), "what we let go of is missed by nobody"


def test_a_place_that_was_set_back_gets_what_it_has_lost_and_the_rest_can_be_given_up(stack: Stack) -> None:
    first, second, third = stack.taken(), stack.taken(), stack.taken()
    site = FakeWorld().site("[backup]\n")
    for place, made in (("local", second), ("local", third), ("s3", third), ("s3", first)):
        shutil.rmtree(stack.place(place) / made.id)
    assert stack.vault().found().lost == (
        f"local: {third.id}",
        f"local: {second.id}",
        f"s3: {third.id}",
        f"s3: {first.id}",
    )
    done = resend(site, stack.vault(), lambda _event: None)
    assert done == Resent((f"{second.id} (local)", f"{first.id} (s3)"), {"local": [third.id], "s3": [third.id]})

    def refuse(_lost: object) -> None:
        raise StackError("No", "", "")

    with pytest.raises(StackError, match="No"):
        miss_no_longer(site, stack.vault(), refuse)
    assert len(stack.vault().found().lost) == 2
    assert miss_no_longer(site, stack.vault(), lambda _lost: None) == {"local": (third.id,), "s3": (third.id,)}
    assert stack.vault().found().lost == ()
    with pytest.raises(StackError, match="No place has lost a backup"):
        miss_no_longer(site, stack.vault(), lambda _lost: None)
