import "server-only";
import { argon2, createCipheriv, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { verifyPassword } from "better-auth/crypto";
import bcrypt from "bcryptjs";

/** Passwords that people bring from elsewhere keep working: bcrypt, Argon2 and Firebase's scrypt. New ones are scrypt. */
export async function verifyAnyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
  if (/^\$2[aby]\$/.test(hash)) return bcrypt.compare(password, hash);
  if (hash.startsWith("$argon2")) return verifyArgon2(hash, password);
  if (hash.startsWith("$fbscrypt$")) return verifyFirebase(hash, password);
  return verifyPassword({ hash, password });
}

const MOST_MEMORY_KIB = 256 * 1024;

/** `$argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH` */
async function verifyArgon2(hash: string, password: string): Promise<boolean> {
  const parts = /^\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash);
  if (!parts) return false;
  const [kind, memory, passes, parallelism] = [parts[1] as "argon2id", ...parts.slice(2, 5).map(Number)] as const;
  if (Number(memory) > MOST_MEMORY_KIB) return false;
  const nonce = Buffer.from(parts[5] ?? "", "base64");
  const expected = Buffer.from(parts[6] ?? "", "base64");
  const given = await promisify(argon2)(kind, {
    message: password, nonce, parallelism: Number(parallelism), tagLength: expected.length, memory: Number(memory), passes: Number(passes),
  });
  return timingSafeEqual(given, expected);
}

/** `$fbscrypt$v=1,n=LOG2,r=ROUNDS,p=LANES,ss=SEPARATOR,sk=SIGNER_KEY$SALT$HASH`, as Supabase's sign-in server writes it */
async function verifyFirebase(hash: string, password: string): Promise<boolean> {
  const parts = /^\$fbscrypt\$v=1,n=(\d+),r=(\d+),p=(\d+)(?:,ss=([^,$]*))?(?:,sk=([^$]*))\$([^$]+)\$([^$]+)$/.exec(hash);
  if (!parts) return false;
  const [cost, block, lanes] = parts.slice(1, 4).map(Number) as [number, number, number];
  const [separator, signer, salt, expected] = parts.slice(4).map((part) => Buffer.from(part ?? "", "base64")) as [Buffer, Buffer, Buffer, Buffer];
  const options = { N: 2 ** cost, r: block, p: lanes, maxmem: MOST_MEMORY_KIB * 1024 };
  if (256 * options.N * options.r > options.maxmem) return false;
  const key = await new Promise<Buffer>((resolve, reject) =>
    scrypt(password, Buffer.concat([salt, separator]), 32, options, (error, derived) => (error ? reject(error) : resolve(derived))),
  );
  const given = createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(signer);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
