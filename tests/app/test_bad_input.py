"""What people, and people who mean harm, send: it gets a clear answer and changes nothing."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.app.conftest import PASSWORD, Person

GOOD: dict[str, Any] = {
    "day": "2026-03-14",
    "title": "t",
    "body": "b",
    "mood": 3,
    "tags": [],
    "figures": {},
    "pinned": False,
    "revision": 0,
}


@pytest.mark.parametrize(
    ("change", "status", "problem"),
    [
        ({"body": "x" * 10_000_000}, 413, "too_large"),
        ({"body": "ñ" * 600_000}, 413, "too_large"),
        ({"body": 7}, 400, "invalid"),
        ({"title": "x" * 201}, 400, "invalid_title"),
        ({"title": None}, 400, "invalid_title"),
        ({"day": "2026-02-30"}, 400, "invalid_day"),
        ({"day": "yesterday"}, 400, "invalid_day"),
        ({"mood": 6}, 400, "invalid"),
        ({"mood": "3; drop table entry"}, 400, "invalid"),
        ({"tags": ["x" * 41]}, 400, "invalid_tags"),
        ({"tags": [f"t{number}" for number in range(21)]}, 400, "invalid_tags"),
        ({"tags": "work"}, 400, "invalid_tags"),
        ({"figures": {"MRR": "12"}}, 400, "invalid_figures"),
        ({"figures": {"": 1}}, 400, "invalid_figures"),
        ({"figures": {"x" * 41: 1}}, 400, "invalid_figures"),
        ({"figures": {"MRR": 1e200}}, 400, "invalid_figures"),
        ({"revision": "1"}, 400, "invalid"),
        ({"revision": 1e300}, 400, "invalid"),
    ],
)
def test_an_entry_that_is_not_valid(
    person: Callable[..., Person], change: dict[str, Any], status: int, problem: str
) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    answer = ana.call("PUT", f"/api/entries/{entry}", json.dumps({**GOOD, **change}))
    assert (answer.status, answer.json()["problem"]) == (status, problem)
    assert ana.query("select count(*) from entry where id = %s", entry) == [(0,)]


@pytest.mark.parametrize("body", ["", "{", "null", "[]", '"text"', "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_not_json(person: Callable[..., Person], body: str | bytes) -> None:
    ana = person().sign_up()
    answer = ana.call("PUT", f"/api/entries/{uuid.uuid4()}", body)
    assert answer.status == 400


def test_strange_text_is_kept_as_it_is(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry, body = (
        str(uuid.uuid4()),
        "emoji 👩‍🚀 · RTL \u202e · zero\u0000zero · \r\n tabs\t · ' \" \\ %s $1 · 漢字 " * 100,
    )
    assert ana.write(entry, body=body, title="<b>& ' \" 👩‍🚀").ok
    kept = ana.call("GET", f"/api/entries/{entry}").json()
    assert kept["body"] == body.replace("\0", "")
    ana.page.goto("/")
    assert ana.page.locator(".timeline h2").inner_text() == "<b>& ' \" 👩‍🚀"


def test_a_megabyte_of_different_words_is_still_saved_and_found(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    body = " ".join(f"palabra{number}漢字" for number in range(52_000))
    assert 900_000 < len(body.encode()) < 1_000_000
    assert ana.write(entry, title="Long", body=body).ok
    ana.page.goto("/?q=palabra77漢字")
    expect(ana.page.locator(".timeline h2")).to_have_text("Long")


SCRIPTS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "[x](javascript:window.hit=1)",
    "![x](javascript:window.hit=1)",
    "<a href='javascript:window.hit=1'>x</a>",
    "[x](data:text/html,<script>window.hit=1</script>)",
    '![x](/x "a\' onerror=window.hit=1 b")',
    "<svg/onload=window.hit=1>",
    "[x](JaVaScRiPt:window.hit=1)",
    "[x](&#106;avascript:window.hit=1)",
    "<javascript:window.hit=1>",
    "```js\n</code></pre><script>window.hit=1</script>\n```",
    "<iframe srcdoc='<script>parent.hit=1</script>'>",
    "[x]: javascript:window.hit=1\n[x]",
]


def test_scripts_in_markdown_never_run(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(
        entry,
        title="<script>window.hit=1</script>",
        body="\n\n".join(SCRIPTS),
        tags=["<img src=x onerror=window.hit=1>"],
        figures={"<svg/onload=window.hit=1>": 1},
    )
    ana.write(entry, revision=1, title="</title><script>window.hit=1</script>", body="\n\n".join(SCRIPTS) + "!")
    page = ana.page
    for path in (
        f"/entries/{entry}",
        "/",
        f"/entries/{entry}/edit",
        f"/entries/{entry}/versions",
        "/charts?range=all",
        "/calendar?month=2026-03",
    ):
        page.goto(path)
        for link in page.locator(".prose a").all():
            assert not (link.get_attribute("href") or "").lower().startswith(("javascript:", "data:")), path
        assert page.evaluate("window.hit") is None, path
        assert page.locator(".prose script, .prose iframe, .prose svg, .prose [onerror]").count() == 0
    page.goto(f"/entries/{entry}/edit")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".prose")).to_be_visible()
    assert page.evaluate("window.hit") is None


def test_pages_allow_no_script_but_their_own(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    policies = [ana.call("GET", "/").headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1], "the nonce is of one page"
    assert "unsafe-inline" not in policies[0].split("script-src")[1].split(";")[0]
    assert "frame-ancestors 'none'" in policies[0]


@pytest.mark.parametrize("path", ["/sign-in/", "/calendar/", "/entries/new/?day=2026-03-14", "/api/export/"])
def test_a_slash_too_many_leads_nowhere_else(person: Callable[..., Person], path: str) -> None:
    """Behind the gateway a redirect of the framework's own would name an address without TLS."""
    answer = person().call("GET", path, **{"x-forwarded-proto": "https"})
    assert answer.status not in (301, 308)
    assert not answer.headers.get("location", "/").startswith("http")


def test_other_sites_cannot_act_for_somebody(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(entry)
    for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": ana.origin + ".evil.example"}):
        for method, path in [
            ("PUT", f"/api/entries/{entry}"),
            ("DELETE", f"/api/entries/{entry}"),
            ("POST", f"/api/entries/{entry}/files"),
            ("POST", "/api/imports"),
            ("POST", f"/api/imports/{entry}"),
            ("PUT", f"/api/imports/{entry}/parts/0"),
            ("POST", "/api/preview"),
            ("POST", "/form/sign-out"),
            ("POST", "/form/delete-account"),
            ("POST", "/form/preferences"),
            ("POST", "/form/entry"),
            ("POST", "/form/sign-in"),
            ("POST", "/api/two-factor/start"),
        ]:
            answer = ana.call(method, path, json.dumps({**GOOD, "revision": 1}), **origin)
            assert (answer.status, answer.json()) == (403, {"problem": "other_site"}), (method, path)
    assert (
        ana.call(
            "POST",
            "/api/auth/sign-in/email",
            "{}",
            **{"origin": "https://evil.example", "content-type": "application/json"},
        ).status
        == 403
    )
    cookies = [cookie for cookie in ana.context.cookies() if "session" in cookie.get("name", "")]
    assert [(cookie.get("httpOnly"), cookie.get("sameSite")) for cookie in cookies] == [(True, "Lax")]
    assert ana.call("GET", f"/api/entries/{entry}").ok


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/ok\nlocation: x"]
)
def test_a_sign_in_never_leads_to_another_site(person: Callable[..., Person], target: str) -> None:
    ana = person().sign_up()
    answer = ana.form("/form/sign-in", email=ana.email, password=PASSWORD, next=target)
    assert answer.json() == {"go": "/"}
    again = ana.form("/form/preferences", locale="en", back=target)
    assert again.json() == {"go": "/"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "", "email": "a@example.org", "password": PASSWORD}, "missing_name"),
        ({"name": "A", "email": "not an address", "password": PASSWORD}, "invalid_email"),
        ({"name": "A", "email": "a@example.org", "password": "short"}, "short_password"),
        ({"name": "A", "email": "a@example.org", "password": "x" * 129}, "long_password"),
    ],
)
def test_an_account_that_is_not_valid(person: Callable[..., Person], fields: dict[str, str], problem: str) -> None:
    assert person().form("/form/sign-up", **fields).json() == {"problem": problem}


@pytest.mark.parametrize("cookie", ["", "x", "a.b", "%00", "a" * 4000])
def test_a_cookie_that_is_not_ours_signs_nobody_in(person: Callable[..., Person], cookie: str) -> None:
    ana = person()
    answer = ana.call("GET", "/api/export", cookie=f"tests-diary.session_token={cookie}")
    assert answer.status == 401


def position(at: object) -> str:
    """The address of a further page of the timeline, as somebody might make one up."""
    return base64.urlsafe_b64encode(json.dumps(["2026-01-01", at, str(uuid.uuid4())]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(("month", "days"), [("9999-12", 31), ("1000-01", 31), ("2027-02", 28), ("2026-08", 31)])
def test_a_calendar_ends_where_its_days_do(person: Callable[..., Person], month: str, days: int) -> None:
    ana = person().sign_up()
    edge = f"{month}-{days}"
    assert ana.write(str(uuid.uuid4()), day=edge, title="The last day").ok
    ana.page.goto(f"/calendar?month={month}")
    assert ana.page.locator("td:not(.other-month) .day-number").count() == days
    expect(ana.page.get_by_role("link", name="The last day")).to_be_visible()
    at_the_end = month in ("9999-12", "1000-01")
    assert ana.page.locator(".month-head a").count() == (2 if at_the_end else 3)


def test_figures_that_are_too_large_to_add_up_are_still_drawn(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    for value in (1e200, 3e200):
        entry = str(uuid.uuid4())
        assert ana.write(entry, figures={"MRR": 1}).ok
        ana.query("update entry_figure set value = %s where entry_id = %s", value, entry)
    assert ana.call("GET", "/charts?range=all").status == 200


def test_an_address_made_to_keep_the_diary_busy(person: Callable[..., Person]) -> None:
    somebody = person()
    fields = {"name": "A", "email": "a@" + "." * 90_000 + "@", "password": PASSWORD}
    assert somebody.form("/form/sign-up", **fields).json() == {"problem": "invalid_email"}


@pytest.mark.parametrize("word", ["__proto__", "constructor", "toString"])
def test_what_every_object_has_is_no_word_of_the_diary(person: Callable[..., Person], word: str) -> None:
    """In an address, in a form's answer, as a file's ending, as the name of a figure."""
    somebody, ana = person(), person().sign_up()
    for path in ("/sign-in", "/sign-up", "/forgot", "/reset", "/reset?token=x", "/two-factor"):
        mark = "&" if "?" in path else "?"
        somebody.page.goto(f"{path}{mark}problem={word}")
        expect(somebody.page.locator("main h1")).to_be_visible()
        expect(somebody.page.locator("p.problem")).not_to_be_empty()
    for path in ("/settings", "/entries/new"):
        ana.page.goto(f"{path}?problem={word}&done={word}")
        expect(ana.page.get_by_text("Something went wrong on the server.")).to_be_visible()
    entry = str(uuid.uuid4())
    assert ana.write(entry, figures={word: 7}).ok
    sent = ana.call("POST", f"/api/entries/{entry}/files", b"PK\x03\x04", **{"x-file-name": f"a.{word}"})
    assert (sent.status, sent.json()) == (415, {"problem": "file_type"})
    for path in (f"/entries/{entry}", f"/entries/{entry}/edit", "/charts?range=all", f"/charts?range={word}"):
        assert ana.call("GET", path).status == 200, path


def test_an_address_that_says_the_same_twice(person: Callable[..., Person]) -> None:
    somebody, ana = person(), person().sign_up()
    for path in ("/sign-up?invitation=a&invitation=b", "/reset?token=a&token=b", "/sign-in?next=/a&next=/b"):
        assert somebody.call("GET", path).status == 200, path
    for path in ("/settings?done=a&done=b", "/entries/new?day=a&day=b&draft=a&draft=b", "/?after=a&after=b&q=a&q=b"):
        assert ana.call("GET", path).status == 200, path
    assert ana.call("GET", "/sign-in?next=/bin&next=/b").headers["location"] == "/bin"


def test_addresses_that_make_no_sense(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    for path in (
        "/entries/x",
        "/entries/00000000-0000-0000-0000-000000000000",
        "/api/entries/x",
        "/api/files/..%2f..%2fetc%2fpasswd",
        "/nothing",
    ):
        assert ana.call("GET", path).status == 404, path
    for path in ("/entries/x", "/nothing"):
        ana.page.goto(path)
        expect(ana.page.locator("main")).to_have_count(1)
    for path in (
        "/?after=x",
        "/?after=WyIyMDI2LTAxLTAxIiwieCIsInkiXQ",
        "/?mood=x&tag=&from=1",
        f"/?after={position('99999999999999')}",
        f"/?after={position(2**60)}",
        f"/?after={position(-(2**52))}",
        "/calendar?month=2026-13",
        "/calendar?month=x",
        "/charts?range=constructor",
        "/?q=" + "x" * 1000,
        "/?tag=" + "%F0%9F%92%A9" * 100,
    ):
        assert ana.call("GET", path).status == 200, path
