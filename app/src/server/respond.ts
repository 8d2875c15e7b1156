import "server-only";
import { environment } from "./env";
import { Problem } from "./problem";
import { personOf, type Person } from "./session";

type Handler<C> = (request: Request, person: Person, context: C) => Promise<Response>;

/** A route for people who are signed in. Changes are accepted from the diary's own pages only. */
export function forPerson<C>(handle: Handler<C>): (request: Request, context: C) => Promise<Response> {
  return guarded(async (request, context: C) => {
    const person = await personOf(request.headers);
    if (!person) throw new Problem(401, "signed_out");
    return handle(request, person, context);
  });
}

/** Turns problems into answers, keeps other sites' requests out, and never tells an unexpected error's text. */
export function guarded<C>(handle: (request: Request, context: C) => Promise<Response>) {
  return async (request: Request, context: C): Promise<Response> => {
    try {
      refuseOtherSites(request);
      return await handle(request, context);
    } catch (error) {
      if (error instanceof Problem) return json({ problem: error.code, ...error.details }, error.status);
      console.error(`${request.method} ${new URL(request.url).pathname}:`, error);
      return json({ problem: "unexpected" }, 500);
    }
  };
}

export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store" } });
}

/** The body as JSON, read no further than `limit` bytes. */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(request, limit));
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "invalid");
  }
}

export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw new Problem(413, "too_large", { limit });
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > limit) throw new Problem(413, "too_large", { limit });
    parts.push(part.value);
  }
  return Buffer.concat(parts);
}

/** The first bytes of a body, up to `limit`. The rest is taken and forgotten: a browser that is not heard out shows an error of its own. */
export async function readStart(request: Request, limit: number): Promise<{ start: Buffer<ArrayBuffer>; more: boolean }> {
  const parts: Uint8Array[] = [];
  let [size, more] = [0, false];
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    const kept = part.value.subarray(0, limit - size);
    more ||= kept.byteLength < part.value.byteLength;
    size += kept.byteLength;
    if (kept.byteLength > 0) parts.push(kept);
  }
  return { start: Buffer.concat(parts), more };
}

const WAITING = 10;
const turns = new Map<string, { last: Promise<unknown>; waiting: number }>();

/** One large body of a person at a time is in memory; the others wait outside for their turn. */
export async function inTurn<T>(userId: string, work: () => Promise<T>): Promise<T> {
  const line = turns.get(userId) ?? { last: Promise.resolve(), waiting: 0 };
  if (line.waiting >= WAITING) throw new Problem(429, "too_many");
  line.waiting += 1;
  turns.set(userId, line);
  const mine = line.last.then(work);
  line.last = mine.catch(() => undefined);
  try {
    return await mine;
  } finally {
    line.waiting -= 1;
    if (line.waiting === 0) turns.delete(userId);
  }
}

/** The same request with a body that was read already, up to `limit` bytes. */
export async function limited(request: Request, limit: number): Promise<Request> {
  const body = Buffer.from(await readBytes(request, limit));
  return new Request(request.url, { method: request.method, headers: request.headers, body });
}

/** Browsers send Origin with everything but GET and HEAD. The cookies are SameSite=Lax besides. */
function refuseOtherSites(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  if (request.headers.get("origin") !== environment().origin) throw new Problem(403, "other_site");
}
