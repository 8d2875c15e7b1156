// The servers that some tests ask: a database with the diary's tables, and a cache. Without them those tests are skipped.
import { randomUUID } from "node:crypto";
import { database } from "@/server/database";

export const servers = { skip: process.env.DATABASE_URL && process.env.REDIS_URL ? false : "no DATABASE_URL and REDIS_URL" };

/** The id of somebody new. */
export async function somebody(): Promise<string> {
  const id = randomUUID();
  await database().query(`insert into "user" (id, name, email, "emailVerified") values ($1, 'Ana', $2, true)`, [id, `${id}@example.org`]);
  return id;
}
