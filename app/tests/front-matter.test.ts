// An entry becomes a Markdown file and comes back as it was; files of other programs come in as well as they can.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "@/server/entries";
import { fromMarkdown, toMarkdown } from "@/server/front-matter";

const TODAY = "2026-11-30";
const ENTRY = {
  id: "0f8fad5b-d9cb-469f-a165-70867728950e", day: "2026-03-14", title: "---\n: \"no\" # yes", body: "", mood: 4, pinned: true,
  tags: ["yes", "1", "a: b"], figures: { km: 5.5, "1e3": -2 }, revision: 3, createdAt: new Date(0), updatedAt: new Date(0),
} satisfies Entry;

test("what was taken away comes back as it was", () => {
  for (const body of ["A text", "---\nnot: ours\n---\n", "\n\nbegins late", "", "# A heading"]) {
    const { id, draft } = fromMarkdown(toMarkdown(ENTRY, body), "x.md", TODAY);
    const { title, day, mood, pinned, tags, figures } = ENTRY;
    assert.deepEqual({ id, draft }, { id: ENTRY.id, draft: { day, title, body, mood, pinned, tags, figures } });
  }
});

for (const [what, text, path, day, title] of [
  ["a dated name", "words", "notes/2025-01-02-my_first-day.md", "2025-01-02", "my first day"],
  ["a heading before the name", "# The heading\nwords", "2025-01-02 x.md", "2025-01-02", "The heading"],
  ["Windows' ends of lines", "---\r\ntitle: T\r\ndate: 2025-01-02\r\n---\r\nwords", "x.md", "2025-01-02", "T"],
  ["a day and a time", "---\ncreated: 2025-01-02T23:00:00Z\n---\n", "x.md", "2025-01-02", "x"],
  ["a day that is none", "---\ndate: soon\n---\n", "2025-02-30.md", TODAY, ""],
] as const) {
  test(`${what}`, () => {
    const { draft } = fromMarkdown(text, path, TODAY);
    assert.deepEqual([draft.day, draft.title], [day, title]);
  });
}

test("what is no front matter stays text", () => {
  for (const text of ["---\n- a list\n---\nx", "---\n{broken\n---\nx", "---\nnever ended", `---\nbomb: &a [*a, *a]\n---\nx`]) {
    assert.equal(fromMarkdown(text, "x.md", TODAY).draft.body, text);
  }
});

test("tags come as a list or as words, and no more of them than an entry has", () => {
  assert.deepEqual(fromMarkdown("---\ntags: a, b\n---\n", "x", TODAY).draft.tags, ["a", "b"]);
  const many = Array.from({ length: 30 }, (_, at) => `t${at}`);
  assert.equal(fromMarkdown(`---\ntags: [${many}]\n---\n`, "x", TODAY).draft.tags.length, 20);
});
