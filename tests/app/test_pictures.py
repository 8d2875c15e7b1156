"""Photos are shown small, upright and without saying where they were taken; what only claims to be one is a file."""

from __future__ import annotations

import io
import subprocess
import zipfile
import zlib
from collections.abc import Callable

from playwright.sync_api import expect

from tests.app.conftest import Person
from tests.app.servers import Build
from tests.app.test_files import entry_of, upload
from tests.conftest import wait_until

PHOTO = """
const noise = { type: "gaussian", mean: 128, sigma: 30 };
require("sharp")({ create: { width: 1600, height: 1200, channels: 3, background: "#888", noise } })
  .withExif({ IFD0: { Copyright: "whose photo it is" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "40/1 25/1 0/1" } })
  .withMetadata({ orientation: 6 }).jpeg().toBuffer().then((photo) => process.stdout.write(photo));
"""


def photo(built: Build) -> bytes:
    """As a phone that is held upright makes it: it lies on its side, and says so."""
    return subprocess.run(
        [f"{built.node}/bin/node", "-e", PHOTO], cwd=built.dist, env={}, capture_output=True, check=True, timeout=60
    ).stdout


def bomb(side: int) -> bytes:
    """A picture of few bytes and many pixels."""
    packed = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
    head = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    parts = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
        for name, content in parts
    )


def test_a_photo_is_shown_small_and_upright_and_tells_no_place(person: Callable[..., Person], built: Build) -> None:
    ana, luis = person().sign_up(), person().sign_up("Luis")
    entry, whole = entry_of(ana), photo(built)
    assert b"whose photo it is" in whole
    status, file = upload(ana, entry, "walk.jpg", whole)
    assert (status, file["width"], file["height"]) == (201, 768, 1024)
    path = f"/api/files/{file['id']}"
    page = ana.page
    page.goto(f"/entries/{entry}")
    beside = page.get_by_role("img", name="walk.jpg").bounding_box()
    assert beside
    assert round(beside["width"] / beside["height"], 1) == 1.3, "beside the text, all are of one shape"
    assert ana.write(entry, revision=1, body=f"![a walk]({path}) and [![again]({path})](https://example.org)").ok
    served = ana.call("GET", f"{path}?small")
    assert served.headers["content-type"] == "image/webp"
    assert served.body()[:4] == b"RIFF"
    assert b"whose photo it is" not in served.body()
    assert len(served.body()) < len(whole) / 2
    assert ana.call("GET", f"{path}?small", **{"if-none-match": served.headers["etag"]}).status == 304
    assert luis.call("GET", f"{path}?small").status == 404
    page.goto(f"/entries/{entry}")
    shown = page.get_by_role("link", name="a walk").get_by_role("img")
    expect(shown).to_be_visible()
    assert [shown.get_attribute(name) for name in ("width", "height", "loading")] == ["768", "1024", "lazy"]
    wait_until(lambda: shown.evaluate("image => image.naturalWidth") == 768, "the small picture has come")
    expect(page.get_by_role("link", name="a walk")).to_have_attribute("href", path)
    expect(page.get_by_role("link", name="again")).to_have_attribute("href", "https://example.org")
    taken = zipfile.ZipFile(io.BytesIO(ana.call("GET", "/api/export").body()))
    assert [taken.read(name) for name in taken.namelist() if name.startswith("files/")] == [whole]
    assert ana.query("select sum(bytes)::int from attachment where user_id = %s", ana.id) == [(len(whole),)]
    assert len(list((ana.diary.files / ana.id).iterdir())) == 2
    assert ana.call("DELETE", path).ok
    wait_until(lambda: not list((ana.diary.files / ana.id).iterdir()), "the small picture goes with the file")


def test_what_only_claims_to_be_a_picture_or_is_too_large_a_one_is_a_file(person: Callable[..., Person]) -> None:
    ana = person().sign_up()
    entry = entry_of(ana)
    for name, content in {
        "large.png": bomb(20_000),
        "broken.png": b"\x89PNG\r\n\x1a\n...",
        "odd.gif": b"GIF89a",
    }.items():
        status, file = upload(ana, entry, name, content)
        assert (status, file["width"]) == (201, 0), name
        assert ana.call("GET", f"/api/files/{file['id']}?small").body() == content
    files = ana.query("select id from attachment where user_id = %s and name <> 'odd.gif'", ana.id)
    assert ana.write(entry, revision=1, body=" ".join(f"![in the text](/api/files/{file})" for (file,) in files)).ok
    ana.page.goto(f"/entries/{entry}")
    expect(ana.page.get_by_role("link", name="in the text")).to_have_count(2)
    expect(ana.page.get_by_role("link", name="odd.gif")).to_be_visible()
    expect(ana.page.locator("article img")).to_have_count(0)
    ana.page.goto(f"/entries/{entry}/edit")
    expect(ana.page.get_by_role("link", name="large.png")).to_be_visible()
    expect(ana.page.locator(".attachments img")).to_have_count(0)
