// What is written reaches the server once, in order, and stays in the browser until it has.
import assert from "node:assert/strict";
import { beforeEach, test, type TestContext } from "node:test";
import { Autosave, type SaveState } from "@/ui/autosave";
import { listDrafts } from "@/ui/local-drafts";
import { Page, json } from "./page";

const TEXT = { day: "2026-03-14", title: "t", body: "one", mood: null, pinned: false, tags: [], figures: {} };
let page: Page;

beforeEach(() => {
  page = new Page();
});

function begun(context: TestContext): { save: Autosave; states: SaveState["kind"][]; pause: (ms: number) => Promise<void> } {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const states: SaveState["kind"][] = [];
  const save = new Autosave("ana", "e1", 3, (state) => states.push(state.kind));
  const pause = async (ms: number): Promise<void> => {
    context.mock.timers.tick(ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await new Promise(setImmediate);
  };
  return { save, states, pause };
}

test("a pause sends what was written, once", async (context) => {
  const { save, states, pause } = begun(context);
  page.answers(json({ revision: 4 }));
  save.change(TEXT);
  save.change({ ...TEXT, body: "two" });
  assert.equal(listDrafts("ana")[0]?.fields.body, "two", "kept here meanwhile");
  await pause(800);
  assert.deepEqual(page.sent.map(({ body }) => [body.body, body.revision]), [["two", 3]]);
  assert.deepEqual([states, listDrafts("ana")], [["changed", "changed", "saving", "saved"], []]);
});

test("what is written while a request is on its way follows it, from its revision", async (context) => {
  const { save, pause } = begun(context);
  page.answers(() => {
    save.change({ ...TEXT, body: "two" });
    return Response.json({ revision: 4 });
  }, json({ revision: 5 }));
  save.change(TEXT);
  await pause(800);
  await pause(800);
  assert.deepEqual(page.sent.map(({ body }) => [body.body, body.revision]), [["one", 3], ["two", 4]]);
  assert.deepEqual(listDrafts("ana"), []);
});

test("without a network it is tried again, and nothing is lost", async (context) => {
  const { save, states, pause } = begun(context);
  save.change(TEXT);
  await pause(800);
  await pause(2_000);
  assert.equal(states.at(-1), "offline");
  page.answers(json({ revision: 4 }));
  await pause(4_000);
  assert.deepEqual([states.at(-1), page.sent.length, listDrafts("ana")], ["saved", 3, []]);
});

test("after a conflict a person decides: mine replaces theirs and keeps it as a version", async (context) => {
  const { save, states, pause } = begun(context);
  page.answers(json({ current: { id: "e1", revision: 9 } }, 409), json({ revision: 10 }));
  save.change(TEXT);
  await pause(800);
  save.change({ ...TEXT, body: "two" });
  await pause(60_000);
  assert.deepEqual([states.at(-1), page.sent.length], ["conflict", 1], "nothing is sent before that");
  save.keepMine();
  await pause(0);
  assert.deepEqual(page.sent.at(-1)?.body, { ...TEXT, body: "two", revision: 9, keep: true });
  assert.equal(states.at(-1), "saved");
});

test("after a conflict a person decides: theirs stays and nothing is sent", async (context) => {
  const { save, states, pause } = begun(context);
  page.answers(json({ current: { id: "e1", revision: 9 } }, 409));
  save.change(TEXT);
  await pause(800);
  save.takeTheirs();
  await pause(60_000);
  assert.deepEqual([states.at(-1), page.sent.length, listDrafts("ana")], ["saved", 1, []]);
});

test("a text whose entry is gone becomes an entry of its own", async (context) => {
  const { save, states, pause } = begun(context);
  page.answers(json({}, 404), json({ revision: 1 }));
  save.change(TEXT);
  await pause(800);
  assert.equal(states.at(-1), "gone");
  save.asNew();
  await pause(0);
  assert.notEqual(save.id, "e1");
  assert.deepEqual([page.sent.at(-1)?.path, page.sent.at(-1)?.body.revision], [`/api/entries/${save.id}`, 0]);
  assert.deepEqual(listDrafts("ana"), []);
});

test("a tab that closes warns where neither the server nor the browser has the text", (context) => {
  const { save } = begun(context);
  const detach = save.attach();
  page.keeps = false;
  save.change(TEXT);
  const closing = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(closing);
  assert.ok(closing.defaultPrevented);
  detach();
});

test("drafts of other people, and what is no draft, are nobody's here", () => {
  page.kept.set("diary:draft:ben:e1:x", JSON.stringify({ entryId: "e1", at: 1 }));
  page.kept.set("diary:draft:ana:e1:x", JSON.stringify({ entryId: "e1", at: 1 }));
  page.kept.set("diary:draft:ana:e2:x", JSON.stringify({ entryId: "e2", at: 2 }));
  assert.deepEqual(listDrafts("ana").map((draft) => draft.entryId), ["e2", "e1"]);
});

test("what somebody else wrote among the drafts hides none of them", () => {
  page.kept.set("diary:draft:ana:e0:x", "{broken");
  page.kept.set("diary:draft:ana:e1:x", JSON.stringify({ entryId: "e1", at: 1 }));
  page.kept.set("diary:draft:ana:e2:x", JSON.stringify({ entryId: "e2", at: 2 }));
  assert.deepEqual(listDrafts("ana").map((draft) => draft.entryId), ["e2", "e1"]);
});
