import "server-only";
import { redisStorage } from "@better-auth/redis-storage";
import Redis from "ioredis";
import { environment } from "./env";

/** What Better Auth keeps outside of the database. */
type Storage = ReturnType<typeof redisStorage>;

// A session that was ended while Redis was away may still lie in it when it comes back. Nothing there is believed for
// longer than this; after that the database is asked again.
const SESSION_SECONDS = 300;

const shared = globalThis as { diaryRedis?: Redis };

export function cache(): Redis {
  return (shared.diaryRedis ??= connect());
}

export function cachePrefix(): string {
  return `${environment().stack}:diary:`;
}

/**
 * Redis for sessions and rate limits, where a Redis that is away is no error: reads find nothing (Better Auth then asks
 * the database), writes are dropped, and rate limits are counted in this process.
 */
export function forgivingStorage(): Storage {
  const inner = redisStorage({ client: cache(), keyPrefix: cachePrefix() });
  const counters = new LocalCounters();
  return {
    ...inner,
    get: (key) => (inRedis(key) ? unless(() => inner.get(key), null) : Promise.resolve(null)),
    getAndDelete: (key) => unless(() => inner.getAndDelete(key), null),
    set: async (key, value, ttl) => {
      if (inRedis(key)) await unless(() => inner.set(key, value, cappedSeconds(key, ttl)), undefined);
    },
    delete: (key) => unless(() => inner.delete(key), undefined),
    increment: (key, ttl) => unless(() => inner.increment(key, ttl), () => counters.increment(key, ttl)),
  };
}

/** Puts a session that the database gave back into Redis, so that the next request finds it there. */
export async function rememberSession(token: string, value: { session: unknown; user: unknown }): Promise<void> {
  await unless(() => cache().set(cachePrefix() + token, JSON.stringify(value), "EX", SESSION_SECONDS, "NX"), undefined);
}

/** Tokens by e-mail are used once: the database alone decides about them. */
function inRedis(key: string): boolean {
  return !key.startsWith("verification:");
}

function cappedSeconds(key: string, ttl: number | undefined): number | undefined {
  const isList = key.startsWith("active-sessions-") || key.startsWith("revoked-sessions-before-");
  return isList || ttl === undefined ? ttl : Math.min(ttl, SESSION_SECONDS);
}

async function unless<T, F>(ask: () => Promise<T>, otherwise: F | (() => F)): Promise<T | F> {
  try {
    return await ask();
  } catch {
    return typeof otherwise === "function" ? (otherwise as () => F)() : otherwise;
  }
}

class LocalCounters {
  readonly #counts = new Map<string, { count: number; until: number }>();

  increment(key: string, ttl: number): number {
    const now = Date.now();
    if (this.#counts.size > 10_000) for (const [name, entry] of this.#counts) if (entry.until <= now) this.#counts.delete(name);
    const found = this.#counts.get(key);
    const entry = found && found.until > now ? found : { count: 0, until: now + ttl * 1000 };
    entry.count += 1;
    this.#counts.set(key, entry);
    return entry.count;
  }
}

function connect(): Redis {
  const redis = new Redis(environment().redisUrl, {
    lazyConnect: false,
    connectTimeout: 2_000,
    commandTimeout: 500,
    enableOfflineQueue: false, // answer "away" at once instead of holding requests until it is back
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let away = false;
  redis.on("error", (error) => {
    if (!away) console.error(`cache: Redis is away (${error.message}); sessions are read from the database`);
    away = true;
  });
  redis.on("ready", () => {
    if (away) console.error("cache: Redis is back");
    away = false;
  });
  return redis;
}
