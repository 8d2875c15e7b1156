"""Two people never see anything of each other, whichever way they ask."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Callable

from tests.app.bringing import bring
from tests.app.conftest import HERE, Person

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
SECRET = "zanzibar"
ROUTES = HERE.parents[1] / "app" / "src" / "app"


def a_life(person: Person) -> tuple[str, str, str]:
    """An entry with a version and a file; gives their ids."""
    entry = str(uuid.uuid4())
    person.write(
        entry, title=f"{SECRET} plan", body=f"about {SECRET}", tags=[SECRET], figures={SECRET: 1}, mood=3, pinned=True
    )
    person.write(
        entry,
        revision=1,
        title=f"{SECRET} plan",
        body=f"more about {SECRET}",
        tags=[SECRET],
        figures={SECRET: 1},
        mood=3,
        pinned=True,
    )
    answer = person.call("POST", f"/api/entries/{entry}/files", PNG, **{"x-file-name": f"{SECRET}.png"})
    assert answer.ok, answer.text()
    session = person.query('select id from "session" where "userId" = %s', person.id)[0][0]
    return entry, str(answer.json()["id"]), str(session)


def test_nobody_gets_at_what_is_somebody_elses(person: Callable[..., Person]) -> None:
    ana, luis = person().sign_up(), person().sign_up("Luis")
    entry, file, session = a_life(ana)
    draft = json.dumps({"day": "2026-03-14", "title": "mine now", "body": "", "revision": 2})
    asked = {
        ("GET", f"/api/entries/{entry}"): None,
        ("PUT", f"/api/entries/{entry}"): draft,
        ("DELETE", f"/api/entries/{entry}"): None,
        ("POST", f"/api/entries/{entry}/restore"): None,
        ("POST", f"/api/entries/{entry}/destroy"): None,
        ("POST", f"/api/entries/{entry}/files"): PNG,
        ("GET", f"/api/files/{file}"): None,
        ("DELETE", f"/api/files/{file}"): None,
        ("GET", f"/entries/{entry}"): None,
        ("GET", f"/entries/{entry}/edit"): None,
        ("GET", f"/entries/{entry}/versions"): None,
    }
    for (method, path), body in asked.items():
        answer = luis.call(method, path, body, **{"x-file-name": "x.png"})
        assert answer.status == 404, (method, path)
        assert SECRET not in answer.text(), (method, path)
    assert luis.form("/form/sessions", session=session).status == 404
    written = luis.form("/form/entry", id=entry, revision="2", day="2026-03-14", title="mine now", body="")
    assert (written.status, written.json()) == (404, {"problem": "not_found"})
    kept = ana.call("GET", f"/api/entries/{entry}").json()
    assert (kept["title"], kept["revision"]) == (f"{SECRET} plan", 2)
    assert ana.call("GET", f"/api/files/{file}").body() == PNG
    assert ana.call("GET", "/settings").ok


def test_lists_searches_and_exports_hold_ones_own_things_only(person: Callable[..., Person]) -> None:
    ana, luis = person().sign_up(), person().sign_up("Luis")
    entry, _file, _session = a_life(ana)
    ana.call("DELETE", f"/api/entries/{entry}")
    a_life(ana)
    luis.write(str(uuid.uuid4()), title="Mine", body="nothing special")
    pages = [
        "/",
        f"/?q={SECRET}",
        f"/?tag={SECRET}",
        "/?mood=3",
        "/calendar?month=2026-03",
        "/charts?range=all",
        "/bin",
        "/settings",
        "/entries/new",
        f"/entries/new?draft={entry}",
        "/api/export?format=json",
    ]
    for path in pages:
        text = (
            luis.call("GET", path)
            .text()
            .replace(f"q={SECRET}", "")
            .replace(f'value="{SECRET}"', "")
            .replace(f"tag={SECRET}", "")
        )
        shown = re.sub(rf"<script.*?</script>|<option[^>]*>{SECRET}</option>", "", text, flags=re.DOTALL)
        assert SECRET not in shown, path
    archive = zipfile.ZipFile(io.BytesIO(luis.call("GET", "/api/export").body()))
    assert [name for name in archive.namelist() if name != "diary.json"] == [
        name for name in archive.namelist() if "mine" in name
    ]
    assert SECRET not in archive.read("diary.json").decode()


def test_an_imported_id_of_somebody_else_becomes_another_entry(person: Callable[..., Person]) -> None:
    ana, luis = person().sign_up(), person().sign_up("Luis")
    entry, _file, _session = a_life(ana)
    exported = ana.call("GET", "/api/export").body()
    for expected in ({"created": 1, "skipped": 0}, {"created": 0, "skipped": 1}):
        report = bring(luis, exported)
        assert {name: report[name] for name in expected} == expected
    assert luis.call("GET", f"/api/entries/{entry}").status == 404
    assert ana.query("select count(*) from entry where user_id = %s", luis.id) == [(1,)]


def test_without_a_sign_in_there_is_nothing(person: Callable[..., Person]) -> None:
    ana, nobody = person().sign_up(), person()
    entry, file, _session = a_life(ana)
    for method, path in [
        ("GET", f"/api/entries/{entry}"),
        ("PUT", f"/api/entries/{entry}"),
        ("DELETE", f"/api/entries/{entry}"),
        ("GET", f"/api/files/{file}"),
        ("GET", "/api/export"),
        ("POST", "/api/imports"),
        ("POST", f"/api/imports/{entry}"),
        ("DELETE", f"/api/imports/{entry}"),
        ("PUT", f"/api/imports/{entry}/parts/0"),
        ("POST", "/api/preview"),
        ("POST", "/api/two-factor/start"),
        ("POST", f"/api/entries/{entry}/files"),
    ]:
        answer = nobody.call(method, path, "{}" if method in ("PUT", "POST") else None)
        assert answer.status == 401, (method, path)
        assert answer.json() == {"problem": "signed_out"}
    for path in (
        "/",
        f"/entries/{entry}",
        f"/entries/{entry}/edit",
        f"/entries/{entry}/versions",
        "/calendar",
        "/charts",
        "/bin",
        "/settings",
        "/admin",
    ):
        answer = nobody.call("GET", path)
        assert SECRET not in answer.text()
        assert (answer.status, answer.headers.get("location")) == (307, "/sign-in"), path


def test_every_route_is_in_these_tests() -> None:
    """A route that is added must be thought of here."""
    known = {
        "api/auth/[...all]",
        "api/health",
        "api/preview",
        "api/export",
        "api/imports",
        "api/imports/[id]",
        "api/imports/[id]/parts/[number]",
        "api/files/[id]",
        "api/entries/[id]",
        "api/entries/[id]/restore",
        "api/entries/[id]/destroy",
        "api/entries/[id]/files",
        "api/two-factor/start",
        "api/two-factor/confirm",
        "form/sign-in",
        "form/sign-up",
        "form/sign-out",
        "form/preferences",
        "form/forgot",
        "form/reset",
        "form/two-factor",
        "form/two-factor-off",
        "form/verify",
        "form/password",
        "form/sessions",
        "form/delete-account",
        "form/invite",
        "form/entry",
        "form/example",
    }
    assert {str(file.parent.relative_to(ROUTES)) for file in ROUTES.rglob("route.ts")} == known
    pages = {
        "(diary)",
        "(diary)/entries/new",
        "(diary)/entries/[id]",
        "(diary)/entries/[id]/edit",
        "(diary)/entries/[id]/versions",
        "(diary)/calendar",
        "(diary)/charts",
        "(diary)/bin",
        "(diary)/settings",
        "(diary)/admin",
        "(account)/sign-in",
        "(account)/sign-up",
        "(account)/forgot",
        "(account)/reset",
        "(account)/two-factor",
    }
    assert {str(file.parent.relative_to(ROUTES)) for file in ROUTES.rglob("page.tsx")} == pages
