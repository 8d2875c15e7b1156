import "server-only";
import { database, transaction, type Queryable } from "./database";
import { isUuid, type Draft } from "./draft";
import { environment } from "./env";
import { Problem } from "./problem";
import { keepReplaced, keepVersion } from "./versions";

/** A page of the diary. */
export interface Entry {
  readonly id: string;
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly mood: number | null;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What makes an `Entry` of a row of `entry e`. */
export const COLUMNS = `e.id, e.day, e.title, e.body, e.mood, e.pinned, e.revision,
  e.created_at as "createdAt", e.updated_at as "updatedAt",
  array(select t.tag from entry_tag t where t.entry_id = e.id order by t.tag) as tags,
  coalesce((select jsonb_object_agg(f.name, f.value order by f.name) from entry_figure f where f.entry_id = e.id), '{}') as figures`;

/** The same for lists, which show the beginning of a text: a page of long entries stays small. */
export const LIST_COLUMNS = COLUMNS.replace("e.body,", "left(e.body, 1000) as body,");

export async function findEntry(userId: string, id: string): Promise<Entry | null> {
  if (!isUuid(id)) return null;
  const sql = `select ${COLUMNS} from entry e where e.user_id = $1 and e.id = $2 and e.deleted_at is null`;
  return (await database().query<Entry>(sql, [userId, id])).rows[0] ?? null;
}

export type Saved =
  | { readonly outcome: "saved"; readonly revision: number }
  | { readonly outcome: "conflict"; readonly current: Entry };

/**
 * Writes an entry, new or known. `revision` is what the writer started from (0 for a new one). Saving the same thing
 * twice is harmless. When somebody else wrote meanwhile, their text stays and ours is kept as a version: both survive.
 * `keep` makes a version of the text that is replaced even if there is a recent one.
 */
export async function saveEntry(userId: string, id: string, draft: Draft, revision: number, keep = false): Promise<Saved> {
  return transaction(async (client) => {
    const created = await client.query(
      `insert into entry (id, user_id, day, title, body, mood, pinned) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (id) do nothing returning revision`,
      [id, userId, draft.day, draft.title, draft.body, draft.mood, draft.pinned],
    );
    if (created.rows[0]) {
      await refuseTooMany(client, userId);
      await refuseTooLong(client, userId);
      await writeDetails(client, userId, id, draft);
      return { outcome: "saved", revision: 1 };
    }
    const current = await lockEntry(client, userId, id);
    if (sameText(current, draft)) return { outcome: "saved", revision: current.revision };
    if (current.revision !== revision) {
      if (await keepVersion(client, userId, id, { ...draft, revision }, "conflict")) await refuseTooLong(client, userId);
      return { outcome: "conflict", current };
    }
    const another = current.body !== draft.body || current.title !== draft.title;
    const kept = another && (await keepReplaced(client, userId, id, current, keep));
    await client.query(
      `update entry set day = $3, title = $4, body = $5, mood = $6, pinned = $7, revision = revision + 1, updated_at = now()
       where user_id = $1 and id = $2`,
      [userId, id, draft.day, draft.title, draft.body, draft.mood, draft.pinned],
    );
    const longer = textBytes(draft) > textBytes(current);
    if (longer || kept) await refuseTooLong(client, userId, longer ? 1 : ROOM_TO_SHORTEN);
    await writeDetails(client, userId, id, draft);
    return { outcome: "saved", revision: current.revision + 1 };
  });
}

/** In a full diary a text can still become shorter, though its longer version is kept beside it. */
const ROOM_TO_SHORTEN = 1.25;

/**
 * Asked after a change that made the texts longer: the row that it reads was counted by that change and is held by it, so
 * another change of the same person waits until this one has ended.
 */
async function refuseTooLong(client: Queryable, userId: string, room = 1): Promise<void> {
  const most = environment().personTextBytes * room;
  const { rows } = await client.query<{ bytes: number }>("select bytes::float8 as bytes from text_use where user_id = $1", [userId]);
  if ((rows[0]?.bytes ?? 0) > most) throw new Problem(413, "texts_full", { limit: most });
}

function textBytes({ title, body }: Pick<Draft, "title" | "body">): number {
  return Buffer.byteLength(title) + Buffer.byteLength(body);
}

/** Counts along an index, and only when an entry is new. The bin counts too: it is emptied by time, or by its person. */
async function refuseTooMany(client: Queryable, userId: string): Promise<void> {
  const most = environment().personEntries;
  const count = (which: string): string => `(select count(*)::int from (select 1 from entry where user_id = $1 and deleted_at is ${which} limit $2) e)`;
  const { rows } = await client.query<{ found: number }>(`select ${count("null")} + ${count("not null")} as found`, [userId, most + 1]);
  if (rows[0]!.found > most) throw new Problem(413, "too_many_entries", { limit: most });
}

/** The entry, locked until the transaction ends. Somebody else's, and a deleted one, are "not found". */
async function lockEntry(client: Queryable, userId: string, id: string): Promise<Entry> {
  const locked = await client.query("select 1 from entry where user_id = $1 and id = $2 and deleted_at is null for update", [userId, id]);
  if (locked.rows.length === 0) throw new Problem(404, "not_found");
  return (await client.query<Entry>(`select ${COLUMNS} from entry e where e.user_id = $1 and e.id = $2`, [userId, id])).rows[0]!;
}

async function writeDetails(client: Queryable, userId: string, id: string, draft: Draft): Promise<void> {
  await client.query("delete from entry_tag where entry_id = $1", [id]);
  await client.query("insert into entry_tag (entry_id, user_id, tag) select $1, $2, unnest($3::text[])", [id, userId, draft.tags]);
  await client.query("delete from entry_figure where entry_id = $1", [id]);
  await client.query(
    "insert into entry_figure (entry_id, user_id, name, value) select $1, $2, unnest($3::text[]), unnest($4::float8[])",
    [id, userId, Object.keys(draft.figures), Object.values(draft.figures)],
  );
}

function sameText(entry: Entry, draft: Draft): boolean {
  const plain = ({ day, title, body, mood, pinned, tags, figures }: Draft): string =>
    JSON.stringify([day, title, body, mood, pinned, [...tags].sort(), Object.entries(figures).sort()]);
  return plain(entry) === plain(draft);
}

/** Puts an entry aside; `restoreEntry` brings it back for thirty days. */
export async function deleteEntry(userId: string, id: string): Promise<void> {
  await changeDeleted(userId, id, "update entry set deleted_at = now() where user_id = $1 and id = $2 and deleted_at is null");
}

export async function restoreEntry(userId: string, id: string): Promise<void> {
  await changeDeleted(userId, id, "update entry set deleted_at = null where user_id = $1 and id = $2 and deleted_at is not null");
}

async function changeDeleted(userId: string, id: string, sql: string): Promise<void> {
  if (!isUuid(id)) throw new Problem(404, "not_found");
  const { rowCount } = await database().query(sql, [userId, id]);
  if (rowCount === 0) throw new Problem(404, "not_found");
}

/** The entries that can still be brought back, the last deleted first. */
export async function listDeleted(userId: string): Promise<Entry[]> {
  const sql = `select ${LIST_COLUMNS} from entry e where e.user_id = $1 and e.deleted_at is not null order by e.deleted_at desc limit 200`;
  return (await database().query<Entry>(sql, [userId])).rows;
}

/** Takes a deleted entry out of the bin for good, with its versions and files. */
export async function destroyEntry(userId: string, id: string): Promise<void> {
  if (!isUuid(id)) throw new Problem(404, "not_found");
  await transaction(async (client) => {
    await client.query(
      `insert into stale_file (key, user_id, since) select user_id || '/' || id, user_id, 'epoch' from attachment
       where user_id = $1 and entry_id = $2 and exists (select 1 from entry e where e.id = $2 and e.user_id = $1 and e.deleted_at is not null)
       on conflict (key) do nothing`,
      [userId, id],
    );
    const { rowCount } = await client.query("delete from entry where user_id = $1 and id = $2 and deleted_at is not null", [userId, id]);
    if (rowCount === 0) throw new Problem(404, "not_found");
  });
}
