import "server-only";
import pg from "pg";
import { environment } from "./env";

// A day is a day, in no time zone: keep "2026-11-24" as text instead of a moment.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

const shared = globalThis as { diaryPool?: pg.Pool };

/** The pool of this process. A query that waits longer than its deadline fails instead of piling up. */
export function database(): pg.Pool {
  return (shared.diaryPool ??= connect());
}

export type Queryable = Pick<pg.Pool, "query">;

export async function transaction<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
  const client = await database().connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

function connect(): pg.Pool {
  const pool = new pg.Pool({
    connectionString: environment().databaseUrl,
    max: 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    application_name: "founder-diary",
  });
  // An idle connection may be cut at any time (a restart of the server): the pool opens another one.
  pool.on("error", (error) => console.error(`database: an idle connection was lost (${error.message})`));
  return pool;
}
