"""Everything can be taken away, and brought back without doubles."""

from __future__ import annotations

import io
import json
import random
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.bringing import begin, bring, bring_files, send, send_part
from tests.app.conftest import PASSWORD, Person
from tests.app.servers import Diary
from tests.app.test_files import entry_of, upload
from tests.app.test_isolation import PNG
from tests.conftest import wait_until


def archive_of(person: Person) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(person.call("GET", "/api/export").body()))


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_an_export_comes_back_whole_on_another_account(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = str(uuid.uuid4())
    ana.write(
        entry,
        title='Ñandú: "quoted" — #1',
        body="text",
        tags=["ventas", "año"],
        figures={"MRR": 29.5, "sleep h": 7},
        mood=4,
        pinned=True,
    )
    _status, file = upload(ana, entry, "sun (set).png", PNG)
    inner = zipped(a="b")
    _status, attached = upload(ana, entry, "inner.zip", inner)
    body = f"before\n\n![sun](/api/files/{file['id']}) and [zip](/api/files/{attached['id']})\n\n---\n\nafter: {{x}}"
    assert ana.write(
        entry,
        revision=1,
        title='Ñandú: "quoted" — #1',
        body=body,
        tags=["ventas", "año"],
        figures={"MRR": 29.5, "sleep h": 7},
        mood=4,
        pinned=True,
    ).ok
    ana.write(str(uuid.uuid4()), title="", body="---\nno front matter: [\n---\n", day="2025-12-31")

    archive = archive_of(ana)
    assert archive.testzip() is None
    text = next(archive.read(name).decode() for name in archive.namelist() if "2026-03-14" in name)
    assert "../files/" in text
    assert len(json.loads(archive.read("diary.json"))["entries"]) == 2
    assert ana.call("GET", "/api/export?format=json").json() == json.loads(archive.read("diary.json"))

    before = ana.call("GET", f"/api/entries/{entry}").json()
    exported = ana.call("GET", "/api/export").body()
    assert bring(ana, exported) == {"created": 0, "skipped": 2, "files": 0, "problems": []}
    assert ana.form("/form/delete-account", password=PASSWORD).ok
    luis = person().sign_up("Luis")
    assert bring(luis, exported) == {"created": 2, "skipped": 0, "files": 2, "problems": []}
    after = luis.call("GET", f"/api/entries/{entry}").json()
    same = ("day", "title", "body", "tags", "figures", "mood", "pinned")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert luis.call("GET", f"/api/files/{file['id']}").body() == PNG
    assert luis.call("GET", f"/api/files/{attached['id']}").body() == inner
    assert bring(luis, exported)["skipped"] == 2


def test_an_export_may_have_more_members_than_a_plain_zip_can(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    ana.context.set_default_timeout(180_000)
    ana.query(
        "insert into entry (id, user_id, day, title) select gen_random_uuid(), %s, '2026-03-14', n::text"
        " from generate_series(1, 65600) n",
        ana.id,
    )
    archive = archive_of(ana)
    names = archive.namelist()
    assert len(names) == 65_601
    assert b"2026-03-14" in archive.read(names[-2])
    assert len(json.loads(archive.read("diary.json"))["entries"]) == 65_600


def test_an_import_may_have_more_members_than_a_plain_zip_can(person: Callable[..., Person]) -> None:
    members: dict[str, str | bytes] = {f"{number}.txt": "" for number in range(65_600)}
    report = bring(person().sign_up(), zipped(**members, **{"last.md": "# Last", "pics.md": "![p](65599.txt)"}))
    assert (report["created"], report["problems"]) == (2, [{"path": "65599.txt", "problem": "file_type"}])
    luis = person().sign_up("Luis")
    long = zipped(**{f"{number}{'x' * 60_000}.txt": "" for number in range(300)})
    begun = send(luis, {"long.zip": long})
    answer = luis.call("POST", f"/api/imports/{begun['id']}")
    assert (answer.status, answer.json()["problem"]) == (413, "too_large"), "names are kept in memory"


def test_a_deleted_entry_comes_back_by_import(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    exported = ana.call("GET", "/api/export").body()
    ana.call("DELETE", f"/api/entries/{entry}")
    assert bring(ana, exported)["created"] == 1
    assert ana.call("GET", f"/api/entries/{entry}").ok


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_folder_of_markdown_is_imported_once(person: Callable[..., Person], tmp_path: Path, device: str) -> None:
    ana = person(device=device).sign_up()
    folder = tmp_path / "vault"
    (folder / "pics").mkdir(parents=True)
    (folder / "2025-05-01 A walk.md").write_text("We walked.\n\n![view](pics/view.png)\n")
    (folder / "note.md").write_text("---\ndate: 2024-02-03\ntags: [Home, deep work]\n---\n# A heading\n\nText\n")
    (folder / "broken.md").write_text("---\n: [\n---\nkept as it is\n")
    (folder / "other.docx").write_bytes(b"ignored")
    (folder / "pics" / "view.png").write_bytes(PNG)
    page = ana.page
    for expected in (
        "3 entries and 1 files imported, 0 were here already.",
        "0 entries and 0 files imported, 3 were here already.",
    ):
        page.goto("/settings")
        page.get_by_label("A folder of Markdown").set_input_files(folder)
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_text(expected)).to_be_visible()
    found = ana.query("select day::text, title from entry where user_id = %s order by day", ana.id)
    assert found[:2] == [("2024-02-03", "A heading"), ("2025-05-01", "A walk")]
    assert ana.query("select tag from entry_tag where user_id = %s order by tag", ana.id) == [("deep work",), ("home",)]
    assert "/api/files/" in ana.query("select body from entry where user_id = %s and title = 'A walk'", ana.id)[0][0]


def test_texts_made_to_keep_the_diary_busy(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    names = ("links.md", "angles.md", "2026-01-01" + "-" * 50_000 + "\nname.md", "front.md", "heading.md")
    texts = ("](" * 100_000, "](<" * 100_000, "dated", "---\n" + "- " * 9_000 + "\n---\ntext", "# " + "\n" * 300_000)
    members: dict[str, str | bytes] = dict(zip(names, texts, strict=True))
    report = bring(ana, zipped(**members))
    assert report == {"created": len(names), "skipped": 0, "files": 0, "problems": []}
    ana.page.goto("/")
    assert ana.page.locator(".timeline h2").count() == len(names)


def test_links_lead_to_their_files_and_nothing_else_changes(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    text = 'a.png ![a](a.png) ![a](<a.png> "a.png") [b](sub/b%20c.png) [c](a.png) [d](https://a.png) [e](gone.png)'
    assert bring(ana, zipped(**{"x.md": text.encode(), "a.png": PNG, "sub/b c.png": PNG + b"b"}))["files"] == 2
    (a, b) = [str(row[0]) for row in ana.query("select id from attachment where user_id = %s order by name", ana.id)]
    expected = text.replace("<a.png>", f"/api/files/{a}").replace("(a.png", f"(/api/files/{a}")
    body = ana.query("select body from entry where user_id = %s", ana.id)[0][0]
    assert body == expected.replace("sub/b%20c.png", f"/api/files/{b}")


def test_archives_that_are_not_what_they_seem(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    good = zipped(**{"a.md": "hello"})
    for bad in (b"not a zip", good[:-30], b"PK\x03\x04" + b"\0" * 100, good.replace(b"a.md", b"b.md", 1)[:-4]):
        assert bring(ana, bad)["problems"] == [{"path": "diary.zip", "problem": "bad_archive"}]
    broken = bytearray(zipped(**{"a.md": "hello, hello, hello"}))
    broken[broken.index(b"a.md") + 6] ^= 0xFF
    assert bring(ana, bytes(broken))["problems"] == [{"path": "a.md", "problem": "bad_archive"}]
    report = bring(ana, zipped(**{"../../escape.md": "outside", "huge.md": "x" * 1_000_001, "ok.md": "fine"}))
    assert report == {"created": 2, "skipped": 0, "files": 0, "problems": [{"path": "huge.md", "problem": "too_large"}]}
    assert ana.diary.health() is not None


def test_archives_that_unpack_to_gigabytes_take_no_memory(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    at = another_diary()
    people = [person(at).sign_up(), person(at).sign_up("Luis")]
    bomb = zipped(
        **{"a.md": b"![a](big.txt)", "big.txt": b"x" * (240 * 1024 * 1024), "b.md": b"x" * (30 * 1024 * 1024)}
    )
    for somebody in people:
        report = bring_files(somebody, {f"{number}.zip": bomb for number in range(16)})
        assert (report["created"], report["files"]) == (1, 0)
        assert {(one["path"], one["problem"]) for one in report["problems"]} == {
            ("big.txt", "too_large"),
            ("b.md", "too_large"),
        }
    assert at.process is not None
    status = Path(f"/proc/{at.process.pid}/status").read_text()
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kib < 600 * 1024


def test_an_import_of_any_size_goes_on_after_a_restart(
    person: Callable[..., Person], another_diary: Callable[..., Diary]
) -> None:
    at = another_diary()
    ana = person(at).sign_up()
    paper = b"%PDF-1.7\n" + random.Random(1).randbytes(9 * 1024 * 1024)
    archive = zipped(
        **{"a.md": b"[paper](one.pdf)", "b.md": b"[paper](two.pdf)", "one.pdf": paper, "two.pdf": paper + b"2"}
    )
    begun = begin(ana, {"diary.zip": archive})
    assert begun["here"] == []
    assert send_part(ana, begun, 0, archive).ok
    early = ana.call("POST", f"/api/imports/{begun['id']}")
    assert (early.status, early.json()) == (409, {"problem": "import_incomplete"})
    at.stop()
    at.up()
    again = begin(ana, {"diary.zip": archive})
    assert (again["id"], again["here"]) == (begun["id"], [0])
    assert bring(ana, archive) == {"created": 2, "skipped": 0, "files": 2, "problems": []}
    folder, sizes = at.files / ana.id, [len(paper), len(paper) + 1]
    wait_until(lambda: sorted(path.stat().st_size for path in folder.iterdir()) == sizes, "the parts are gone")
    ana.query("delete from attachment where bytes = %s", len(paper))
    assert bring(ana, archive)["files"] == 1, "what an import that ended early left out is brought later"


def test_parts_that_do_not_fit(person: Callable[..., Person]) -> None:
    ana, luis = person().sign_up(), person().sign_up("Luis")
    begun = begin(ana, {"diary.zip": b"x" * 100})
    parts = f"/api/imports/{begun['id']}/parts"
    for path, size, status in (("0", 99, 400), ("0", 101, 400), ("1", 100, 404), ("-1", 100, 404), ("x", 100, 404)):
        assert ana.call("PUT", f"{parts}/{path}", b"x" * size).status == status, (path, size)
    assert ana.call("PUT", f"{parts}/0", b"x" * (8 * 1024 * 1024 + 1)).status == 413
    for method, path in (("PUT", f"{parts}/0"), ("POST", parts[:-6]), ("DELETE", parts[:-6])):
        assert luis.call(method, path, b"x" * 100).status == 404
    for sizes, status in (([3 * 1024**3], 200), ([9 * 1024**3], 413), ([-1], 400), ([1e300], 400), ([], 400)):
        files = [{"path": "x.zip", "bytes": size} for size in sizes]
        assert ana.call("POST", "/api/imports", json.dumps({"files": files})).status == status
    assert ana.call("PUT", f"{parts}/0", b"x" * 100).json() == {"problem": "import_gone"}, "another one was begun"


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_page_tells_of_an_import_that_was_interrupted(
    person: Callable[..., Person], tmp_path: Path, device: str
) -> None:
    ana = person(device=device).sign_up()
    path = tmp_path / "diary.zip"
    path.write_bytes(zipped(**{"a.md": b"hello", "b.bin": random.Random(2).randbytes(9 * 1024 * 1024)}))
    begun = begin(ana, {"diary.zip": path.read_bytes()})
    assert send_part(ana, begun, 1, path.read_bytes()).ok
    page = ana.page
    page.goto("/settings")
    expect(page.get_by_text("The import of diary.zip was interrupted with 50 % sent.")).to_be_visible()
    page.get_by_label("Zip or Markdown files").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("1 entries and 0 files imported, 0 were here already.")).to_be_visible()
    expect(page.get_by_text("was interrupted")).to_have_count(0)
    begin(ana, {"other.zip": b"x" * 100})
    page.goto("/settings")
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("was interrupted")).to_have_count(0)
    assert ana.query("select count(*) from unfinished_import where user_id = %s", ana.id) == [(0,)]
