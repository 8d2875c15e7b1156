// What a person sends becomes a draft, or a problem that says which part is wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BODY_BYTES, FIGURE_LIMIT, isDay, isUuid, readDraft } from "@/server/draft";
import { Problem } from "@/server/problem";

const GOOD = { day: "2026-03-14", title: "A title", body: "A text" };

function problemOf(more: object): string {
  try {
    readDraft({ ...GOOD, ...more });
  } catch (error) {
    assert.ok(error instanceof Problem);
    return `${error.status} ${error.code}`;
  }
  return "none";
}

test("what is left out is empty", () => {
  assert.deepEqual(readDraft(GOOD), { ...GOOD, mood: null, pinned: false, tags: [], figures: {} });
});

test("titles are trimmed, texts stay as they were typed, and nothing holds the character NUL", () => {
  const { title, body } = readDraft({ ...GOOD, title: "  a\0b ", body: "  c\0d " });
  assert.deepEqual([title, body], ["ab", "  cd "]);
});

test("tags are small, without a mark, and each once", () => {
  assert.deepEqual(readDraft({ ...GOOD, tags: ["#Work", "work ", "", "Ñandú"] }).tags, ["work", "ñandú"]);
});

for (const [what, more, problem] of [
  ["a day that no month has", { day: "2026-02-30" }, "400 invalid_day"],
  ["a day with a time", { day: "2026-02-03T10:00" }, "400 invalid_day"],
  ["a title of 201 characters", { title: "é".repeat(201) }, "400 invalid_title"],
  ["a title of 200 pictures", { title: "🦉".repeat(200) }, "none"],
  ["a text of the most bytes", { body: "a".repeat(BODY_BYTES) }, "none"],
  ["a text of one byte more", { body: "a".repeat(BODY_BYTES + 1) }, "413 too_large"],
  ["a text of few characters and many bytes", { body: "🦉".repeat(BODY_BYTES / 4 + 1) }, "413 too_large"],
  ["a text that is a number", { body: 3 }, "400 invalid"],
  ["a mood between two", { mood: 2.5 }, "400 invalid"],
  ["a mood as a word", { mood: "3" }, "400 invalid"],
  ["no mood", { mood: null }, "none"],
  ["twenty-one tags", { tags: Array.from({ length: 21 }, (_, at) => `tag ${at}`) }, "400 invalid_tags"],
  ["a tag of 41 characters", { tags: ["a".repeat(41)] }, "400 invalid_tags"],
  ["tags as a word", { tags: "work" }, "400 invalid_tags"],
  ["figures as a list", { figures: [1] }, "400 invalid_figures"],
  ["a figure without a name", { figures: { " ": 1 } }, "400 invalid_figures"],
  ["a figure that is a word", { figures: { km: "5" } }, "400 invalid_figures"],
  ["a figure that is no number", { figures: { km: Number.NaN } }, "400 invalid_figures"],
  ["a figure too large to add up", { figures: { km: FIGURE_LIMIT * 2 } }, "400 invalid_figures"],
  ["a figure below zero", { figures: { km: -FIGURE_LIMIT } }, "none"],
] as const) {
  test(`${what}: ${problem}`, () => assert.equal(problemOf(more), problem));
}

test("what is no object is refused", () => {
  for (const value of [null, "text", 3, undefined]) assert.throws(() => readDraft(value), Problem);
});

test("days are days of the calendar", () => {
  for (const day of ["2024-02-29", "1000-01-01", "9999-12-31"]) assert.ok(isDay(day), day);
  for (const day of ["2023-02-29", "0999-12-31", "2026-13-01", "2026-1-1", "2026-01-01\n", "", null, 20260101]) assert.ok(!isDay(day), String(day));
});

test("an id is a whole uuid", () => {
  assert.ok(isUuid("0F8FAD5B-d9cb-469f-a165-70867728950e"));
  for (const text of ["0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950e\n", "x"]) assert.ok(!isUuid(text));
});
