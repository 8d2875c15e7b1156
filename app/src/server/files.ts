import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { database, transaction, type Queryable } from "./database";
import { isUuid } from "./draft";
import { environment } from "./env";
import { Problem } from "./problem";
import { makeSmall } from "./small-picture";
import { sniff } from "./sniff";
import { storage } from "./storage";

export const FILE_BYTES = 20 * 1024 * 1024;
const FILES_PER_ENTRY = 50;

export interface Attachment {
  readonly id: string;
  readonly entryId: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly createdAt: Date;
  /** Of the small picture beside it: 0 where there is none to be made, null where nobody looked. */
  readonly width: number | null;
  readonly height: number | null;
}

const COLUMNS = `a.id, a.entry_id as "entryId", a.name, a.type, a.bytes::float8 as bytes, a.sha256, a.created_at as "createdAt", a.width, a.height`;

export async function listFiles(userId: string, entryId: string): Promise<Attachment[]> {
  const sql = `select ${COLUMNS} from attachment a where a.user_id = $1 and a.entry_id = $2 order by a.created_at, a.id`;
  return (await database().query<Attachment>(sql, [userId, entryId])).rows;
}

/** The files of all entries that are not in the bin. */
export async function listAllFiles(userId: string): Promise<Attachment[]> {
  const sql = `select ${COLUMNS} from attachment a join entry e on e.id = a.entry_id
    where a.user_id = $1 and e.deleted_at is null order by a.created_at, a.id`;
  return (await database().query<Attachment>(sql, [userId])).rows;
}

export async function findFiles(userId: string, ids: readonly string[]): Promise<Attachment[]> {
  const sql = `select ${COLUMNS} from attachment a where a.user_id = $1 and a.id = any($2)`;
  return (await database().query<Attachment>(sql, [userId, ids.filter(isUuid)])).rows;
}

/** Keeps a file with an entry. The same content in the same entry is kept once. */
export async function addFile(userId: string, entryId: string, name: string, content: Uint8Array, id: string = randomUUID()): Promise<Attachment> {
  const kind = sniff(content, name);
  if (content.byteLength === 0 || !kind) throw new Problem(415, "file_type");
  if (content.byteLength > FILE_BYTES) throw new Problem(413, "too_large", { limit: FILE_BYTES });
  const sha256 = createHash("sha256").update(content).digest("hex");
  const known = (await listFiles(userId, entryId)).find((file) => file.sha256 === sha256);
  if (known) return known;
  await refuseTooMany(database(), userId, entryId, content.byteLength); // before anything is written for nothing

  const key = fileKey(userId, id);
  // Until its row is there the file counts as stale: a crash in between leaves nothing behind.
  await database().query("insert into stale_file (key, user_id) values ($1, $2) on conflict (key) do update set since = now()", [key, userId]);
  await storage().put(key, content);
  const small = kind.small ? await makeSmall(content) : null;
  if (small?.content) await storage().put(smallKey(key), small.content);
  return transaction(async (client) => {
    // First the entry, then the person's one row of use: whoever writes takes them in this order, one after the other.
    await client.query("select from entry where user_id = $1 and id = $2 for key share", [userId, entryId]);
    await client.query("select from text_use where user_id = $1 for update", [userId]);
    await refuseTooMany(client, userId, entryId, content.byteLength);
    await client.query("delete from stale_file where key = $1", [key]);
    const { rows } = await client.query<Attachment>(
      `insert into attachment as a (id, entry_id, user_id, name, type, bytes, sha256, width, height)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${COLUMNS}`,
      [id, entryId, userId, safeName(name), kind.type, content.byteLength, sha256, small?.width ?? null, small?.height ?? null],
    );
    return rows[0]!;
  });
}

async function refuseTooMany(client: Queryable, userId: string, entryId: string, bytes: number): Promise<void> {
  const { rows } = await client.query<{ found: boolean; files: number; bytes: number }>(
    `select exists (select 1 from entry where user_id = $1 and id = $2 and deleted_at is null) as found,
       (select count(*)::int from attachment where user_id = $1 and entry_id = $2) as files,
       (select coalesce(sum(bytes), 0)::float8 from attachment where user_id = $1) as bytes`,
    [userId, entryId],
  );
  const use = rows[0]!;
  if (!use.found) throw new Problem(404, "not_found");
  if (use.files >= FILES_PER_ENTRY) throw new Problem(413, "too_many_files");
  if (use.bytes + bytes > environment().personFileBytes) throw new Problem(413, "no_space");
}

export async function removeFile(userId: string, id: string): Promise<void> {
  if (!isUuid(id)) throw new Problem(404, "not_found");
  await transaction(async (client) => {
    const { rowCount } = await client.query("delete from attachment where user_id = $1 and id = $2", [userId, id]);
    if (rowCount === 0) throw new Problem(404, "not_found");
    await client.query("insert into stale_file (key, user_id, since) values ($1, $2, 'epoch') on conflict (key) do update set since = 'epoch'", [
      fileKey(userId, id),
      userId,
    ]);
  });
}

export function fileKey(userId: string, id: string): string {
  return `${userId}/${id}`;
}

/** Where the small picture of a file lies: it comes and goes with the file, and does not count as room that a person takes. */
export function smallKey(key: string): string {
  return `${key}.small`;
}

/** A name to show and to save under: no path, no control characters, and no longer than a file system allows. */
export function safeName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  const clean = last.replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, "").replace(/^\.+/, "").trim();
  return [...clean].slice(-120).join("") || "file";
}
