// An import is sent in parts, goes on where it was left, and says why it ended.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { sendImport, takeIn, type Step } from "@/ui/send-import";
import { Page, json } from "./page";

const REPORT = { created: 1, skipped: 0, files: 1, problems: [] };
let page: Page;

beforeEach(() => {
  page = new Page();
});

test("parts that came before are not sent again", async () => {
  const steps: Step[] = [];
  page.answers(json({ id: "i", partBytes: 4, here: [1] }), json({}), json({}), json({ finished: false, taken: 1, of: 2 }), json({ finished: true, report: REPORT }));
  const file = Object.assign(new File(["0123456789"], "a.md"), { webkitRelativePath: "" });
  assert.deepEqual(await sendImport([file], (step) => steps.push(step)), REPORT);
  assert.deepEqual(page.sent.map(({ path }) => path), ["/api/imports", "/api/imports/i/parts/0", "/api/imports/i/parts/2", "/api/imports/i", "/api/imports/i"]);
  assert.deepEqual(steps.map(({ doing, done }) => `${doing} ${done}`), ["sending 0", "sending 1", "sending 2", "taking 1"]);
});

test("what the server refuses is told at once", async () => {
  page.answers(json({ problem: "too_large" }, 413));
  await assert.rejects(takeIn("i", () => undefined), { message: "too_large" });
  assert.equal(page.sent.length, 1);
});

test("a server that is away is asked a few times", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  page.answers(...Array.from({ length: 5 }, () => json({}, 503)));
  const ended = assert.rejects(takeIn("i", () => undefined), { message: "import_stopped" });
  for (let second = 0; second < 12; second += 1) {
    await new Promise(setImmediate);
    context.mock.timers.tick(1000);
  }
  await ended;
  assert.equal(page.sent.length, 5);
});

test("an import that does not go on ends", async () => {
  page.answers(json({ finished: false, taken: 3, of: 5 }), json({ finished: false, taken: 3, of: 5 }));
  await assert.rejects(takeIn("i", () => undefined), { message: "unexpected" });
});
