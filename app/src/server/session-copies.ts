import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { cache, cachePrefix } from "./cache";

/*
 * Copies, in Redis, of who is signed in: most requests then ask the database nothing about it.
 *
 * A copy belongs to an age, a random name under one key. Whatever may end or change a session begins a new age before
 * it is answered, and a copy of a former age is never found: not one that a reader was still writing, in no instance.
 * Over a connection nothing is believed until it has begun an age of its own. So what was ended while Redis was away
 * stays ended, even when Redis comes back with what it knew before.
 */
const SECONDS = 60;
const PATIENCE_MS = 2_000;

/** `believed` is the connection that began an age; a connection that is lost, or silent, is believed no more. */
interface Trust {
  connection: number;
  believed: number;
  refused: boolean;
}

const shared = globalThis as { diaryTrust?: Trust };

/** The age to look for copies in and to leave them in; null while nothing may be believed. */
export async function currentAge(): Promise<string | null> {
  if (trust().believed !== trust().connection) return null;
  try {
    const age = await cache().get(ageKey());
    if (age === null) await nameAge(); // evicted, or flushed
    return age;
  } catch {
    distrust();
    return null;
  }
}

export async function findCopy<T>(age: string, cookies: string): Promise<T | null> {
  const copy = await cache().get(copyKey(age, cookies)).catch(distrust);
  return copy ? (JSON.parse(copy) as T) : null;
}

/** `age` is the one that held before the database was asked. */
export async function leaveCopy(age: string, cookies: string, value: object, expiresAt: Date): Promise<void> {
  const seconds = Math.min(SECONDS, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  if (seconds > 0) await cache().set(copyKey(age, cookies), JSON.stringify(value), "EX", seconds).catch(distrust);
}

/**
 * Puts all copies out of reach, in every instance; false when that is not sure, within seconds. A Redis that refuses
 * connections holds nothing that anybody could still read; one that is there and silent may wake up with its copies.
 */
export async function beginAge(): Promise<boolean> {
  trust();
  for (const deadline = Date.now() + PATIENCE_MS; cache().status !== "ready"; await pause(20)) {
    if (trust().refused) return true;
    if (Date.now() > deadline) return false;
  }
  try {
    await nameAge();
    return true;
  } catch {
    distrust();
    return false;
  }
}

/** Begins to watch the connection, on first use. */
export function trust(): Trust {
  if (shared.diaryTrust) return shared.diaryTrust;
  const state: Trust = (shared.diaryTrust = { connection: 0, believed: -1, refused: false });
  const ready = (): void => {
    const connection = state.connection;
    nameAge().then(() => {
      state.believed = connection;
    }, distrust);
  };
  const redis = cache();
  redis.on("ready", ready);
  redis.on("connect", () => {
    state.refused = false;
  });
  redis.on("close", () => {
    state.connection += 1;
  });
  redis.on("error", (error: NodeJS.ErrnoException) => {
    state.refused = error.code === "ECONNREFUSED" || error.code === "ENOENT";
  });
  if (redis.status === "ready") ready();
  return state;
}

async function nameAge(): Promise<void> {
  await cache().set(ageKey(), randomUUID());
}

/** Over a connection that did not answer nothing is believed: the next one begins anew. */
function distrust(): null {
  trust().believed = -1;
  if (cache().status === "ready") cache().disconnect(true);
  return null;
}

function ageKey(): string {
  return `${cachePrefix()}sessions:age`;
}

/** Better Auth decides by the cookies alone. Their hash opens nothing to somebody who lists the keys. */
function copyKey(age: string, cookies: string): string {
  return `${cachePrefix()}sessions:${age}:${createHash("sha256").update(cookies).digest("base64url")}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
