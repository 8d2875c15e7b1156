// Who is signed in where; and the copies of it, which end with whatever may have changed it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { attemptLimits, cache } from "@/server/cache";
import { database } from "@/server/database";
import { beginAge, currentAge, findCopy, leaveCopy } from "@/server/session-copies";
import { findSessionToken, listSessions } from "@/server/sessions";
import { servers, somebody } from "./servers";

const SOON = (): Date => new Date(Date.now() + 60_000);

async function signIn(person: string, userAgent: string | null, ends = SOON()): Promise<string> {
  const id = randomUUID();
  await database().query(
    `insert into "session" (id, "expiresAt", token, "updatedAt", "userAgent", "userId") values ($1, $2, $3, now(), $4, $5)`,
    [id, ends, `token of ${id}`, userAgent, person],
  );
  return id;
}

/** An age that is believed: right after the connection there may be none yet. */
async function age(): Promise<string> {
  for (;;) {
    const found = await currentAge();
    if (found) return found;
    await new Promise((go) => setTimeout(go, 10));
  }
}

describe("sessions", servers, () => {
  for (const [agent, device] of [
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15", "Safari, macOS"],
    ["curl/8", "?, ?"],
    [null, "?, ?"],
  ] as const) {
    test(`a device is told as ${device}`, async () => {
      const ana = await somebody();
      const id = await signIn(ana, agent);
      assert.deepEqual((await listSessions(ana, id)).map((session) => [session.device, session.current]), [[device, true]]);
    });
  }

  test("sessions that ended are not listed, and nobody ends another person's", async () => {
    const [ana, ben] = [await somebody(), await somebody()];
    await signIn(ana, null, new Date(0));
    const id = await signIn(ana, null);
    assert.deepEqual((await listSessions(ana, "")).map((session) => session.id), [id]);
    assert.equal(await findSessionToken(ana, id), `token of ${id}`);
    assert.equal(await findSessionToken(ben, id), null);
    assert.equal(await findSessionToken(ana, "' or true --"), null);
  });

  test("a copy is found in its age, and by its cookies alone", async () => {
    const now = await age();
    await leaveCopy(now, "cookie", { name: "Ana" }, SOON());
    assert.deepEqual(await findCopy(now, "cookie"), { name: "Ana" });
    assert.equal(await findCopy(now, "another"), null);
  });

  test("what a reader was still writing when an age ended is never found", async () => {
    const before = await age();
    assert.equal(await beginAge(), true);
    await leaveCopy(before, "late", { name: "Ana" }, SOON());
    const after = await age();
    assert.notEqual(after, before);
    assert.equal(await findCopy(after, "late"), null);
  });

  test("a copy does not outlive its session", async () => {
    const now = await age();
    await leaveCopy(now, "ended", { name: "Ana" }, new Date(Date.now() + 900));
    assert.equal(await findCopy(now, "ended"), null);
  });

  test("over a new connection nothing is believed before it has begun an age of its own", async () => {
    const before = await age();
    await leaveCopy(before, "cookie of before", { name: "Ana" }, SOON());
    cache().disconnect(true);
    const after = await age();
    assert.notEqual(after, before);
    assert.equal(await findCopy(after, "cookie of before"), null);
  });

  test("attempts are counted for all instances together, and in this process while the cache is away", async () => {
    const { consume } = attemptLimits();
    const key = randomUUID();
    const limits = { window: 60, max: 2 };
    const allowed = async (name: string): Promise<boolean> => (await consume(name, limits)).allowed;
    assert.deepEqual([await allowed(key), await allowed(key), await allowed(key)], [true, true, false]);
    cache().disconnect();
    const other = randomUUID();
    assert.deepEqual([await allowed(other), await allowed(other), await allowed(other)], [true, true, false]);
  });
});
