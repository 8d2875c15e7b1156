// The diary is well while it can read and write; without the cache it goes on.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GET } from "@/app/api/health/route";
import { cache } from "@/server/cache";
import { database } from "@/server/database";
import { servers } from "./servers";

describe("health", servers, () => {
  const well = { ok: true, database: true, cache: true, storage: true };

  test("all is well", async () => {
    await new Promise((ready) => (cache().status === "ready" ? ready(null) : cache().once("ready", ready)));
    const answer = await GET();
    assert.deepEqual([answer.status, await answer.json()], [200, well]);
  });

  test("without the cache it is well", async () => {
    cache().disconnect();
    const answer = await GET();
    assert.deepEqual([answer.status, await answer.json()], [200, { ...well, cache: false }]);
  });

  test("without the database it is not", async () => {
    await database().end();
    const answer = await GET();
    assert.deepEqual([answer.status, await answer.json()], [503, { ...well, ok: false, database: false, cache: false }]);
  });
});
