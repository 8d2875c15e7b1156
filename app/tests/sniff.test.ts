// What a file is, its bytes say: never its name alone, never the browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sniff } from "@/server/sniff";

for (const [what, head, name, type] of [
  ["a picture with another name", "\x89PNG\r\n\x1a\n", "x.exe", "image/png"],
  ["a photo", "\xff\xd8\xff\xe0", "x", "image/jpeg"],
  ["a WebP", "RIFF\x01\x02\x03\x04WEBP", "x.webp", "image/webp"],
  ["a HEIC", "\0\0\0\x18ftypheic", "x.heic", "image/heic"],
  ["a letter", "PK\x03\x04", "x.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["an archive that says nothing", "PK\x03\x04", "x.jar", undefined],
  ["notes", "Grüße", "x.md", undefined], // as Latin-1, which is no UTF-8
  ["a page that can carry scripts", "<html>", "x.html", undefined],
  ["a picture that can carry scripts", "<svg>", "x.svg", undefined],
  ["a page that is called a picture", "<html>", "x.png", undefined],
  ["a program that is called a text", "\x7fELF\0\0", "x.txt", undefined],
  ["nothing", "", "x.png", undefined],
] as const) {
  test(`${what}: ${type ?? "not taken"}`, () => assert.equal(sniff(Buffer.from(head, "latin1"), name)?.type, type));
}

test("text is text in UTF-8", () => assert.equal(sniff(Buffer.from("Grüße"), "x.md")?.type, "text/plain; charset=utf-8"));
