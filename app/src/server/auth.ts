import "server-only";
import { betterAuth } from "better-auth";
import { hashPassword, verifyPassword } from "better-auth/crypto";
import { twoFactor } from "better-auth/plugins";
import bcrypt from "bcryptjs";
import { forgivingStorage } from "./cache";
import { database } from "./database";
import { environment } from "./env";

function create() {
  const env = environment();
  return betterAuth({
    appName: "Founder Diary",
    baseURL: env.origin,
    secret: env.secret,
    telemetry: { enabled: false },
    database: database(),
    secondaryStorage: forgivingStorage(),
    session: { storeSessionInDatabase: true, expiresIn: 60 * 60 * 24 * 30, updateAge: 60 * 60 * 24 },
    verification: { storeInDatabase: true },
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
    },
    plugins: [twoFactor({ issuer: "Founder Diary" })],
  });
}

/** People who come from Supabase bring bcrypt; everybody else has scrypt. */
async function verifyAnyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
  return /^\$2[aby]\$/.test(hash) ? bcrypt.compare(password, hash) : verifyPassword({ hash, password });
}

const shared = globalThis as { diaryAuth?: ReturnType<typeof create> };

/** Made on first use, never at import: the build has neither a database nor secrets. */
export function auth(): ReturnType<typeof create> {
  return (shared.diaryAuth ??= create());
}
