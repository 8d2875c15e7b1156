"""The table of routes: what a mistake in it would open."""

from __future__ import annotations

from founderstack.panel.routes import ROUTES

ANYBODY = {
    ("GET", "/health"),
    ("GET", "/static/{name}"),
    ("POST", "/language"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
}


def test_only_these_are_open_to_anybody() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.who == "anybody"} == ANYBODY


def test_no_address_is_listed_twice() -> None:
    listed = [(route.method, route.path) for route in ROUTES]
    assert len(set(listed)) == len(listed)


def test_a_viewer_changes_nothing_but_their_own_session() -> None:
    theirs = {route.path for route in ROUTES if route.method == "POST" and route.who == "viewer"}
    assert theirs <= {"/sign-out"}
