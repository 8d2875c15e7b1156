import "server-only";
import { database, transaction } from "./database";
import { smallKey } from "./files";
import { deliverWaiting } from "./mail";
import { storage } from "./storage";

const EVERY_MS = 10 * 60_000;
const BIN_DAYS = 30;
const BATCH = 100;
const ROUNDS = 50;

/** Tidies up now and then, in every instance; work that another one has in hand is skipped. */
export function startHousekeeping(): void {
  const run = (): void => {
    keepHouse().catch((error: unknown) => console.error("housekeeping:", error instanceof Error ? error.message : error));
  };
  setInterval(run, EVERY_MS).unref();
}

export async function keepHouse(): Promise<void> {
  await emptyBin();
  await database().query("delete from unfinished_import where touched_at < now() - interval '1 day'");
  await removeStaleFiles();
  await database().query(`delete from "session" where "expiresAt" < now() - interval '1 day'`);
  await database().query(`delete from "verification" where "expiresAt" < now() - interval '1 day'`);
  await database().query("delete from outbox where created_at < now() - interval '30 days'");
  await deliverWaiting();
}

async function emptyBin(): Promise<void> {
  await transaction(async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `select id from entry where deleted_at < now() - make_interval(days => ${BIN_DAYS}) limit ${BATCH} for update skip locked`,
    );
    const ids = rows.map((row) => row.id);
    await client.query(
      `insert into stale_file (key, user_id, since) select user_id || '/' || id, user_id, 'epoch' from attachment where entry_id = any($1)
       on conflict (key) do nothing`,
      [ids],
    );
    await client.query("delete from entry where id = any($1)", [ids]);
  });
}

/** Takes files that no row needs out of the storage. Safe to stop anywhere: what was not done stands for the next time. */
export async function removeStaleFiles(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    if ((await removeSomeStaleFiles()) < BATCH) return;
  }
}

async function removeSomeStaleFiles(): Promise<number> {
  const { rows } = await database().query<{ key: string }>(
    `select key from stale_file where since < now() - interval '1 hour' order by since limit ${BATCH}`,
  );
  for (const { key } of rows) {
    await storage().remove(smallKey(key));
    await storage().remove(key);
    await database().query("delete from stale_file where key = $1 and since < now() - interval '1 hour'", [key]);
  }
  return rows.length;
}
