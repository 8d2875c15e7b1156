import "server-only";
import { createHash } from "node:crypto";
import { unzipSync } from "fflate";
import { database } from "./database";
import { readDraft, type Draft } from "./draft";
import { restoreEntry, saveEntry } from "./entries";
import { addFile } from "./files";
import { fromMarkdown } from "./front-matter";
import { linkTargets, type Target } from "./markdown";
import { Problem } from "./problem";

export const IMPORT_BYTES = 100 * 1024 * 1024;
const UNPACKED_BYTES = 250 * 1024 * 1024;
const MEMBERS = 50_000;

export interface Source {
  readonly path: string;
  readonly content: Uint8Array;
}

export interface Report {
  created: number;
  skipped: number;
  files: number;
  readonly problems: { readonly path: string; readonly problem: string }[];
}

/**
 * Takes in Markdown files with the files they link to. An entry that is here already is left as it is, so that doing
 * it twice changes nothing. What cannot be taken is named; the rest goes on.
 */
export async function importSources(userId: string, sources: readonly Source[], today: string): Promise<Report> {
  const report: Report = { created: 0, skipped: 0, files: 0, problems: [] };
  const byPath = new Map(sources.map((source) => [source.path, source]));
  for (const source of sources.filter(({ path }) => /\.(md|markdown)$/i.test(path))) {
    try {
      await importEntry(userId, source, byPath, today, report);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      report.problems.push({ path: source.path, problem: error.code });
    }
  }
  return report;
}

async function importEntry(userId: string, source: Source, byPath: ReadonlyMap<string, Source>, today: string, report: Report): Promise<void> {
  const parsed = fromMarkdown(new TextDecoder().decode(source.content), source.path, today);
  const { id, state } = await place(userId, parsed.id ?? derivedId(userId, `path:${source.path}`));
  if (state !== "free") {
    if (state === "deleted") await restoreEntry(userId, id);
    report[state === "deleted" ? "created" : "skipped"] += 1;
    return;
  }
  const links = linkedFiles(parsed.draft.body, source.path, byPath);
  const draft: Draft = readDraft({ ...parsed.draft, body: await withOurLinks(userId, parsed.draft.body, links) });
  await saveEntry(userId, id, draft, 0);
  report.created += 1;
  for (const [path, file] of new Map([...links.values()].map((link) => [link.path, link.file]))) {
    try {
      await addFile(userId, id, path.split("/").at(-1)!.replace(/^[0-9a-f-]{36}-/, ""), file.content, await fileId(userId, path));
      report.files += 1;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      report.problems.push({ path, problem: error.code });
    }
  }
}

/** The id to import under, and what stands there. An id that somebody else uses becomes another one. */
async function place(userId: string, wanted: string): Promise<{ id: string; state: "free" | "here" | "deleted" }> {
  const other = derivedId(userId, `entry:${wanted}`);
  const { rows } = await database().query<{ id: string; user_id: string; deleted: boolean }>(
    "select id, user_id, deleted_at is not null as deleted from entry where id = any($1)",
    [[wanted, other]],
  );
  const own = rows.find((row) => row.user_id === userId);
  if (own) return { id: own.id, state: own.deleted ? "deleted" : "here" };
  return { id: rows.some((row) => row.id === wanted) ? other : wanted, state: "free" };
}

async function fileId(userId: string, path: string): Promise<string> {
  const own = /(?:^|\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/.exec(path)?.[1];
  const wanted = own ?? derivedId(userId, `file:${path}`);
  const taken = (await database().query("select 1 from attachment where id = $1", [wanted])).rows.length > 0;
  return taken ? derivedId(userId, `file:${wanted}`) : wanted;
}

/** By where the link's target stands in the text. */
type Links = Map<Target, { readonly file: Source; readonly path: string }>;

/** The relative links of a text that lead to a file of the same import. */
function linkedFiles(body: string, from: string, byPath: ReadonlyMap<string, Source>): Links {
  const links: Links = new Map();
  for (const target of linkTargets(body)) {
    if (/^[a-z]+:|^\//i.test(target.text)) continue;
    const path = resolvePath(from, target.text);
    const file = path ? byPath.get(path) : undefined;
    if (file && path && !/\.(md|markdown)$/i.test(path)) links.set(target, { file, path });
  }
  return links;
}

async function withOurLinks(userId: string, body: string, links: Links): Promise<string> {
  const ids = new Map<string, string>();
  const parts: string[] = [];
  let at = 0;
  for (const [{ start, end }, { path }] of links) {
    const id = ids.get(path) ?? (await fileId(userId, path));
    ids.set(path, id);
    parts.push(body.slice(at, start), `/api/files/${id}`);
    at = end;
  }
  return parts.join("") + body.slice(at);
}

function resolvePath(from: string, target: string): string | null {
  try {
    const parts = from.split("/").slice(0, -1);
    for (const part of decodeURIComponent(target).split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "." && part !== "") parts.push(part);
    }
    return parts.join("/");
  } catch {
    return null; // not a valid link
  }
}

/** The same id for the same thing of the same person, every time. */
export function derivedId(userId: string, name: string): string {
  const hash = createHash("sha256").update(`founder-diary:${userId}:${name}`).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** The members of a zip, by its own directory. What it says about sizes is a limit that is held while unpacking. */
export function unzip(archive: Uint8Array): Source[] {
  let size = 0;
  let members = 0;
  try {
    const unpacked = unzipSync(archive, {
      filter: ({ name, originalSize }) => {
        if (name.endsWith("/") || name.includes("__MACOSX/")) return false;
        size += originalSize;
        members += 1;
        if (size > UNPACKED_BYTES || members > MEMBERS) throw new Problem(413, "too_large");
        return true;
      },
    });
    return Object.entries(unpacked).map(([name, content]) => ({ path: name.replaceAll("\\", "/").replace(/^\/+/, ""), content }));
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, "bad_archive");
  }
}
