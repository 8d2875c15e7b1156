// Finding entries: by words in two languages, by what they have, page after page, and never another person's.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { readDraft } from "@/server/draft";
import { saveEntry } from "@/server/entries";
import { PAGE_SIZE, figureNames, figureSeries, listDays, listEntries, listTags, moodSeries, type Filter } from "@/server/timeline";
import { servers, somebody } from "./servers";

async function write(person: string, title: string, more: object = {}): Promise<void> {
  await saveEntry(person, randomUUID(), readDraft({ day: "2026-03-14", title, body: "", ...more }), 0);
}

async function titles(person: string, filter: Filter): Promise<string[]> {
  return (await listEntries(person, filter)).entries.map((entry) => entry.title);
}

describe("finding entries", servers, () => {
  for (const [entry, words, found] of [
    ["We were running along the river", "run", true],
    ["Corrimos junto al río", "rio", true],
    ["Corrimos junto al río", "corriendo", true],
    ["An appointment", "appoin", true],
    ["An appointment", "pointment", false],
    ["red wine", "red -wine", false],
    ["red and white wine", '"red wine"', false],
    ["a red wine", '"red wine"', true],
    ["anything", "& | ! :* ( '", false],
    ["anything", "' ; drop table entry; --", false],
  ] as const) {
    test(`"${words}" ${found ? "finds" : "does not find"} "${entry}"`, async () => {
      const [ana, ben] = [await somebody(), await somebody()];
      await write(ana, entry);
      assert.deepEqual(await titles(ana, { words }), found ? [entry] : []);
      assert.deepEqual(await titles(ben, { words }), [], "never another person's");
    });
  }

  test("filters go together", async () => {
    const ana = await somebody();
    await write(ana, "both", { tags: ["work"], mood: 4, pinned: true });
    await write(ana, "tag", { tags: ["work"], day: "2026-03-15" });
    await write(ana, "mood", { mood: 4, day: "2026-03-13" });
    assert.deepEqual(await titles(ana, { tag: "work" }), ["tag", "both"]);
    assert.deepEqual(await titles(ana, { tag: "work", mood: 4 }), ["both"]);
    assert.deepEqual(await titles(ana, { from: "2026-03-13", to: "2026-03-14" }), ["both", "mood"]);
    assert.deepEqual(await titles(ana, { pinned: true }), ["both"]);
  });

  test("pages follow each other and lose nothing, though all entries are of one day", async () => {
    const ana = await somebody();
    const wanted = Array.from({ length: 2 * PAGE_SIZE + 1 }, (_, at) => `entry ${at}`);
    for (const title of wanted) await write(ana, title);
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 3; page += 1) {
      const found = await listEntries(ana, {}, after);
      seen.push(...found.entries.map((entry) => entry.title));
      after = found.next;
    }
    assert.deepEqual([seen, after], [wanted.toReversed(), null]);
  });

  test("a position that makes no sense is the beginning", async () => {
    const ana = await somebody();
    await write(ana, "only");
    for (const after of ["nonsense", Buffer.from('["2026-01-01",1e400,"x"]').toString("base64url"), "W10"]) {
      assert.equal((await listEntries(ana, {}, after)).entries.length, 1);
    }
  });

  test("values of one day are averaged, and names are those in use", async () => {
    const ana = await somebody();
    await write(ana, "a", { mood: 2, figures: { km: 4 }, tags: ["b"] });
    await write(ana, "b", { mood: 5, figures: { km: 6 }, tags: ["a", "b"] });
    assert.deepEqual(await moodSeries(ana, "2026-01-01"), [{ day: "2026-03-14", value: 3.5 }]);
    assert.deepEqual((await figureSeries(ana, "2026-01-01")).get("km"), [{ day: "2026-03-14", value: 5 }]);
    assert.deepEqual([await figureNames(ana), await listTags(ana)], [["km"], ["a", "b"]]);
    assert.deepEqual((await listDays(ana, "2026-03-14", "2026-03-14")).map((entry) => entry.title), ["a", "b"]);
  });
});
