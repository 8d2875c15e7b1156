// What requests may be, before anybody looks at what they ask for.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { CUT, emailField, form, localPath } from "@/server/forms";
import { Problem } from "@/server/problem";
import { guarded, inTurn, json, readBytes, readJson, readStart } from "@/server/respond";

const ORIGIN = "https://diary.example.org";

before(() => {
  Object.assign(process.env, {
    DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
    REDIS_URL: "redis://127.0.0.1:1",
    BETTER_AUTH_URL: ORIGIN,
    BETTER_AUTH_SECRET: "x".repeat(32),
    FILES_DIR: "/nowhere",
  });
});

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(`${ORIGIN}/form/x`, { method: "POST", body, headers: { origin: ORIGIN, ...headers } });
}

/** A body in pieces, as a network brings it, that says nothing of its length. */
function pieces(...texts: string[]): Request {
  const stream = new ReadableStream<Uint8Array>({
    start: (body) => {
      for (const text of texts) body.enqueue(new TextEncoder().encode(text));
      body.close();
    },
  });
  return new Request(ORIGIN, { method: "POST", body: stream, duplex: "half" } as RequestInit);
}

test("a body is read no further than its limit, whatever it says of its length", async () => {
  assert.equal(Buffer.from(await readBytes(pieces("ab", "cd"), 4)).toString(), "abcd");
  await assert.rejects(readBytes(pieces("ab", "cde"), 4), { status: 413 });
  await assert.rejects(readBytes(post("12345", { "content-length": "5" }), 4), { status: 413 });
});

test("of a body that is too long the beginning is kept", async () => {
  const { start, more } = await readStart(pieces("abc", "def"), 4);
  assert.deepEqual([start.toString(), more], ["abcd", true]);
  assert.equal((await readStart(pieces("abcd"), 4)).more, false);
});

test("what is no JSON is the sender's problem", async () => {
  await assert.rejects(readJson(pieces("{"), 10), { status: 400 });
  assert.deepEqual(await readJson(pieces("[1]"), 10), [1]);
});

test("other sites change nothing", async () => {
  const route = guarded(async () => json({ ok: true }));
  assert.equal((await route(post("x"), {})).status, 200);
  assert.equal((await route(post("x", { origin: "https://elsewhere.example" }), {})).status, 403);
  assert.equal((await route(new Request(ORIGIN, { method: "POST", body: "x" }), {})).status, 403);
  assert.equal((await route(new Request(ORIGIN), {})).status, 200);
});

test("an unexpected error's text stays on the server", async (context) => {
  context.mock.method(console, "error", () => undefined);
  const answer = await guarded(async () => Promise.reject(new Error("a password")))(new Request(ORIGIN), {});
  assert.deepEqual([answer.status, await answer.json()], [500, { problem: "unexpected" }]);
});

test("a person's large bodies wait for each other, and others' do not", async () => {
  const order: string[] = [];
  const [first, go] = [Promise.withResolvers<void>(), (name: string) => async () => void order.push(name)];
  const waiting = inTurn("ana", () => first.promise.then(go("ana 1")));
  const next = inTurn("ana", go("ana 2"));
  await inTurn("ben", go("ben"));
  first.resolve();
  await Promise.all([waiting, next]);
  assert.deepEqual(order, ["ben", "ana 1", "ana 2"]);
});

test("a body that fails holds up nobody, and only so many wait", async () => {
  await assert.rejects(inTurn("ana", () => Promise.reject(new Error("x"))));
  const first = Promise.withResolvers<void>();
  const waiting = Array.from({ length: 10 }, () => inTurn("ana", () => first.promise));
  await assert.rejects(inTurn("ana", async () => undefined), { status: 429 });
  first.resolve();
  await Promise.all(waiting);
  await inTurn("ana", async () => undefined);
});

test("a sign-in leads to a path of this site", () => {
  for (const path of ["/", "/entries/new?day=2026-01-01#x"]) assert.equal(localPath(path), path);
  for (const path of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", null, "/a b", "/a\\b"]) assert.equal(localPath(path), "/");
});

test("addresses for mail have a name, a place and a country", () => {
  const of = (email: string): string => {
    const fields = new FormData();
    fields.set("email", email);
    return emailField(fields);
  };
  assert.equal(of(" Ana@Example.org "), "ana@example.org");
  for (const email of ["ana", "ana@example", "a na@example.org", "ana@.org", "ana@example..org", `${"a".repeat(250)}@b.org`]) {
    assert.throws(() => of(email), Problem, email);
  }
});

test("without scripts a form's problem goes back to its page; with them it is told", async () => {
  const route = form("/sign-in?next=%2F", async () => {
    throw new Problem(400, "wrong_password");
  });
  const fields = "a=b";
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const plain = await route(post(fields, type), {});
  assert.deepEqual([plain.status, plain.headers.get("location")], [303, "/sign-in?next=%2F&problem=wrong_password"]);
  const told = await route(post(fields, { ...type, accept: "application/json" }), {});
  assert.deepEqual([told.status, await told.json()], [400, { problem: "wrong_password" }]);
});

test("files that are too large are left out, and the text before them is not", async () => {
  const sent = new FormData();
  sent.set("body", "a long text");
  sent.append("files", new File(["x".repeat(5000)], "large.txt"));
  const route = form("/", async (fields) => ({ go: `/${fields.get("body")}/${fields.get(CUT)}/${fields.getAll("files").length}` }), 1000, true);
  assert.equal((await route(post(sent), {})).headers.get("location"), "/a long text/yes/0");
});
