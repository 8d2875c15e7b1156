import "server-only";

import { throughSocket } from "./address";

/** What the stack offers to the diary, read once. Names what is missing, all of it at once. */
export interface Environment {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Where the cache listens for the app alone: while it is down, anybody may listen on its port. */
  readonly redisSocket: string | null;
  readonly origin: string;
  readonly secret: string;
  readonly filesDir: string;
  readonly stack: string;
  /** `first`: the first account is free, and everybody after it needs an invitation. */
  readonly registration: "first" | "open" | "invite" | "closed";
  readonly adminEmail: string | null;
  readonly smtp: { readonly url: string; readonly from: string } | null;
  readonly s3: ObjectStore | null;
  /** What one import may weigh. */
  readonly importBytes: number;
  /** What one person may keep: files and texts by their bytes, entries by their number. */
  readonly personFileBytes: number;
  readonly personTextBytes: number;
  readonly personEntries: number;
}

export interface ObjectStore {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const MANDATORY = ["DATABASE_URL", "REDIS_URL", "BETTER_AUTH_URL", "BETTER_AUTH_SECRET", "FILES_DIR"] as const;

let known: Environment | undefined;

export function environment(): Environment {
  return (known ??= read(process.env));
}

/** One line for each thing that is missing or wrong; empty when the diary can start. */
export function complaints(env: NodeJS.ProcessEnv): string[] {
  const found = MANDATORY.filter((name) => !env[name]).map((name) => `${name} is not set`);
  if (env.BETTER_AUTH_URL && !URL.canParse(env.BETTER_AUTH_URL)) found.push("BETTER_AUTH_URL is not a URL");
  if (env.BETTER_AUTH_SECRET && env.BETTER_AUTH_SECRET.length < 32) found.push("BETTER_AUTH_SECRET is shorter than 32 characters");
  if (env.REGISTRATION && !["open", "invite", "closed"].includes(env.REGISTRATION)) {
    found.push(`REGISTRATION is "${env.REGISTRATION}": it must be open, invite or closed`);
  }
  for (const name of Object.keys(LIMITS)) {
    if (env[name] && !/^[1-9]\d{0,8}$/.test(env[name])) found.push(`${name} is "${env[name]}": it must be a whole number above 0`);
  }
  return found;
}

/** Bounds that can be set, and what they are otherwise. */
const LIMITS = { IMPORT_LIMIT_MIB: 8 * 1024, FILES_LIMIT_MIB: 5 * 1024, TEXTS_LIMIT_MIB: 1024, ENTRIES_LIMIT: 50_000 };

function limit(env: NodeJS.ProcessEnv, name: keyof typeof LIMITS): number {
  return Number(env[name] || LIMITS[name]);
}

function read(env: NodeJS.ProcessEnv): Environment {
  const wrong = complaints(env);
  if (wrong.length > 0) throw new Error(`Founder Diary cannot start: ${wrong.join("; ")}.`);
  const origin = new URL(env.BETTER_AUTH_URL!).origin;
  return {
    databaseUrl: throughSocket(env),
    redisUrl: env.REDIS_URL!,
    redisSocket: env.REDIS_SOCKET || null,
    origin,
    secret: env.BETTER_AUTH_SECRET!,
    filesDir: env.FILES_DIR!,
    stack: (env.STACK_NAME || "founder").replace(/[^a-z0-9-]/gi, "-"),
    registration: (env.REGISTRATION || "first") as Environment["registration"],
    adminEmail: env.ADMIN_EMAIL?.trim().toLowerCase() || null,
    smtp: env.SMTP_URL ? { url: env.SMTP_URL, from: env.SMTP_FROM || `Founder Diary <diary@${new URL(origin).hostname}>` } : null,
    s3: readObjectStore(env),
    importBytes: limit(env, "IMPORT_LIMIT_MIB") * 1024 ** 2,
    personFileBytes: limit(env, "FILES_LIMIT_MIB") * 1024 ** 2,
    personTextBytes: limit(env, "TEXTS_LIMIT_MIB") * 1024 ** 2,
    personEntries: limit(env, "ENTRIES_LIMIT"),
  };
}

function readObjectStore(env: NodeJS.ProcessEnv): ObjectStore | null {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) return null;
  return { endpoint: endpoint.replace(/(?<!\/)\/+$/, ""), bucket, region: env.S3_REGION || "us-east-1", accessKeyId, secretAccessKey };
}
