import { cache } from "@/server/cache";
import { database } from "@/server/database";
import { json } from "@/server/respond";
import { storage } from "@/server/storage";

export const dynamic = "force-dynamic";

/** 200 while the diary can read and write, which needs the database and the files; without the cache it goes on. */
export async function GET(): Promise<Response> {
  const [databaseUp, cacheUp, storageUp] = await Promise.all([
    reaches(database().query("select 1")),
    reaches(cache().ping()),
    reaches(storage().check()),
  ]);
  const ok = databaseUp && storageUp;
  return json({ ok, database: databaseUp, cache: cacheUp, storage: storageUp }, ok ? 200 : 503);
}

async function reaches(attempt: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), 2_000);
  });
  const answer = attempt.then(() => true, () => false);
  return Promise.race([answer, deadline]).finally(() => clearTimeout(timer));
}
