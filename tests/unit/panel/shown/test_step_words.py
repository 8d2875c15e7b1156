"""What events, steps and entries of the audit log are called."""

from __future__ import annotations

import pytest

from founderstack.panel.people.account_texts import detail
from founderstack.panel.shown.step_words import step_words

TITLES = {"postgres": "PostgreSQL", "app": "diary", "app-2": "diary, instance 2"}
SET = "20261124T033000Z-0000ab"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("start:postgres", "start PostgreSQL"),
        ("start:app-2", "start diary, instance 2"),
        ("do:postgres/packages", "install PostgreSQL"),
        ("do:app/build", "build a release of diary"),
        ("do:later/thing", "prepare later/thing"),
        ("switch:app", "send requests to the new instances of diary"),
        (f"backup:prove:{SET}", "restore 24 Nov 2026, 03:30 UTC beside what runs, and check it"),
        ("restore:database:app", "restore the database app"),
        (f"rebuild:{SET}", "the whole stack brought back from the backup of 24 Nov 2026, 03:30 UTC"),
        ("secrets show:panel.admin", "secret panel.admin shown"),
        ("of a later release", "of a later release"),
        ("verb:thing", "verb thing"),
    ],
)
def test_a_step_is_named_in_words(step: str, words: str) -> None:
    assert step_words(step, str, "en", TITLES) == words


@pytest.mark.parametrize(
    ("action", "kept", "words"),
    [
        ("restore", f"set={SET} only=databases confirm=diary", "24 Nov 2026, 03:30 UTC, databases only, in its place"),
        ("restore", f"set={SET} only= confirm=", "24 Nov 2026, 03:30 UTC, beside what is used"),
        ("prove", "set=", "the newest"),
        ("deploy", "ref= force=False", "the folder as it is"),
        ("deploy", "ref=main force=True", "main, anew"),
        ("deploy refused", "ref=no such thing", "ref=no such thing"),
        ("scale", "replicas=2", "2 instances"),
        ("rollback", "number=2", "release 2"),
        ("up", "plan=abcd1234", ""),
        ("restart", "process=redis", "redis"),
        ("backup", "kind=", ""),
        ("role changed", "ana, viewer", "ana, viewer"),
        ("sign-in refused", "code", "the code was not right"),
        ("secret shown", "PostgreSQL, the app", "PostgreSQL, the app"),
    ],
)
def test_an_entry_of_the_audit_log_says_in_words_what_was_asked_for(action: str, kept: str, words: str) -> None:
    assert detail(str, "en", action, kept) == words
