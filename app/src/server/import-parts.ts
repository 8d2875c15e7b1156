import "server-only";
import { createHash } from "node:crypto";
import { database } from "./database";
import { environment } from "./env";
import { fileKey } from "./files";
import { Problem } from "./problem";
import { storage } from "./storage";

/** Below what any gateway lets through, so that the size of an import does not depend on it. */
export const PART_BYTES = 8 * 1024 * 1024;
const FILES = 50_000;
const KEPT = "1 day";

export interface SentFile {
  readonly path: string;
  readonly bytes: number;
}

export interface Report {
  created: number;
  skipped: number;
  files: number;
  problems: { readonly path: string; readonly problem: string }[];
}

/** An import on its way: its files one after the other, cut into parts of equal size. */
export interface Import {
  readonly id: string;
  readonly files: readonly SentFile[];
  readonly bytes: number;
  readonly taken: number;
  readonly report: Report;
  readonly finished: boolean;
}

const COLUMNS = "id, files, bytes::float8 as bytes, taken, report, finished";

/** The same id for the same thing of the same person, every time. */
export function derivedId(userId: string, name: string): string {
  const hash = createHash("sha256").update(`founder-diary:${userId}:${name}`).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

export async function findImport(userId: string): Promise<Import | null> {
  const sql = `select ${COLUMNS} from unfinished_import where user_id = $1 and touched_at > now() - interval '${KEPT}'`;
  return (await database().query<Import>(sql, [userId])).rows[0] ?? null;
}

export async function requireImport(userId: string, id: string): Promise<Import> {
  const found = await findImport(userId);
  if (found?.id !== id) throw new Problem(404, "import_gone");
  return found;
}

/** Begins an import, or goes on with the same one. Another one that the person had begun is given up. */
export async function beginImport(userId: string, sent: unknown): Promise<Import> {
  const files = readFiles(sent);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > environment().importBytes) throw new Problem(413, "too_large", { limit: environment().importBytes });
  const id = derivedId(userId, `import:${JSON.stringify(files)}`);
  const before = await findImport(userId);
  if (before?.id === id && !before.finished) {
    await database().query("update unfinished_import set touched_at = now() where user_id = $1", [userId]);
    await database().query(`update stale_file set since = now() + interval '${KEPT}' where key = any($1) and since > now()`, [partKeys(userId, before)]);
    return before;
  }
  await giveUpImport(userId);
  const report: Report = { created: 0, skipped: 0, files: 0, problems: [] };
  const { rows } = await database().query<Import>(
    `insert into unfinished_import (user_id, id, files, bytes, report) values ($1, $2, $3, $4, $5)
     on conflict (user_id) do update set id = $2, files = $3, bytes = $4, report = $5, taken = 0, finished = false, touched_at = now()
     returning ${COLUMNS}`,
    [userId, id, JSON.stringify(files), bytes, report],
  );
  return rows[0]!;
}

function readFiles(sent: unknown): SentFile[] {
  const files = (sent as { files?: unknown } | null)?.files;
  if (!Array.isArray(files) || files.length === 0) throw new Problem(400, "invalid");
  if (files.length > FILES) throw new Problem(413, "too_large");
  return files.map((file: Partial<SentFile> | null) => {
    const { path, bytes } = file ?? {};
    const good = typeof path === "string" && path !== "" && path.length <= 1000 && !path.includes("\0");
    if (!good || !Number.isSafeInteger(bytes) || bytes! <= 0) throw new Problem(400, "invalid");
    return { path, bytes: bytes! };
  });
}

export function partCount({ bytes }: Pick<Import, "bytes">): number {
  return Math.ceil(bytes / PART_BYTES);
}

/** The numbers of the parts that are here. */
export async function partsHere(userId: string, found: Import): Promise<number[]> {
  const keys = partKeys(userId, found);
  const { rows } = await database().query<{ key: string }>("select key from stale_file where key = any($1) and since > now()", [keys]);
  const here = new Set(rows.map((row) => row.key));
  return keys.flatMap((key, number) => (here.has(key) ? [number] : []));
}

/** Keeps a part. Until it is whole it counts as stale, like every file. */
export async function keepPart(userId: string, found: Import, number: number, content: Uint8Array): Promise<void> {
  const length = Math.min(PART_BYTES, found.bytes - number * PART_BYTES);
  if (content.byteLength !== length) throw new Problem(400, "invalid");
  const key = partKey(userId, found.id, number);
  await database().query("insert into stale_file (key, user_id) values ($1, $2) on conflict (key) do update set since = now()", [key, userId]);
  await storage().put(key, content);
  const kept = await database().query(
    `update stale_file set since = now() + interval '${KEPT}' where key = $1
     and exists (select 1 from unfinished_import where user_id = $2 and id = $3 and not finished)`,
    [key, userId, found.id],
  );
  if (kept.rowCount === 0) throw new Problem(404, "import_gone");
  await database().query("update unfinished_import set touched_at = now() where user_id = $1 and id = $2", [userId, found.id]);
}

export async function readPart(userId: string, found: Import, number: number): Promise<Buffer> {
  const content = await storage().get(partKey(userId, found.id, number));
  if (!content) throw new Problem(409, "import_incomplete");
  return Buffer.from(await new Response(content).arrayBuffer());
}

/** Writes down how far the import is; whoever asks again goes on from there. */
export async function saveProgress(userId: string, found: Import, taken: number, report: Report, finished: boolean): Promise<void> {
  await database().query(
    `update unfinished_import set taken = $4, report = $5, finished = $6, touched_at = now()
     where user_id = $1 and id = $2 and taken = $3`,
    [userId, found.id, found.taken, taken, report, finished],
  );
  if (finished) await makeStale(partKeys(userId, found));
}

export async function giveUpImport(userId: string): Promise<void> {
  const { rows } = await database().query<Import>(`delete from unfinished_import where user_id = $1 returning ${COLUMNS}`, [userId]);
  for (const found of rows) await makeStale(partKeys(userId, found));
}

async function makeStale(keys: readonly string[]): Promise<void> {
  await database().query("update stale_file set since = 'epoch' where key = any($1)", [keys]);
}

function partKeys(userId: string, found: Import): string[] {
  return Array.from({ length: partCount(found) }, (_, number) => partKey(userId, found.id, number));
}

function partKey(userId: string, id: string, number: number): string {
  return fileKey(userId, derivedId(userId, `part:${id}:${number}`));
}
