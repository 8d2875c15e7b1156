// What Enter does in a list.
import assert from "node:assert/strict";
import { test } from "node:test";
import { continueList } from "@/ui/continue-list";

/** The text after Enter was pressed where `|` stands, or null where the browser does what it always does. */
function after(text: string): string | null {
  const at = text.indexOf("|");
  const whole = text.replace("|", "");
  const found = continueList(whole, at);
  return found && whole.slice(0, found.start) + found.text + whole.slice(found.end);
}

for (const [before, wanted] of [
  ["- one|", "- one\n- "],
  ["  * one|", "  * one\n  * "],
  ["9. one|", "9. one\n10. "],
  ["3) o|ne", "3) o\n4) ne"],
  ["- [x] done|", "- [x] done\n- [ ] "],
  ["- one\n- |", "- one\n"],
  ["- [ ] |", ""],
  ["words|", null],
  ["-none|", null],
  ["|- one", null],
  ["```\n- code|", null],
  ["```\ncode\n```\n- one|", "```\ncode\n```\n- one\n- "],
] as const) {
  test(JSON.stringify(before), () => assert.equal(after(before), wanted));
}
