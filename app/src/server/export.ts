import "server-only";
import { Readable } from "node:stream";
import { makeZip } from "client-zip";
import { database } from "./database";
import { COLUMNS, type Entry } from "./entries";
import { fileKey, listAllFiles, safeName, type Attachment } from "./files";
import { toMarkdown } from "./front-matter";
import { storage } from "./storage";

export const FORMAT = 1;
const BATCH = 200;

/** Everything a person has, as a zip that is made while it is sent: a diary of any size needs little memory. */
export function exportZip(userId: string): ReadableStream<Uint8Array> {
  return makeZip(members(userId));
}

/** The same as data, without the files themselves. */
export function exportJson(userId: string): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(jsonParts(userId), { objectMode: false })) as ReadableStream<Uint8Array>;
}

interface ZipMember {
  readonly name: string;
  readonly lastModified: Date;
  readonly input: string | AsyncIterable<string> | ReadableStream<Uint8Array>;
}

async function* members(userId: string): AsyncGenerator<ZipMember, void, undefined> {
  const files = await listAllFiles(userId);
  const paths = new Map(files.map((file) => [file.id, filePath(file)]));
  for await (const entry of allEntries(userId)) {
    yield { name: entryPath(entry), lastModified: entry.updatedAt, input: toMarkdown(entry, linksToFiles(entry.body, paths)) };
  }
  yield { name: "diary.json", lastModified: new Date(), input: jsonParts(userId) };
  for (const file of files) {
    const input = await storage().get(fileKey(userId, file.id));
    if (input) yield { name: filePath(file), lastModified: file.createdAt, input }; // lost from the disk: the rest is still worth having
  }
}

/** Piece by piece: the whole of it may be longer than a string can be. */
async function* jsonParts(userId: string): AsyncGenerator<string, void, undefined> {
  yield `{"format":${FORMAT},"entries":[`;
  let between = "\n";
  for await (const entry of allEntries(userId)) {
    yield between + JSON.stringify(entry);
    between = ",\n";
  }
  yield '\n],"files":[';
  between = "\n";
  for (const { createdAt: _when, width: _width, height: _height, ...file } of await listAllFiles(userId)) {
    yield between + JSON.stringify({ ...file, path: filePath(file) });
    between = ",\n";
  }
  yield "\n]}\n";
}

async function* allEntries(userId: string): AsyncGenerator<Entry, void, undefined> {
  const sql = `select ${COLUMNS} from entry e where e.user_id = $1 and e.deleted_at is null and e.id > $2 order by e.id limit ${BATCH}`;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const { rows } = await database().query<Entry>(sql, [userId, after]);
    const last = rows.at(-1);
    if (!last) return;
    yield* rows;
    after = last.id;
  }
}

function entryPath(entry: Entry): string {
  const slug = entry.title.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[\s_-]+/g, "-").slice(0, 50);
  return `entries/${entry.day}-${slug ? `${slug}-` : ""}${entry.id.slice(0, 8)}.md`;
}

/** The id stands first, so that an import knows the file again. */
function filePath(file: Pick<Attachment, "id" | "name">): string {
  return `files/${file.id}-${safeName(file.name)}`;
}

/** In the zip, a text's links lead to the files beside it. */
function linksToFiles(body: string, paths: ReadonlyMap<string, string>): string {
  return body.replace(/\/api\/files\/([0-9a-f-]{36})/g, (link, id: string) => {
    const path = paths.get(id);
    return path ? `../${path.split("/").map(encodeURIComponent).join("/").replace(/[()]/g, (mark) => (mark === "(" ? "%28" : "%29"))}` : link;
  });
}
