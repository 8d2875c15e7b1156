// A text becomes HTML in which nothing of it can be an element, an attribute or a script.
import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt, filesNamed, linkTargets, renderMarkdown } from "@/server/markdown";

const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const PICTURE = { id: ID, name: 'a "b".png', type: "image/png", width: 300, height: 200 };

test("tags are text, and links lead nowhere that runs something", () => {
  const html = renderMarkdown('<script>x</script> [a](javascript:x) ![b](data:text/html,x) <img onerror="x">', []);
  assert.doesNotMatch(html, /<script|<img|href=|src=/);
});

test("links to other sites tell them nothing", () => {
  assert.match(renderMarkdown("[a](https://example.org)", []), /rel="noopener noreferrer nofollow" target="_blank"/);
  assert.doesNotMatch(renderMarkdown("[a](/entries)", []), /target=/);
});

test("a picture of the diary's own is shown small and leads to the whole", () => {
  const html = renderMarkdown(`![](/api/files/${ID})`, [PICTURE]);
  assert.match(html, new RegExp(`<a href="/api/files/${ID}"><img src="/api/files/${ID}\\?small" alt="a &quot;b&quot;.png" width="300" height="200"`));
});

test("a picture within a link leads where the link leads, and a file that is no picture is a link", () => {
  assert.equal(renderMarkdown(`[![x](/api/files/${ID})](https://example.org)`, [PICTURE]).match(/<a /g)?.length, 1);
  assert.match(renderMarkdown(`![<x>](/api/files/${ID})`, [{ ...PICTURE, type: "application/pdf" }]), />&lt;x&gt;<\/a>/);
});

test("tasks have boxes", () => {
  assert.match(renderMarkdown("- [ ] one\n- [x] two", []), /☐ one[\s\S]*☑ two/);
});

test("the beginning of a text is words, without marks, pictures and tables", () => {
  assert.equal(excerpt("# One\n\n**two** ![three](x.png) `four`\n\n| a | b |\n| - | - |\n| c | d |\n\nfive"), "One two four five");
  assert.equal(excerpt("some words that are many", 10), "some words…");
  assert.equal(excerpt("🦉".repeat(100), 11), `${"🦉".repeat(5)}…`);
});

test("targets of links are found where they stand", () => {
  const text = "![a](<b c.png>) [d](e(f).md \"title\") [](";
  const found = [...linkTargets(text)];
  assert.deepEqual(found.map((target) => target.text), ["b c.png", "e(f).md"]);
  assert.equal(text.slice(found[1]!.start, found[1]!.end), "e(f).md");
});

test("the files that a text names are each told once", () => {
  assert.deepEqual(filesNamed(`![a](/api/files/${ID}) [b](/api/files/${ID}) [c](/api/files/other)`), [ID]);
});
