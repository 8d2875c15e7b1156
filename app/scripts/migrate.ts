// Applies, in order and once each, the SQL files of migrations/. Safe to run twice, and from two places at once.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { throughSocket } from "@/server/address";

const LOCK = 7_203_611; // any number, as long as nothing else in this database uses it
const folder = join(import.meta.dirname, "migrations");

if (!process.env.DATABASE_URL) fail("DATABASE_URL is not set. Set it to postgres://user:password@host:port/database.");
const client = new pg.Client({ connectionString: throughSocket(process.env), connectionTimeoutMillis: 10_000 });
client.on("error", () => undefined); // the query that waits tells what was lost
try {
  await client.connect();
  await migrate();
} catch (error) {
  fail(`The migration failed and changed nothing more: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await client.end();
}

async function migrate(): Promise<void> {
  await client.query("select pg_advisory_lock($1)", [LOCK]);
  // An old version may be serving: wait briefly for a lock on a table, then give up, rather than stop its queries.
  await client.query("set lock_timeout = '5s'");
  await client.query(`create table if not exists schema_migration (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`);
  const done = new Map<string, string>();
  for (const row of (await client.query("select name, sha256 from schema_migration")).rows) done.set(row.name, row.sha256);

  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sql")).sort()) {
    const sql = readFileSync(join(folder, name), "utf8");
    const sha256 = createHash("sha256").update(sql).digest("hex");
    const before = done.get(name);
    if (before === sha256) continue;
    if (before) throw new Error(`${name} was applied already and has changed since. Migrations go forward only: add a new file.`);
    await apply(name, sql, sha256);
    console.log(`applied ${name}`);
  }
  console.log("the schema is up to date");
}

async function apply(name: string, sql: string, sha256: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query("insert into schema_migration (name, sha256) values ($1, $2)", [name, sha256]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined); // a connection that was lost has nothing to take back
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
