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
  const sql = `select id, email, created_at as "createdAt", expires_at as "expiresAt", used_at as "usedAt" from invitation where token_sha256 <> $1 order by created_at desc limit 100`;
  return (await database().query<Invitation>(sql, [FIRST])).rows;
}

/** Who may register now. */
export async function door(): Promise<"open" | "invite" | "closed"> {
  const { registration } = environment();
  if (registration !== "first") return registration;
  return (await nobodyYet()) ? "open" : "invite";
}

type Refusal = "closed" | "invitation" | null;

/** Why this address may not register now, or null when it may. It has nothing to do with whether the address has an account. */
export function refusal(email: string, token: string): Promise<Refusal> {
  return refusalUnless(nobodyYet, email, token);
}

/** The same for who is registering: of all who come at once and first, one is the first. */
export function admission(email: string, token: string): Promise<Refusal> {
  return refusalUnless(async () => (await nobodyYet()) && (await comeFirst(email)), email, token);
}

/** Where registration is shut, the first account is the admin's. */
async function refusalUnless(isFirst: () => Promise<boolean>, email: string, token: string): Promise<Refusal> {
  const { registration, adminEmail } = environment();
  if (registration === "open") return null;
  if (registration === "first" && (await isFirst())) return null;
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

/** Stands for the token of the first account, which nobody knows: a row with it is the place in front. */
const FIRST = "the first account";

/** Of all who come at once, one is the first; who then did not get as far as an account leaves the place in 10 seconds. */
async function comeFirst(email: string): Promise<boolean> {
  const sql = `insert into invitation (email, token_sha256, used_at) values ($1, $2, now())
    on conflict (token_sha256) do update set email = excluded.email, created_at = now() where invitation.created_at < now() - interval '10 seconds'`;
  return (await database().query(sql, [email.toLowerCase(), FIRST])).rowCount === 1;
}

async function nobodyYet(): Promise<boolean> {
  return (await database().query('select 1 from "user" limit 1')).rows.length === 0;
}

function hash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
