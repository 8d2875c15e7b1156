import "server-only";
import { database } from "./database";
import { BODY_BYTES, readDraft, type Draft } from "./draft";
import { findEntry, restoreEntry, saveEntry } from "./entries";
import { addFile, FILE_BYTES } from "./files";
import { fromMarkdown } from "./front-matter";
import { membersOf, type Member } from "./import-members";
import { derivedId, partCount, partsHere, saveProgress, type Import, type Report } from "./import-parts";
import { linkTargets, type Target } from "./markdown";
import { Problem } from "./problem";

const STEP_MS = 4_000;
const STEPS_AT_ONCE = 2;
const PROBLEMS = 1_000;

export interface Progress {
  readonly finished: boolean;
  readonly taken: number;
  readonly of: number;
  readonly report: Report;
}

let steps = 0;

/**
 * Takes in Markdown files with the files they link to, for a few seconds; whoever asks again goes on from there. An
 * entry that is here already is left as it is, so that doing it twice changes nothing. What cannot be taken is named.
 */
export async function importStep(userId: string, found: Import, today: string): Promise<Progress> {
  if (found.finished) return { finished: true, taken: found.taken, of: found.taken, report: found.report };
  if ((await partsHere(userId, found)).length < partCount(found)) throw new Problem(409, "import_incomplete");
  if (steps >= STEPS_AT_ONCE) throw new Problem(429, "too_many");
  steps += 1;
  try {
    return await takeIn(userId, found, today);
  } finally {
    steps -= 1;
  }
}

async function takeIn(userId: string, found: Import, today: string): Promise<Progress> {
  const report: Report = { ...found.report, problems: [...found.report.problems] };
  const members = await membersOf(userId, found, report);
  const until = Date.now() + STEP_MS; // however long the directory took: each step takes in something
  const byPath = new Map(members.map((member) => [member.path, member]));
  const texts = members.filter(({ path }) => isMarkdown(path));
  let taken = found.taken;
  for (const member of texts.slice(found.taken)) {
    await named(report, member.path, () => importEntry(userId, member, byPath, today, report));
    taken += 1;
    if (Date.now() > until) break;
  }
  report.problems = report.problems.slice(0, PROBLEMS);
  const finished = taken >= texts.length;
  await saveProgress(userId, found, taken, report, finished);
  return { finished, taken, of: texts.length, report };
}

function isMarkdown(path: string): boolean {
  return /\.(md|markdown)$/i.test(path);
}

/** Does it, or names in the report what stands against it. */
async function named(report: Report, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.code === "import_incomplete") throw error;
    report.problems.push({ path: path.slice(0, 300), problem: error.code });
  }
}

async function importEntry(userId: string, member: Member, byPath: ReadonlyMap<string, Member>, today: string, report: Report): Promise<void> {
  if (member.bytes > 2 * BODY_BYTES) throw new Problem(413, "too_large");
  const parsed = fromMarkdown(new TextDecoder().decode(await member.read()), member.path, today);
  const { id, state } = await place(userId, parsed.id ?? derivedId(userId, `path:${member.path}`));
  const links = linkedFiles(parsed.draft.body, member.path, byPath);
  const ids = await fileIds(userId, links);
  if (state === "free") {
    const draft: Draft = readDraft({ ...parsed.draft, body: withOurLinks(parsed.draft.body, links, ids) });
    await saveEntry(userId, id, draft, 0);
  } else if (state === "deleted") await restoreEntry(userId, id);
  report[state === "here" ? "skipped" : "created"] += 1;
  await importFiles(userId, id, links, ids, report);
}

/** The files that the entry shows and that are not here: all of a new one's, and what an import that ended early left out. */
async function importFiles(userId: string, entryId: string, links: Links, ids: ReadonlyMap<string, FileId>, report: Report): Promise<void> {
  const body = (await findEntry(userId, entryId))?.body ?? "";
  for (const { path, file } of new Map([...links.values()].map((link) => [link.path, link])).values()) {
    const { id, here } = ids.get(path)!;
    if (here || !body.includes(id)) continue;
    await named(report, path, async () => {
      if (file.bytes > FILE_BYTES) throw new Problem(413, "too_large");
      await addFile(userId, entryId, path.split("/").at(-1)!.replace(/^[0-9a-f-]{36}-/, ""), await file.read(), id);
      report.files += 1;
    });
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

/** Under which id a file is kept, and whether it is here already. */
interface FileId {
  readonly id: string;
  readonly here: boolean;
}

async function fileIds(userId: string, links: Links): Promise<Map<string, FileId>> {
  const wanted = new Map([...links.values()].map(({ path }) => [path, ownId(path) ?? derivedId(userId, `file:${path}`)]));
  const other = (id: string): string => derivedId(userId, `file:${id}`);
  const { rows } = await database().query<{ id: string; user_id: string }>("select id, user_id from attachment where id = any($1)", [
    [...wanted.values()].flatMap((id) => [id, other(id)]),
  ]);
  const owners = new Map(rows.map((row) => [row.id, row.user_id]));
  return new Map(
    [...wanted].map(([path, first]) => {
      const owner = owners.get(first);
      const id = owner === undefined || owner === userId ? first : other(first);
      return [path, { id, here: owners.get(id) === userId }];
    }),
  );
}

function ownId(path: string): string | undefined {
  return /(?:^|\/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/.exec(path)?.[1];
}

/** By where the link's target stands in the text. */
type Links = Map<Target, { readonly file: Member; readonly path: string }>;

/** The relative links of a text that lead to a file of the same import. */
function linkedFiles(body: string, from: string, byPath: ReadonlyMap<string, Member>): Links {
  const links: Links = new Map();
  for (const target of linkTargets(body)) {
    if (/^[a-z]+:|^\//i.test(target.text)) continue;
    const path = resolvePath(from, target.text);
    const file = path ? byPath.get(path) : undefined;
    if (file && path && !isMarkdown(path)) links.set(target, { file, path });
  }
  return links;
}

function withOurLinks(body: string, links: Links, ids: ReadonlyMap<string, FileId>): string {
  const parts: string[] = [];
  let at = 0;
  for (const [{ start, end }, { path }] of links) {
    parts.push(body.slice(at, start), `/api/files/${ids.get(path)!.id}`);
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
