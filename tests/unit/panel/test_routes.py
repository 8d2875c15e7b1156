"""The table of routes: what a mistake in it would open."""

from __future__ import annotations

from founderstack.panel.routes import ROUTES

ANYBODY = {
    ("GET", "/health"),
    ("GET", "/static/{name}"),
    ("POST", "/language"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
}


def test_only_these_are_open_to_anybody() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.who == "anybody"} == ANYBODY


def test_no_address_is_listed_twice() -> None:
    listed = [(route.method, route.path) for route in ROUTES]
    assert len(set(listed)) == len(listed)


def test_a_viewer_changes_nothing_but_their_own_session() -> None:
    theirs = {route.path for route in ROUTES if route.method == "POST" and route.who in ("viewer", "newcomer")}
    own_account = {"/password", "/account/two-step", "/account/two-step/off", "/account/recovery", "/sessions/end"}
    assert theirs == {"/sign-out", "/confirm", *own_account}


def test_secrets_and_accounts_want_a_fresh_sign_in() -> None:
    fresh = {route.path for route in ROUTES if route.method == "POST" and route.fresh}
    wanted = {
        route.path
        for route in ROUTES
        if route.method == "POST" and route.path.split("/")[1] in ("credentials", "people")
    }
    assert wanted
    assert wanted <= fresh
    assert "/backups/restore/{set}" in fresh, "what is restored in place takes away what is there"
