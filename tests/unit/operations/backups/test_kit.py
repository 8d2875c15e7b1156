"""The page for a bad day."""

from __future__ import annotations

import json
from dataclasses import replace

from founderstack.model.backup import FoundSet, Manifest, Proof
from founderstack.model.tool import Tool
from founderstack.model.vault import FoundSets, Place
from founderstack.operations.backups.kit import Section, kit
from founderstack.operations.backups.listing import index
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.up import up
from founderstack.testing.world import PLACES, FakeWorld

TOOL = Tool("0.1.0", "/srv/founder stack", "https://git.example.com/founder-stack.git", "0f3a9c")


def sections(world: FakeWorld, text: str = "", *, with_secrets: bool = False, tool: Tool = TOOL) -> tuple[Section, ...]:
    """The page of a stack that was brought up."""
    site = world.site(text)
    up(site, lambda _prepared: None, lambda _event: None)
    return kit(site, prepare(site), tool, with_secrets=with_secrets)


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
        f"founder rebuild --from {PLACES.state}/backups",
        "founder secrets show backup.identity",
        "age -d -i KEY",
    ):
        assert text in page


def test_no_password_is_on_it_unless_asked_for() -> None:
    assert "the-value-of-" not in written(sections(FakeWorld()))
    assert "the-value-of-panel.admin-1" in written(sections(FakeWorld(), with_secrets=True))


BUCKET = """
[backup]
s3_endpoint = "https://s3.example.com"
s3_bucket = "diary-backups"
s3_prefix = "home"
s3_region = "eu-1"
"""


def test_it_says_in_capitals_that_nothing_leaves_the_machine() -> None:
    assert "NOWHERE" in written(sections(FakeWorld()))
    assert "NOWHERE" not in written(sections(FakeWorld(), BUCKET))


def test_with_a_bucket_it_holds_all_that_a_bare_machine_needs() -> None:
    world = FakeWorld()
    world.secrets.put("backup.s3_key", "the-bucket-s-key")
    world.secrets.put("backup.s3_secret", "the-bucket-s-secret")
    page = written(sections(world, BUCKET, with_secrets=True))
    for text in (
        "founder rebuild --from s3://diary-backups/home --endpoint https://s3.example.com --region eu-1",
        "the-value-of-backup.identity-1",
        "the-bucket-s-key",
        "the-bucket-s-secret",
    ):
        assert text in page
    assert "the-bucket-s-key" not in written(sections(world, BUCKET))


def test_the_authority_of_a_place_of_ones_own_is_on_it_and_not_only_its_path() -> None:
    """What breaks otherwise: the file that `rebuild --ca` names went with the machine."""
    world, text = FakeWorld(), f'{BUCKET}s3_ca = "/etc/ssl/own ca.crt"\n'
    world.disk.files["/etc/ssl/own ca.crt"] = "-----BEGIN CERTIFICATE-----"
    page = written(sections(world, text))
    assert "echo LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t | base64 -d | install" in page
    assert "stdin '/etc/ssl/own ca.crt'" in page
    assert "keep a copy" in written(sections(FakeWorld(), text))


def test_it_says_how_much_is_lost_and_what_brings_it_down_to_a_minute() -> None:
    assert "What came after the newest backup" in written(sections(FakeWorld()))
    page = written(sections(FakeWorld(), '[backup]\nuse = "pgbackrest"\n'))
    assert "Up to 60 s" in page
    assert "founder restore --whole-server" in page


def test_without_backups_it_says_how_to_copy_by_hand() -> None:
    page = written(sections(FakeWorld(), '[backup]\nuse = "none"\n'))
    assert "No backups are made" in page
    assert "pg_dump -Fc" in page


def test_every_folder_on_it_is_one_that_a_process_uses() -> None:
    world = FakeWorld()
    site = world.site()
    page = sections(world)
    used = {folder.path for process in prepare(site).resolved.desired.processes.values() for folder in process.folders}
    named = {entry.text for part in page for entry in part.entries if entry.text.startswith(f"{PLACES.state}/data/")}
    assert named
    assert named <= used


def test_it_says_where_the_tool_comes_from_and_what_to_type_in_order() -> None:
    (page,) = [part for part in sections(FakeWorld(), BUCKET) if "bare machine" in part.title]
    commands = [entry.command for entry in page.entries if entry.command]
    assert commands == [
        "apt-get update && apt-get install -y git python3 python3-venv ca-certificates",
        "git clone https://git.example.com/founder-stack.git founder-stack && cd founder-stack && git checkout 0f3a9c",
        "./founder rebuild --from s3://diary-backups/home --endpoint https://s3.example.com --region eu-1",
        "cd diary && ../founder status",
    ]
    assert "Debian 12" in page.entries[0].text


def test_a_tool_without_an_address_or_with_changes_is_to_be_copied() -> None:
    for tool in (Tool("0.1.0", "/srv/founder stack"), replace(TOOL, changed=True)):
        page = written(sections(FakeWorld(), BUCKET, tool=tool))
        assert "-czf founder-stack.tgz 'srv/founder stack'" in page
        assert "tar -C / -xzf founder-stack.tgz && cd '/srv/founder stack'" in page
        assert ("git clone" in page) is bool(tool.address)
    assert "founder-stack.tgz" not in written(sections(FakeWorld(), BUCKET))


def test_how_much_is_lost_and_how_long_it_takes_is_what_was_measured() -> None:
    """RPO and RTO on the page are those of the newest set and of the newest drill that went well."""
    world = FakeWorld()
    assert "Nobody has measured it yet" in written(sections(world))
    now = world.clock.now()
    made = Manifest("set", "diary", now - 7200.0, 1.0, "dump", "full", ())
    proof = Proof("set", now - 3600.0, ok=True, seconds=41.5, loss_s=3600.0)
    others = (("older", 1.0, True, 7.0), ("failed", now - 60.0, False, 8.0), ("ahead", now + 900 * 86400.0, True, 9.0))
    sets = [FoundSet(made, ("local",), (proof,))]
    for name, at, ok, took in others:
        older = replace(made, id=name, taken_at=now - 90_000.0)
        sets.append(FoundSet(older, ("local",), (Proof(name, at, ok=ok, seconds=took),)))
    found = FoundSets(tuple(sets), (Place("local", "/here"),))
    value = index(world.site("").stack, found, now)
    world.disk.files[f"{PLACES.state}/agent/backups.json"] = json.dumps(value)
    page = written(sections(world))
    assert "the newest backup was 2.0 h old" in page
    assert "a drill had the databases back in 41.5 s" in page
    world.disk.files[f"{PLACES.state}/agent/backups.json"] = "{"
    assert "Nobody has measured it yet" in written(sections(world))
