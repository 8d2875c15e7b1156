import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { database, type Queryable } from "./database";
import { environment } from "./env";

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}

/** A link that lets one person with this address make an account. The link is known to whoever gets it, not to us. */
export async function invite(userId: string | null, email: string): Promise<string> {
  const token = randomBytes(24).toString("base64url");
  await database().query("insert into invitation (user_id, email, token_sha256) values ($1, $2, $3)", [userId, email.toLowerCase(), hash(token)]);
  return `${environment().origin}/sign-up?invitation=${token}`;
}

export async function listInvitations(): Promise<Invitation[]> {
  const sql = `select id, email, created_at as "createdAt", expires_at as "expiresAt", used_at as "usedAt" from invitation order by created_at desc limit 100`;
  return (await database().query<Invitation>(sql)).rows;
}

/** Why this address may not register now, or null when it may. The first account of all is the admin's. */
export async function refusal(email: string, token: string): Promise<"closed" | "invitation" | null> {
  const { registration, adminEmail } = environment();
  if (registration === "open") return null;
  if (email.toLowerCase() === adminEmail && (await nobodyYet())) return null;
  if (registration === "closed") return "closed";
  const sql = "select 1 from invitation where token_sha256 = $1 and email = $2 and used_at is null and expires_at > now()";
  return (await database().query(sql, [hash(token), email.toLowerCase()])).rows.length > 0 ? null : "invitation";
}

/** Marks an invitation as used; true once, false afterwards. */
export async function useInvitation(email: string, token: string, client: Queryable = database()): Promise<boolean> {
  const sql = "update invitation set used_at = now() where token_sha256 = $1 and email = $2 and used_at is null and expires_at > now()";
  return (await client.query(sql, [hash(token), email.toLowerCase()])).rowCount === 1;
}

/** The address an invitation was made for, to fill in the form. */
export async function invitedEmail(token: string): Promise<string | null> {
  const sql = "select email from invitation where token_sha256 = $1 and used_at is null and expires_at > now()";
  return (await database().query<{ email: string }>(sql, [hash(token)])).rows[0]?.email ?? null;
}

async function nobodyYet(): Promise<boolean> {
  return (await database().query('select 1 from "user" limit 1')).rows.length === 0;
}

function hash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
