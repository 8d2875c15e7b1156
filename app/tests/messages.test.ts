// Two languages that say the same, and the choice between them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLocale, fill, messages } from "@/messages";
import { errors } from "@/messages/errors";
import { problemText } from "@/messages/problem-text";

type Tree = { readonly [name: string]: unknown };

/** `path: the values that its text has places for`. */
function places(tree: Tree, path = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    if (typeof value === "object" && value !== null) return places(value as Tree, `${path}${name}.`);
    return `${path}${name}: ${(String(value).match(/\{\w+\}/g) ?? []).toSorted()}`;
  });
}

test("both languages have the same texts with the same places", () => {
  assert.deepEqual(places(messages("es")), places(messages("en")));
  assert.deepEqual(places(errors.es), places(errors.en));
});

test("no text is empty", () => {
  for (const locale of ["en", "es"] as const) assert.doesNotMatch(JSON.stringify(messages(locale)), /:""/);
});

for (const [chosen, accepted, locale] of [
  ["es", "en", "es"],
  ["fr", "es-MX,es;q=0.9", "es"],
  [undefined, "fr;q=0.9, es;q=0.4, en;q=0.8", "en"],
  [undefined, "en;q=0.1, es;q=0.9", "es"],
  [undefined, "de", "en"],
  [undefined, null, "en"],
] as const) {
  test(`who chose ${chosen} and whose browser says ${accepted} reads ${locale}`, () => assert.equal(chooseLocale(chosen, accepted), locale));
}

test("values are put into their places, and unknown places stay", () => {
  assert.equal(fill("{a} of {b}, {a} {c}", { a: 1, b: "$&" }), "1 of $&, 1 {c}");
});

test("a problem that nobody knows is something that went wrong", () => {
  const t = messages("en").problems;
  assert.equal(problemText(t, "invalid_day"), t.invalid_day);
  for (const code of [undefined, "nonsense", "constructor", "__proto__"]) assert.equal(problemText(t, code), t.unexpected);
});
