import "server-only";
import { createHash, createHmac } from "node:crypto";
import type { ObjectStore } from "./env";
import type { Storage } from "./storage";

const DEADLINE_MS = 30_000;

/** Files in a bucket of an S3-compatible store, addressed by path (`endpoint/bucket/key`), which all of them know. */
export function objectStorage(store: ObjectStore): Storage {
  const ask = async (method: string, key: string, body: Uint8Array = new Uint8Array()): Promise<Response> => {
    const url = new URL(`${store.endpoint}/${store.bucket}${key ? `/${key}` : ""}`);
    const headers = sign(store, method, url, body, new Date());
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(DEADLINE_MS) };
    if (method === "PUT") init.body = Buffer.from(body);
    const response = await fetch(url, init);
    if (!response.ok && response.status !== 404) {
      await response.body?.cancel();
      throw new Error(`the object store answered ${response.status} to ${method}`);
    }
    return response;
  };
  return {
    async put(key, content) {
      const response = await ask("PUT", key, content);
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the object store has no bucket "${store.bucket}"`);
    },
    async get(key) {
      const response = await ask("GET", key);
      if (response.ok) return response.body;
      await response.body?.cancel();
      return null;
    },
    async remove(key) {
      await (await ask("DELETE", key)).body?.cancel();
    },
    async check() {
      const response = await ask("HEAD", "");
      if (!response.ok) throw new Error(`the object store has no bucket "${store.bucket}"`);
    },
  };
}

/** The headers of AWS Signature Version 4. Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export function sign(store: ObjectStore, method: string, url: URL, body: Uint8Array, now: Date): Record<string, string> {
  const moment = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = moment.slice(0, 8);
  const contentHash = sha256(body);
  const signed: Record<string, string> = { host: url.host, "x-amz-content-sha256": contentHash, "x-amz-date": moment };
  const names = Object.keys(signed).sort().join(";");
  const canonical = [
    method,
    url.pathname,
    url.searchParams.toString(),
    ...Object.entries(signed).sort().map(([name, value]) => `${name}:${value}`),
    "",
    names,
    contentHash,
  ].join("\n");
  const scope = `${day}/${store.region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", moment, scope, sha256(canonical)].join("\n");
  const key = [day, store.region, "s3", "aws4_request"].reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${store.secretAccessKey}`);
  const signature = hmac(key, text).toString("hex");
  const { host: _host, ...headers } = signed; // fetch writes Host itself
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${store.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
