"""What the app's page says of releases and of what waits."""

from __future__ import annotations

from typing import Any

from founderstack.panel.shown.deploys import Commit, releases, waiting

NONE = {"commit": "", "subject": "", "author": "", "committed": "", "changed": 0}
SOME = {"commit": "5f2c91d07be3", "subject": "Greet", "author": "Ana", "committed": "2026-11-22T09:30:00+01:00"}


def _said(**more: Any) -> dict[str, Any]:
    current = {"number": 3, "revision": NONE}
    return {"nothing": False, "current": current, "new": {"revision": NONE}, "difference": None, **more}


def test_releases_of_an_earlier_version_have_no_more_than_their_commit() -> None:
    old = {"number": 1, "digest": "d", "ref": "9e107d9d372b", "created": "2026-11-21T10:00:00+00:00", "restarts": 0}
    new = {**old, "number": 2, "by": "ana", "revision": {**SOME, "changed": 1}}
    second, first = releases({"current": 2, "releases": [old, new]}, str)
    assert (first.commit, first.at, first.by, first.serves) == (Commit("9e107d9", "", "", 0.0), 1795255200.0, "", False)
    assert (second.by, second.serves, second.note) == ("ana", True, "1 file is not committed")
    assert second.commit
    assert (second.commit.subject, second.commit.author, second.commit.at) == ("Greet", "Ana", 1795336200.0)


def test_without_git_nobody_claims_a_difference() -> None:
    assert waiting(_said(), str).notes == ("Git cannot say what differs from what serves.",)
    assert waiting(_said(nothing=True), str).notes == ()
    assert waiting(_said(current=None), str).notes == ()


def test_going_back_is_said() -> None:
    difference = {"commits": [], "count": 0, "back": 4, "files": 1, "added": 0, "removed": 0}
    found = waiting(_said(difference=difference), str)
    assert (found.counts, found.lines) == (("0 commits", "1 file"), ("", ""))
    assert found.notes == ("It goes back: 4 commits of what serves are not in it.",)


def test_the_commit_that_waits_is_told_once_and_what_is_left_out_is_counted() -> None:
    older = [{**SOME, "commit": f"{number}" * 12} for number in range(1, 10)]
    difference = {"commits": [SOME, *older], "count": 30, "back": 0, "files": 1, "added": 1, "removed": 0}
    found = waiting(_said(new={"revision": {**SOME, "changed": 0}}, difference=difference), str)
    assert [one.short for one in found.commits] == [f"{number}" * 7 for number in range(1, 8)]
    assert found.more == "and 22 more"
