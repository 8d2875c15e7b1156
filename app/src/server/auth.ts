import "server-only";
import { APIError, betterAuth } from "better-auth";
import { hashPassword } from "better-auth/crypto";
import { twoFactor } from "better-auth/plugins";
import { resetMail, verificationMail } from "./account-mail";
import { attemptLimits } from "./cache";
import { database } from "./database";
import { environment } from "./env";
import { admission, useInvitation } from "./invitations";
import { verifyAnyPassword } from "./passwords";
import { beginAge } from "./session-copies";

const HOUR = 60 * 60;
const DAY = 24 * HOUR;

function create() {
  const env = environment();
  return betterAuth({
    appName: "Founder Diary",
    baseURL: env.origin,
    secret: env.secret,
    telemetry: { enabled: false },
    database: database(),
    rateLimit: { customStorage: attemptLimits() },
    session: { expiresIn: 30 * DAY, updateAge: DAY, freshAge: 0 },
    advanced: {
      // Cookies know no ports: two stacks on one host must not take each other's.
      cookiePrefix: `${env.stack}-diary`,
      useSecureCookies: env.origin.startsWith("https:"),
      database: { generateId: "uuid" },
      ipAddress: { ipAddressHeaders: ["x-forwarded-for"] }, // the gateway writes it, with the client's address only
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      password: { hash: hashPassword, verify: verifyAnyPassword },
      resetPasswordTokenExpiresIn: HOUR,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, token }, request) => resetMail(user, token, request),
    },
    emailVerification: {
      sendOnSignUp: true,
      expiresIn: 7 * DAY,
      sendVerificationEmail: async ({ user, token }, request) => verificationMail(user, token, request),
    },
    user: { deleteUser: { enabled: true, beforeDelete: async (user) => giveUpFiles(user.id) } },
    databaseHooks: {
      user: { create: { before: async (user, context) => admit(user.email, context?.headers?.get("x-invitation") ?? "") } },
      session: { create: { before: async ({ userId }) => letIn(userId) } },
    },
    plugins: [twoFactor({ issuer: "Founder Diary" })],
  });
}

/** Better Auth asks here for every new account, whichever way it comes. */
async function admit(email: string, invitation: string): Promise<void> {
  const refused = await admission(email, invitation);
  if (refused === "closed") throw new APIError("FORBIDDEN", { code: "REGISTRATION_CLOSED", message: "Registration is closed" });
  if (refused === "invitation") throw new APIError("FORBIDDEN", { code: "INVITATION_NEEDED", message: "An invitation is needed" });
  if (invitation) await useInvitation(email, invitation);
}

/**
 * Whoever came with `founder migrate` and must not get in unchecked (a ban, a second factor that could not move) is told
 * so instead of an error: the database refuses their sessions in any case. By now their password was right, so a
 * stranger learns nothing.
 */
async function letIn(userId: string): Promise<void> {
  const { rows } = await database().query("select to_regclass('founder_migration.held_person') is not null as moved");
  if (!rows[0].moved) return;
  const held = await database().query("select from founder_migration.held_person where id::text = $1", [userId]);
  if (held.rowCount) throw new APIError("FORBIDDEN", { code: "ACCOUNT_HELD", message: "This account waits to be checked" });
}

/** The rows go with the account; the files follow, by way of the list of stale ones. */
async function giveUpFiles(userId: string): Promise<void> {
  // The parts of an unfinished import too, which would be kept for a day.
  await database().query("update stale_file set since = 'epoch' where user_id = $1 and since > now()", [userId]);
  await database().query(
    `insert into stale_file (key, user_id, since) select user_id || '/' || id, user_id, 'epoch' from attachment where user_id = $1
     on conflict (key) do update set since = 'epoch'`,
    [userId],
  );
}

/** What ends and changes no session, and strangers may ask for. */
const ADDS = /^\/api\/auth\/(sign-in\/email|sign-up\/email|request-password-reset|send-verification-email)$/;

/** Better Auth's answer to a request, whoever sent it. When it answers, no copy of an ended or changed session is believed. */
export async function askBetterAuth(request: Request): Promise<Response> {
  const response = await auth().handler(request);
  if (ADDS.test(new URL(request.url).pathname) || (await beginAge())) return response;
  return Response.json({ code: "CACHE_SILENT" }, { status: 503, headers: { "cache-control": "no-store" } });
}

const shared = globalThis as { diaryAuth?: ReturnType<typeof create> };

/** Made on first use, never at import: the build has neither a database nor secrets. */
export function auth(): ReturnType<typeof create> {
  return (shared.diaryAuth ??= create());
}
