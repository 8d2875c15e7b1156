import "server-only";
import { redisStorage } from "@better-auth/redis-storage";
import Redis from "ioredis";
import { environment } from "./env";

const shared = globalThis as { diaryRedis?: Redis };

export function cache(): Redis {
  return (shared.diaryRedis ??= connect());
}

export function cachePrefix(): string {
  return `${environment().stack}:diary:`;
}

/** Better Auth's limits on attempts, counted for all instances together; in this process alone while Redis is away. */
export function attemptLimits() {
  const together = redisStorage({ client: cache(), keyPrefix: cachePrefix() });
  const alone = new LocalCounters();
  return {
    consume: async (key: string, { window, max }: { window: number; max: number }) => {
      const count = await together.increment!(key, window).catch(() => alone.increment(key, window));
      return { allowed: count <= max, retryAfter: count <= max ? null : window };
    },
  };
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
  const { redisUrl, redisSocket } = environment();
  const redis = new Redis(redisUrl, {
    ...(redisSocket ? { path: redisSocket } : {}),
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
