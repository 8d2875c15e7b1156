// Everything that keeps the diary from starting is named, all of it at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { throughSocket } from "@/server/address";
import { complaints } from "@/server/env";

const GOOD = {
  NODE_ENV: "production",
  DATABASE_URL: "postgresql://app@127.0.0.1:5432/app",
  REDIS_URL: "redis://127.0.0.1:6379",
  BETTER_AUTH_URL: "https://diary.example.org",
  BETTER_AUTH_SECRET: "x".repeat(32),
  FILES_DIR: "/var/lib/diary",
} as const;

test("a whole environment has nothing wrong", () => assert.deepEqual(complaints(GOOD), []));

test("all that is missing is named", () => {
  assert.deepEqual(complaints({ NODE_ENV: "production", REDIS_URL: "" }).length, 5);
});

for (const [name, value] of [
  ["BETTER_AUTH_URL", "diary.example.org"],
  ["BETTER_AUTH_SECRET", "short"],
  ["REGISTRATION", "everybody"],
  ["FILES_LIMIT_MIB", "0"],
  ["ENTRIES_LIMIT", "1e9"],
  ["TEXTS_LIMIT_MIB", "-1"],
  ["IMPORT_LIMIT_MIB", "12 GB"],
] as const) {
  test(`${name}=${value} is told by its name`, () => {
    const [only, ...more] = complaints({ ...GOOD, [name]: value });
    assert.ok(only?.startsWith(name));
    assert.deepEqual(more, []);
  });
}

test("the database is asked by its socket where there is one", () => {
  assert.equal(throughSocket(GOOD), GOOD.DATABASE_URL);
  assert.equal(throughSocket({ ...GOOD, DATABASE_SOCKET: "/run/a b" }), `${GOOD.DATABASE_URL}?host=%2Frun%2Fa%20b`);
  const more = { ...GOOD, DATABASE_URL: `${GOOD.DATABASE_URL}?x=1`, DATABASE_SOCKET: "/run" };
  assert.equal(throughSocket(more), `${GOOD.DATABASE_URL}?x=1&host=%2Frun`);
});
