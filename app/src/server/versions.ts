import "server-only";
import { database, type Queryable } from "./database";
import { isUuid } from "./draft";

const VERSION_EVERY_MINUTES = 10;
const VERSIONS_KEPT = 100;

/** An earlier text of an entry, or one that was written at the same time in another tab. */
export interface Version {
  readonly id: string;
  readonly revision: number;
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly reason: "replaced" | "conflict";
  readonly createdAt: Date;
}

const VERSION_COLUMNS = `id, revision, day, title, body, reason, created_at as "createdAt"`;

/** Newest first, without deleted entries' ones. */
export async function listVersions(userId: string, entryId: string): Promise<Version[]> {
  if (!isUuid(entryId)) return [];
  const sql = `select ${VERSION_COLUMNS} from entry_version where user_id = $1 and entry_id = $2 order by created_at desc, id`;
  return (await database().query<Version>(sql, [userId, entryId])).rows;
}

type Text = Pick<Version, "day" | "title" | "body" | "revision">;

/** Keeps the replaced text, once in ten minutes of writing, so that autosave does not fill the list. Says whether it did. */
export async function keepReplaced(client: Queryable, userId: string, id: string, current: Text, always: boolean): Promise<boolean> {
  if (!always && (await hasRecent(client, userId, id))) return false;
  return keepVersion(client, userId, id, current, "replaced");
}

async function hasRecent(client: Queryable, userId: string, id: string): Promise<boolean> {
  const recent = await client.query(
    `select 1 from entry_version where user_id = $1 and entry_id = $2 and reason = 'replaced'
     and created_at > now() - make_interval(mins => $3) limit 1`,
    [userId, id, VERSION_EVERY_MINUTES],
  );
  return recent.rows.length > 0;
}

/** False when there is this very text already: a browser that could not hear our answer sends the same again. */
export async function keepVersion(
  client: Queryable,
  userId: string,
  id: string,
  text: Text,
  reason: Version["reason"],
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into entry_version (entry_id, user_id, revision, day, title, body, reason) select $1, $2, $3, $4, $5, $6, $7
     where not exists (select 1 from entry_version where user_id = $2 and entry_id = $1 and revision = $3 and title = $5 and body = $6)`,
    [id, userId, text.revision, text.day, text.title, text.body, reason],
  );
  await client.query(
    `delete from entry_version where user_id = $1 and entry_id = $2 and id not in
     (select id from entry_version where user_id = $1 and entry_id = $2 order by created_at desc limit ${VERSIONS_KEPT})`,
    [userId, id],
  );
  return rowCount === 1;
}
