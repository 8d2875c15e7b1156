"""Files: what is taken, how it is served, where it lies, and that none is left behind."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import expect

from tests.app.conftest import PASSWORD, Person
from tests.app.servers import Build, Diary
from tests.app.test_isolation import PNG
from tests.app.test_sign_out import second_instance
from tests.conftest import wait_until


def upload(person: Person, entry: str, name: str, content: bytes) -> tuple[int, dict[str, object]]:
    answer = person.call("POST", f"/api/entries/{entry}/files", content, **{"x-file-name": name})
    return answer.status, answer.json()


def entry_of(person: Person) -> str:
    entry = str(uuid.uuid4())
    assert person.write(entry).ok
    return entry


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_an_image_is_attached_and_shown(person: Callable[..., Person], device: str) -> None:
    ana = person(device=device).sign_up()
    page = ana.page
    page.goto("/entries/new")
    page.get_by_label("Title").fill("With a picture")
    page.locator("input[type=file]").set_input_files({"name": "sun set.png", "mimeType": "image/png", "buffer": PNG})
    expect(page.get_by_label("Text")).to_have_value(r"![sun set.png](/api/files/" + ana_file(ana, page) + ")\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="sun set.png")).to_be_visible()
    assert page.evaluate("document.querySelector('.prose img').naturalWidth") == 1
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Remove sun set.png").click()
    expect(page.get_by_role("button", name="Remove sun set.png")).to_have_count(0)
    wait_until(lambda: not list((ana.diary.files / ana.id).iterdir()), "the file is gone from the disk")


def ana_file(person: Person, page: object) -> str:
    wait_until(lambda: person.query("select 1 from attachment where user_id = %s", person.id), "the file was taken")
    return str(person.query("select id from attachment where user_id = %s", person.id)[0][0])


def test_what_a_file_says_it_is_does_not_count(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    refused = {
        "photo.png": b"<html><script>alert(1)</script></html>",
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        "page.html": b"<!doctype html>",
        "program.exe": b"MZ\x90\x00",
        "notes.txt": b"text\x00with a zero",
        "archive.jar": b"PK\x03\x04....",
        "empty.txt": b"",
        "noname": b"just text",
        "run.sh": b"#!/bin/sh\n",
    }
    for name, content in refused.items():
        assert upload(ana, entry, name, content) == (415, {"problem": "file_type"}), name
    taken = {
        "photo.txt": (PNG, "image/png"),
        "plan.md": (b"# plan", "text/plain; charset=utf-8"),
        "paper.pdf": (b"%PDF-1.7\n", "application/pdf"),
    }
    for name, (content, kind) in taken.items():
        status, file = upload(ana, entry, name, content)
        assert (status, file["type"]) == (201, kind)
        served = ana.call("GET", f"/api/files/{file['id']}")
        assert served.headers["content-type"] == kind
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert served.headers["content-disposition"].startswith("inline" if kind == "image/png" else "attachment")
        unchanged = ana.call("GET", f"/api/files/{file['id']}", **{"if-none-match": served.headers["etag"]})
        assert unchanged.status == 304


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.txt",
        "..%2F..%2Fx.txt",
        "C:\\windows\\x.txt",
        "/etc/cron.d/x.txt",
        ".hidden.txt",
        "a\x00b.txt",
        "\u202etxt.exe.txt",
    ],
)
def test_a_path_in_a_file_name_stays_a_name(person: Callable[..., Person], name: str) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    encoded = "".join(f"%{byte:02X}" for byte in name.encode())
    status, file = upload(ana, entry, encoded, b"hello")
    assert status == 201
    kept = str(file["name"])
    assert not set(kept) & set('/\\\0<>:"|?*\u202e')
    assert not kept.startswith(".")
    assert [path.name for path in (ana.diary.files / ana.id).iterdir()] == [file["id"]]


def test_limits_of_size_and_number(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    assert upload(ana, entry, "big.txt", b"x" * (20 * 1024 * 1024 + 1))[1]["problem"] == "too_large"
    for number in range(50):
        assert upload(ana, entry, f"{number}.txt", f"text {number}".encode())[0] == 201
    assert upload(ana, entry, "0.txt", b"text 0")[0] == 201, "the same content is there already"
    assert upload(ana, entry, "51.txt", b"one too many") == (413, {"problem": "too_many_files"})
    assert upload(ana, str(uuid.uuid4()), "x.txt", b"no such entry") == (404, {"problem": "not_found"})


def test_limits_of_a_person_are_settings(person: Callable[..., Person], another_diary: Callable[..., Diary]) -> None:
    ana = person(another_diary(ENTRIES_LIMIT="2", FILES_LIMIT_MIB="1")).sign_up()
    first, second, third = entry_of(ana), entry_of(ana), str(uuid.uuid4())
    refused = ana.write(third)
    assert (refused.status, refused.json()) == (413, {"problem": "too_many_entries", "limit": 2})
    assert ana.write(second, revision=1, body="it can still be written").ok
    assert upload(ana, first, "a.txt", b"x" * 900_000)[0] == 201
    assert upload(ana, second, "b.txt", b"y" * 900_000) == (413, {"problem": "no_space"})


class Sent(NamedTuple):
    method: str
    url: str
    body: bytes
    headers: dict[str, str]


def sent_at_once(person: Person, requests: Sequence[Sent]) -> list[tuple[int, str]]:
    """What each was answered, sorted."""
    cookies = {cookie["name"]: cookie["value"] for cookie in person.context.cookies()}

    def send(request: Sent) -> tuple[int, str]:
        headers = {"origin": person.origin, **request.headers}
        answer = httpx.request(
            request.method, request.url, content=request.body, headers=headers, cookies=cookies, timeout=60
        )
        return answer.status_code, str(answer.json().get("problem", ""))

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(send, requests))


def test_texts_have_a_limit_of_their_own_that_nobody_passes_by_hurrying(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    ana = person(another_diary(TEXTS_LIMIT_MIB="1")).sign_up()
    ids = [str(uuid.uuid4()) for _ in range(6)]
    body = json.dumps({"day": "2026-03-14", "title": "T", "body": "x" * 300_000, "revision": 0}).encode()
    requests = [Sent("PUT", f"{ana.origin}/api/entries/{entry}", body, {}) for entry in ids]
    assert sent_at_once(ana, requests) == [(200, "")] * 3 + [(413, "texts_full")] * 3
    kept = [entry for entry in ids if ana.call("GET", f"/api/entries/{entry}").ok]
    assert ana.write(kept[1], revision=1, title="T", body="x" * 200_000).ok, "its earlier version is kept beside it"
    assert ana.write(kept[0], revision=1, title="T", body="x" * 299_000).status == 413, "a quarter more at the most"
    ana.page.goto(f"/entries/{kept[0]}/edit")
    ana.page.locator("textarea").fill("z" * 400_000)
    expect(ana.page.get_by_role("status").filter(has_text="The diary is full")).to_be_visible()
    assert ana.call("DELETE", f"/api/entries/{kept[2]}").ok
    assert ana.write(kept[1], revision=2, title="T", body="y" * 210_000).status == 413, "the bin counts"
    assert ana.call("POST", f"/api/entries/{kept[2]}/destroy").ok
    assert ana.write(kept[1], revision=2, title="T", body="y" * 210_000).ok
    assert ana.query("select bytes from text_use where user_id = %s", ana.id) == ana.query(
        "select sum(octet_length(title) + octet_length(body))::bigint from"
        " (select title, body from entry union all select title, body from entry_version) texts"
    )
    assert ana.form("/form/delete-account", password=PASSWORD).ok
    assert ana.query("select count(*) from text_use") == [(0,)]


def test_what_is_too_much_already_can_still_become_less(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    at = another_diary(TEXTS_LIMIT_MIB="1")
    ana = person(at).sign_up()
    entry = entry_of(ana)
    assert ana.write(entry, revision=1, body="first").ok, "now there is a version from less than ten minutes ago"
    ana.query("update entry set body = repeat('x', 900000) where id = %s", entry)
    ana.query("update entry_version set body = repeat('y', 900000) where entry_id = %s", entry)
    assert ana.write(entry, revision=2, body="x" * 900_001).status == 413
    assert ana.write(entry, revision=2, body="x" * 899_999).ok


def test_two_instances_together_take_no_more_files_than_one(
    person: Callable[..., Person], another_diary: Callable[..., Diary], built: Build, place: Path
) -> None:
    at = another_diary(FILES_LIMIT_MIB="1")
    ana = person(at).sign_up()
    with second_instance(at, built, place, FILES_LIMIT_MIB="1") as second:
        sent = [
            Sent(
                "POST", f"{where}/api/entries/{entry_of(ana)}/files", b"%d" % number * 600_000, {"x-file-name": "a.txt"}
            )
            for number, where in enumerate([at.origin, second] * 3)
        ]
        assert sent_at_once(ana, sent) == [(201, "")] + [(413, "no_space")] * 5


def test_files_of_an_entry_that_is_deleted_for_good_go_with_it(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    upload(ana, entry, "a.txt", b"hello")
    ana.call("DELETE", f"/api/entries/{entry}")
    assert len(list((ana.diary.files / ana.id).iterdir())) == 1, "it can still be brought back"
    assert ana.call("POST", f"/api/entries/{entry}/destroy").ok
    wait_until(lambda: not list((ana.diary.files / ana.id).iterdir()), "the file is gone from the disk")


class Bucket(BaseHTTPRequestHandler):
    """An object store that keeps what it is given, and checks that what it is given was signed."""

    objects: dict[str, bytes]
    protocol_version = "HTTP/1.0"  # one connection a request: shutting down really ends it

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"] or 0))
        signed = self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
        if not signed or self.headers["x-amz-content-sha256"] != hashlib.sha256(content).hexdigest():
            return self._answer(403)
        self.objects[self.path] = content
        return self._answer(200)

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        self._answer(404 if found is None else 200, found or b"")

    def do_HEAD(self) -> None:
        self._answer(200 if self.path == "/diary" else 404)

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self._answer(204)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[tuple[int, dict[str, bytes]]]:
    objects: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OurBucket", (Bucket,), {"objects": objects}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield int(server.server_address[1]), objects
    finally:
        server.shutdown()
        server.server_close()


def test_files_lie_in_an_object_store_where_the_stack_has_one(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    with bucket() as (port, objects):
        at = another_diary(
            S3_ENDPOINT=f"http://127.0.0.1:{port}",
            S3_BUCKET="diary",
            S3_ACCESS_KEY_ID="key",
            S3_SECRET_ACCESS_KEY="secret",
        )
        assert at.health() == {"ok": True, "database": True, "cache": True, "storage": True}
        ana = person(at).sign_up()
        entry = entry_of(ana)
        _status, file = upload(ana, entry, "sun.png", PNG)
        key = f"/diary/{ana.id}/{file['id']}"
        assert objects.keys() == {key, f"{key}.small"}
        assert objects[key] == PNG
        assert ana.call("GET", f"/api/files/{file['id']}").body() == PNG
        assert ana.call("DELETE", f"/api/files/{file['id']}").ok
        wait_until(lambda: objects == {}, "the object is gone")
    answer = ana.call("POST", f"/api/entries/{entry}/files", PNG, **{"x-file-name": "late.png"})
    assert (answer.status, answer.json()) == (500, {"problem": "unexpected"})
    assert at.health() == {"ok": False, "database": True, "cache": True, "storage": False}
    assert json.loads(ana.call("GET", f"/api/entries/{entry}").text())["title"] == "A title", "reading goes on"
