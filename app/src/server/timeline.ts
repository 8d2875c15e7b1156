import "server-only";
import { database } from "./database";
import { FIGURE_LIMIT, isDay, isUuid } from "./draft";
import { LIST_COLUMNS, type Entry } from "./entries";

export const PAGE_SIZE = 20;

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

/** One page of the timeline, newest day first. */
export async function listEntries(userId: string, filter: Filter = {}, after: string | null = null): Promise<Page> {
  const values: unknown[] = [userId];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const where = ["e.user_id = $1", "e.deleted_at is null", ...conditions(filter, userId, put)];
  const position = after ? readPosition(after) : null;
  if (position) where.push(`(e.day, e.created_at, e.id) < (${put(position[0])}, ${moment(put(position[1]))}, ${put(position[2])})`);
  const order = "order by e.day desc, e.created_at desc, e.id desc";
  // Which ones first, then their texts: a word that half of the entries have must not unpack half of the diary.
  const found = `select e.id from entry e where ${where.join(" and ")} ${order} limit ${PAGE_SIZE + 1}`;
  // The position keeps its microseconds; a Date would lose them and the next page would skip rows.
  const sql = `select ${LIST_COLUMNS}, (extract(epoch from e.created_at) * 1000000)::float8 as position from entry e where e.user_id = $1 and e.id in (${found}) ${order}`;
  const { rows } = await database().query<Entry & { position: number }>(sql, values);
  const last = rows.length > PAGE_SIZE ? rows[PAGE_SIZE - 1] : undefined;
  return {
    entries: rows.slice(0, PAGE_SIZE),
    next: last ? Buffer.from(JSON.stringify([last.day, last.position, last.id])).toString("base64url") : null,
  };
}

/** A SQL condition for each filter that is set; `put` adds a value and gives its placeholder. */
function conditions(filter: Filter, userId: string, put: (value: unknown) => string): string[] {
  const found: string[] = [];
  const query = filter.words ? searchQuery(userId, filter.words, put) : null;
  if (filter.words) found.push(query ? `e.search @@ (${query})` : "false");
  if (filter.tag) {
    found.push(`e.id in (select t.entry_id from entry_tag t where t.user_id = $1 and t.tag = ${put(filter.tag)})`);
  }
  if (filter.mood) found.push(`e.mood = ${put(filter.mood)}`);
  if (filter.from) found.push(`e.day >= ${put(filter.from)}`);
  if (filter.to) found.push(`e.day <= ${put(filter.to)}`);
  if (filter.pinned) found.push("e.pinned");
  return found;
}

/** The person's words as whole words in either language, or the last one as a beginning, among their own; null without words. */
function searchQuery(userId: string, words: string, put: (value: unknown) => string): string | null {
  const pieces = words.slice(0, 200).match(/[\p{L}\p{N}]+/gu) ?? [];
  if (pieces.length === 0) return null;
  const own = put(`u${userId.replaceAll("-", "")}`);
  const text = put(words.slice(0, 200));
  const prefix = !/["-]/.test(words) ? ` || to_tsquery('simple', plain(${put(`${pieces.join(" & ")}:*`)}))` : "";
  return `${own}::tsquery && (websearch_to_tsquery('spanish', plain(${text})) || websearch_to_tsquery('english', plain(${text}))${prefix})`;
}

/** The pinned entries, for the top of the timeline. */
export async function listPinned(userId: string): Promise<Entry[]> {
  const sql = `select ${LIST_COLUMNS} from entry e where e.user_id = $1 and e.pinned and e.deleted_at is null
    order by e.day desc, e.created_at desc, e.id desc limit 12`;
  return (await database().query<Entry>(sql, [userId])).rows;
}

/** What the calendar shows of a month's entries. */
export interface DayEntry {
  readonly id: string;
  readonly day: string;
  readonly title: string;
  readonly mood: number | null;
}

export async function listDays(userId: string, from: string, to: string): Promise<DayEntry[]> {
  const sql = `select id, day, title, mood from entry where user_id = $1 and deleted_at is null and day between $2 and $3
    order by day, created_at limit 1000`;
  return (await database().query<DayEntry>(sql, [userId, from, to])).rows;
}

/** One value a day: moods and figures of the same day are averaged. */
export interface Point {
  readonly day: string;
  readonly value: number;
}

export async function moodSeries(userId: string, from: string): Promise<Point[]> {
  const sql = `select day, avg(mood)::float8 as value from entry where user_id = $1 and deleted_at is null and mood is not null and day >= $2
    group by day order by day`;
  return (await database().query<Point>(sql, [userId, from])).rows;
}

export async function figureSeries(userId: string, from: string): Promise<Map<string, Point[]>> {
  const sql = `select f.name, e.day, avg(least(greatest(f.value, -${FIGURE_LIMIT}), ${FIGURE_LIMIT}))::float8 as value from entry_figure f join entry e on e.id = f.entry_id
    where f.user_id = $1 and e.deleted_at is null and e.day >= $2 group by f.name, e.day order by f.name, e.day`;
  const series = new Map<string, Point[]>();
  for (const { name, day, value } of (await database().query<Point & { name: string }>(sql, [userId, from])).rows) {
    const points = series.get(name);
    if (points) points.push({ day, value });
    else series.set(name, [{ day, value }]);
  }
  return series;
}

/** The names of figures used so far, for the editor to offer. */
export function figureNames(userId: string): Promise<string[]> {
  return distinct(userId, "entry_figure", "name");
}

/** The tags in use, for the editor and the filter to offer. */
export function listTags(userId: string): Promise<string[]> {
  return distinct(userId, "entry_tag", "tag");
}

/**
 * Goes from each value to the next along the index: as many steps as there are values, however many entries have them.
 * "Is it used?" is a subquery that ends at the first entry; an `exists` would be joined with every entry there is.
 */
async function distinct(userId: string, table: "entry_tag" | "entry_figure", column: "tag" | "name"): Promise<string[]> {
  const sql = `with recursive found as (
      (select ${column} as value from ${table} where user_id = $1 order by ${column} limit 1)
      union all
      select (select ${column} from ${table} where user_id = $1 and ${column} > found.value order by ${column} limit 1)
        from found where found.value is not null
    )
    select value from found where value is not null and (
      select true from ${table} t join entry e on e.id = t.entry_id
       where t.user_id = $1 and t.${column} = found.value and e.user_id = $1 and e.deleted_at is null limit 1)
    limit 200`;
  return (await database().query<{ value: string }>(sql, [userId])).rows.map((row) => row.value);
}

/** Microseconds since 1970 as a moment of PostgreSQL. */
function moment(microseconds: string): string {
  return `timestamptz 'epoch' + ${microseconds}::float8 * interval '1 microsecond'`;
}

function readPosition(after: string): [string, number, string] | null {
  try {
    const [day, at, id] = JSON.parse(Buffer.from(after, "base64url").toString()) as unknown[];
    if (!isDay(day) || !Number.isSafeInteger(at) || typeof id !== "string" || !isUuid(id)) return null;
    return [day, at as number, id];
  } catch {
    return null;
  }
}
