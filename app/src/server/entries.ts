import "server-only";
import { database, transaction, type Queryable } from "./database";
import { Problem } from "./respond";

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
  readonly updatedAt: string;
}

export interface Draft {
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly mood: number | null;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface Filter {
  readonly words?: string | undefined;
  readonly tag?: string | undefined;
  readonly mood?: number | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly pinned?: boolean | undefined;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Pass it as `after` to get the next page; null when this was the last one. */
  readonly next: string | null;
}

export const BODY_BYTES = 1_000_000;
export const PAGE_SIZE = 30;
const MAX_TAGS = 20;
const MAX_FIGURES = 20;
const VERSION_EVERY_MINUTES = 10;
const VERSIONS_KEPT = 100;

const COLUMNS = `e.id, e.day, e.title, e.body, e.mood, e.pinned, e.revision, e.updated_at as "updatedAt",
  array(select t.tag from entry_tag t where t.entry_id = e.id order by t.tag) as tags,
  coalesce((select jsonb_object_agg(f.name, f.value order by f.name) from entry_figure f where f.entry_id = e.id), '{}') as figures`;

export async function findEntry(userId: string, id: string): Promise<Entry | null> {
  if (!isUuid(id)) return null;
  const sql = `select ${COLUMNS} from entry e where e.user_id = $1 and e.id = $2 and e.deleted_at is null`;
  return (await database().query<Entry>(sql, [userId, id])).rows[0] ?? null;
}

/** One page of the timeline, newest day first. */
export async function listEntries(userId: string, filter: Filter = {}, after: string | null = null): Promise<Page> {
  const values: unknown[] = [userId];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const where = ["e.user_id = $1", "e.deleted_at is null", ...conditions(filter, userId, put)];
  const position = after ? readPosition(after) : null;
  if (position) where.push(`(e.day, e.created_at, e.id) < (${put(position[0])}, ${put(position[1])}, ${put(position[2])})`);
  // created_at as text keeps its microseconds; a Date would lose them and the next page would skip rows.
  const sql = `select ${COLUMNS}, e.created_at::text as "createdAt" from entry e where ${where.join(" and ")}
    order by e.day desc, e.created_at desc, e.id desc limit ${PAGE_SIZE + 1}`;
  const { rows } = await database().query<Entry & { createdAt: string }>(sql, values);
  const last = rows.length > PAGE_SIZE ? rows[PAGE_SIZE - 1] : undefined;
  return {
    entries: rows.slice(0, PAGE_SIZE),
    next: last ? Buffer.from(JSON.stringify([last.day, last.createdAt, last.id])).toString("base64url") : null,
  };
}

/** A SQL condition for each filter that is set; `put` adds a value and gives its placeholder. */
function conditions(filter: Filter, userId: string, put: (value: unknown) => string): string[] {
  const found: string[] = [];
  const query = filter.words ? searchQuery(userId, filter.words, put) : null;
  if (query) found.push(`e.search @@ (${query})`);
  if (filter.tag) {
    found.push(`e.id in (select t.entry_id from entry_tag t where t.user_id = $1 and t.tag = ${put(filter.tag)})`);
  }
  if (filter.mood) found.push(`e.mood = ${put(filter.mood)}`);
  if (filter.from) found.push(`e.day >= ${put(filter.from)}`);
  if (filter.to) found.push(`e.day <= ${put(filter.to)}`);
  if (filter.pinned) found.push("e.pinned");
  return found;
}

/** The person's words as whole words in either language, or the last one as a beginning, among their own entries. */
function searchQuery(userId: string, words: string, put: (value: unknown) => string): string {
  const own = put(`u${userId.replaceAll("-", "")}`);
  const text = put(words.slice(0, 200));
  const pieces = words.slice(0, 200).match(/[\p{L}\p{N}]+/gu) ?? [];
  const prefix = pieces.length > 0 && !/["-]/.test(words) ? ` || to_tsquery('simple', plain(${put(`${pieces.join(" & ")}:*`)}))` : "";
  return `${own}::tsquery && (websearch_to_tsquery('spanish', plain(${text})) || websearch_to_tsquery('english', plain(${text}))${prefix})`;
}

export async function listTags(userId: string): Promise<{ tag: string; count: number }[]> {
  const sql = `select t.tag, count(*)::int as count from entry_tag t join entry e on e.id = t.entry_id
    where t.user_id = $1 and e.deleted_at is null group by t.tag order by count desc, t.tag limit 60`;
  return (await database().query(sql, [userId])).rows;
}

export type Saved =
  | { readonly outcome: "saved"; readonly revision: number }
  | { readonly outcome: "conflict"; readonly current: Entry };

/**
 * Writes an entry, new or known. `revision` is what the writer started from (0 for a new one). Saving the same thing
 * twice is harmless. When somebody else wrote meanwhile, their text stays and ours is kept as a version: both survive.
 */
export async function saveEntry(userId: string, id: string, draft: Draft, revision: number): Promise<Saved> {
  return transaction(async (client) => {
    const created = await client.query(
      `insert into entry (id, user_id, day, title, body, mood, pinned) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (id) do nothing returning revision`,
      [id, userId, draft.day, draft.title, draft.body, draft.mood, draft.pinned],
    );
    if (created.rows[0]) {
      await writeDetails(client, userId, id, draft);
      return { outcome: "saved", revision: 1 };
    }
    const current = await lockEntry(client, userId, id);
    if (sameText(current, draft)) return { outcome: "saved", revision: current.revision };
    if (current.revision !== revision) {
      await keepVersion(client, userId, id, { ...draft, revision }, "conflict");
      return { outcome: "conflict", current };
    }
    if (current.body !== draft.body || current.title !== draft.title) await keepReplaced(client, userId, id, current);
    await client.query(
      `update entry set day = $3, title = $4, body = $5, mood = $6, pinned = $7, revision = revision + 1, updated_at = now()
       where user_id = $1 and id = $2`,
      [userId, id, draft.day, draft.title, draft.body, draft.mood, draft.pinned],
    );
    await writeDetails(client, userId, id, draft);
    return { outcome: "saved", revision: current.revision + 1 };
  });
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

/** Keeps the replaced text, once in ten minutes of writing, so that autosave does not fill the list. */
async function keepReplaced(client: Queryable, userId: string, id: string, current: Entry): Promise<void> {
  const recent = await client.query(
    `select 1 from entry_version where user_id = $1 and entry_id = $2 and reason = 'replaced'
     and created_at > now() - make_interval(mins => $3) limit 1`,
    [userId, id, VERSION_EVERY_MINUTES],
  );
  if (recent.rows.length === 0) await keepVersion(client, userId, id, current, "replaced");
}

async function keepVersion(
  client: Queryable, userId: string, id: string,
  text: { day: string; title: string; body: string; revision: number }, reason: "replaced" | "conflict",
): Promise<void> {
  await client.query(
    "insert into entry_version (entry_id, user_id, revision, day, title, body, reason) values ($1, $2, $3, $4, $5, $6, $7)",
    [id, userId, text.revision, text.day, text.title, text.body, reason],
  );
  await client.query(
    `delete from entry_version where user_id = $1 and entry_id = $2 and id not in
     (select id from entry_version where user_id = $1 and entry_id = $2 order by created_at desc limit ${VERSIONS_KEPT})`,
    [userId, id],
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

/** A draft from what a browser or a file sent, or a problem that says which part is wrong. */
export function readDraft(value: unknown): Draft {
  if (typeof value !== "object" || value === null) throw new Problem(400, "invalid");
  const { day, title, body, mood, pinned, tags, figures } = value as Record<string, unknown>;
  if (!isDay(day)) throw new Problem(400, "invalid_day");
  if (typeof title !== "string" || [...title].length > 200) throw new Problem(400, "invalid_title");
  if (typeof body !== "string") throw new Problem(400, "invalid");
  if (Buffer.byteLength(body) > BODY_BYTES) throw new Problem(413, "too_large", { limit: BODY_BYTES });
  if (mood !== null && mood !== undefined && ![1, 2, 3, 4, 5].includes(mood as number)) throw new Problem(400, "invalid");
  return {
    day,
    title: withoutNul(title).trim(),
    body: withoutNul(body),
    mood: (mood as number | null | undefined) ?? null,
    pinned: pinned === true,
    tags: readTags(tags ?? []),
    figures: readFigures(figures ?? {}),
  };
}

function readTags(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string")) throw new Problem(400, "invalid_tags");
  const tags = [...new Set(value.map((tag: string) => withoutNul(tag).replace(/^#/, "").trim().toLowerCase()).filter(Boolean))];
  if (tags.length > MAX_TAGS || tags.some((tag) => [...tag].length > 40)) throw new Problem(400, "invalid_tags");
  return tags;
}

function readFigures(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Problem(400, "invalid_figures");
  const pairs = Object.entries(value).map(([name, figure]) => [withoutNul(name).trim(), figure] as const);
  const good = pairs.every(([name, figure]) => name !== "" && [...name].length <= 40 && typeof figure === "number" && Number.isFinite(figure));
  if (!good || pairs.length > MAX_FIGURES) throw new Problem(400, "invalid_figures");
  return Object.fromEntries(pairs) as Record<string, number>;
}

/** PostgreSQL's text cannot hold the character NUL. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value) || value < "1000") return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

function readPosition(after: string): [string, string, string] | null {
  try {
    const [day, at, id] = JSON.parse(Buffer.from(after, "base64url").toString()) as unknown[];
    if (!isDay(day) || typeof at !== "string" || !/^[\d :.+-]{10,40}$/.test(at) || typeof id !== "string" || !isUuid(id)) return null;
    return [day, at, id];
  } catch {
    return null;
  }
}
