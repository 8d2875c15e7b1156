import "server-only";
import { askBetterAuth } from "./auth";
import { environment } from "./env";
import { Problem } from "./problem";
import { guarded, json, limited, readStart } from "./respond";

/** What a form's handler answers: where to go next, with cookies to set, or a `Problem` thrown. */
export interface Outcome {
  readonly go: string;
  readonly cookies?: readonly string[];
}

/** The field that says that files were left out. */
export const CUT = "cut";

/**
 * A route for a plain HTML form. With scripts the page asks for JSON and shows the problem beside the form; without
 * them the browser is sent back to `page` with the problem's code. Both ways end at the same place. `files`: the form has
 * files too; what is more than `limit` is left out, file by file, and `CUT` is among the fields.
 */
export function form(page: string, handle: (fields: FormData, request: Request) => Promise<Outcome>, limit = 100_000, files = false) {
  return guarded(async (request: Request): Promise<Response> => {
    const wantsJson = request.headers.get("accept")?.includes("application/json") === true;
    try {
      const { go, cookies = [] } = await handle(await (files ? readFiles : readForm)(request, limit), request);
      const response = wantsJson ? json({ go }) : seeOther(go);
      for (const cookie of cookies) response.headers.append("set-cookie", cookie);
      return response;
    } catch (error) {
      if (wantsJson || !(error instanceof Problem)) throw error;
      return seeOther(`${page}${page.includes("?") ? "&" : "?"}problem=${error.code}`);
    }
  });
}

/** Asks Better Auth through its own front door, so that its rate limits and checks hold for our forms too. */
export async function askAuth(
  request: Request,
  path: string,
  body: object,
  extra: Readonly<Record<string, string>> = {},
): Promise<{ cookies: string[]; value: Record<string, unknown> }> {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  headers.set("content-type", "application/json");
  headers.set("accept", "application/json");
  headers.delete("content-length");
  const url = `${environment().origin}/api/auth${path}`;
  const response = await askBetterAuth(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
  const value = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  if (!response.ok) throw new Problem(response.status, problemCode(response.status, value?.code));
  return { cookies: response.headers.getSetCookie(), value: value ?? {} };
}

const CODES = new Map(Object.entries({
  INVALID_EMAIL_OR_PASSWORD: "wrong_password",
  USER_ALREADY_EXISTS: "email_taken",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "email_taken",
  INVALID_EMAIL: "invalid_email",
  PASSWORD_TOO_SHORT: "short_password",
  PASSWORD_TOO_LONG: "long_password",
  INVALID_PASSWORD: "wrong_current",
  INVALID_TOKEN: "expired_link",
  INVALID_CODE: "wrong_code",
  INVALID_BACKUP_CODE: "wrong_code",
  INVALID_TWO_FACTOR_COOKIE: "expired_link",
  REGISTRATION_CLOSED: "closed",
  INVITATION_NEEDED: "invitation",
  ACCOUNT_HELD: "held",
}));

function problemCode(status: number, code: unknown): string {
  if (status === 429) return "too_many";
  const known = CODES.get(String(code));
  if (known) return known;
  if (status >= 500) return "unexpected";
  return status === 401 ? "wrong_password" : "invalid";
}

export function field(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value.trim() : "";
}

export function emailField(fields: FormData): string {
  const email = field(fields, "email").toLowerCase();
  if (email.length > 254 || !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email)) throw new Problem(400, "invalid_email");
  return email;
}

/** A password, or a text, is taken as it was typed, spaces included. */
export function secretField(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

/** A path of this site to go to, never another site's. */
export function localPath(wanted: string | null | undefined): string {
  return wanted && /^\/(?![/\\])[^\\\s]*$/.test(wanted) ? wanted : "/";
}

async function readForm(request: Request, limit: number): Promise<FormData> {
  return parse(await limited(request, limit));
}

async function parse(whole: Request): Promise<FormData> {
  try {
    return await whole.formData();
  } catch {
    throw new Problem(400, "invalid");
  }
}

/** Where files are too large, the fields before them are read all the same: nobody's text is lost for a photo. */
async function readFiles(request: Request, limit: number): Promise<FormData> {
  const type = request.headers.get("content-type") ?? "";
  const boundary = /^multipart\/form-data; *boundary="?([^";\s]+)/i.exec(type)?.[1];
  if (!boundary) return readForm(request, limit);
  const { start, more } = await readStart(request, limit);
  const end = `\r\n--${boundary}`;
  const body = more ? Buffer.concat([start.subarray(0, Math.max(0, start.lastIndexOf(end))), Buffer.from(`${end}--\r\n`)]) : start;
  const fields = await parse(new Request(request.url, { method: "POST", headers: { "content-type": type }, body }));
  if (more) fields.set(CUT, "yes");
  else fields.delete(CUT);
  return fields;
}

function seeOther(go: string): Response {
  return new Response(null, { status: 303, headers: { location: go, "cache-control": "no-store" } });
}
