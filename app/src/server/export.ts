import "server-only";
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { database } from "./database";
import { COLUMNS, type Entry } from "./entries";
import { fileKey, safeName, type Attachment } from "./files";
import { toMarkdown } from "./front-matter";
import { storage } from "./storage";

export const FORMAT = 1;
const BATCH = 200;

/** Everything a person has, as a zip that is made while it is sent: a diary of any size needs little memory. */
export function exportZip(userId: string): ReadableStream<Uint8Array> {
  const parts = zipParts(userId);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

async function* zipParts(userId: string): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    if (part.length > 0) ready.push(part);
  });
  const text = (name: string, content: string): void => {
    const entry = new ZipDeflate(name, { level: 6 });
    zip.add(entry);
    entry.push(new TextEncoder().encode(content), true);
  };
  const files = await allFiles(userId);
  const all: Entry[] = [];
  for await (const batch of allEntries(userId)) {
    for (const entry of batch) text(entryPath(entry), toMarkdown(entry, linksToFiles(entry.body, files)));
    all.push(...batch);
    yield* ready.splice(0);
  }
  text("diary.json", JSON.stringify(exportData(all, files), null, 1));
  yield* ready.splice(0);
  for (const file of files) {
    const content = await storage().get(fileKey(userId, file.id));
    if (!content) continue; // lost from the disk: the rest is still worth having
    const entry = new ZipPassThrough(filePath(file));
    zip.add(entry);
    const reader = content.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      entry.push(part.value);
      yield* ready.splice(0);
    }
    entry.push(new Uint8Array(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready;
}

export async function exportJson(userId: string): Promise<object> {
  const entries: Entry[] = [];
  for await (const batch of allEntries(userId)) entries.push(...batch);
  return exportData(entries, await allFiles(userId));
}

function exportData(entries: readonly Entry[], files: readonly Attachment[]): object {
  return { format: FORMAT, entries, files: files.map((file) => ({ ...file, path: filePath(file) })) };
}

async function* allEntries(userId: string): AsyncGenerator<Entry[], void, undefined> {
  const sql = `select ${COLUMNS} from entry e where e.user_id = $1 and e.deleted_at is null and e.id > $2 order by e.id limit ${BATCH}`;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const { rows } = await database().query<Entry>(sql, [userId, after]);
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
  }
}

async function allFiles(userId: string): Promise<Attachment[]> {
  const sql = `select a.id, a.entry_id as "entryId", a.name, a.type, a.bytes::float8 as bytes, a.sha256 from attachment a
    join entry e on e.id = a.entry_id where a.user_id = $1 and e.deleted_at is null order by a.created_at, a.id`;
  return (await database().query<Attachment>(sql, [userId])).rows;
}

function entryPath(entry: Entry): string {
  const slug = entry.title.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[\s_-]+/g, "-").slice(0, 50);
  return `entries/${entry.day}-${slug ? `${slug}-` : ""}${entry.id.slice(0, 8)}.md`;
}

/** The id stands first, so that an import knows the file again. */
function filePath(file: Attachment): string {
  return `files/${file.id}-${safeName(file.name)}`;
}

/** In the zip, a text's links lead to the files beside it. */
function linksToFiles(body: string, files: readonly Attachment[]): string {
  return body.replace(/\/api\/files\/([0-9a-f-]{36})/g, (link, id: string) => {
    const file = files.find((candidate) => candidate.id === id);
    return file ? `../${filePath(file).split("/").map(encodeURIComponent).join("/").replace(/[()]/g, (mark) => (mark === "(" ? "%28" : "%29"))}` : link;
  });
}
