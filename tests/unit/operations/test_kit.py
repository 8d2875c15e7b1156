"""The page for a bad day."""

from __future__ import annotations

from founderstack.operations.kit import Section, kit
from founderstack.operations.prepare import prepare
from founderstack.operations.up import up
from founderstack.testing.world import PLACES, FakeWorld


def sections(world: FakeWorld, text: str = "", *, with_secrets: bool = False) -> tuple[Section, ...]:
    """The page of a stack that was brought up."""
    site = world.site(text)
    up(site, lambda _prepared: None, lambda _event: None)
    return kit(site, prepare(site), with_secrets=with_secrets)


def written(page: tuple[Section, ...]) -> str:
    """Everything that stands on it."""
    return "\n".join(f"{entry.label} {entry.text} {entry.command}" for part in page for entry in part.entries)


def test_the_page_names_addresses_places_and_what_to_type() -> None:
    page = written(sections(FakeWorld()))
    for text in (
        "https://localhost",
        PLACES.state,
        "founder rollback",
        "founder secrets show panel.admin",
        "pg_dump -Fc",
    ):
        assert text in page


def test_no_password_is_on_it_unless_asked_for() -> None:
    assert "the-value-of-" not in written(sections(FakeWorld()))
    assert "the-value-of-panel.admin-1" in written(sections(FakeWorld(), with_secrets=True))


def test_it_says_that_nothing_is_copied_by_itself() -> None:
    assert "Nothing is copied by itself yet" in written(sections(FakeWorld()))


def test_every_folder_on_it_is_one_that_a_process_uses() -> None:
    world = FakeWorld()
    site = world.site()
    page = sections(world)
    used = {folder.path for process in prepare(site).resolved.desired.processes.values() for folder in process.folders}
    named = {entry.text for part in page for entry in part.entries if entry.text.startswith(f"{PLACES.state}/data/")}
    assert named
    assert named <= used
