import "server-only";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader, type Entry, type ZipFile } from "yauzl";
import { PART_BYTES, readPart, type Import, type Report, type SentFile } from "./import-parts";
import { Problem } from "./problem";

/** More than an export of a full diary has: each takes some 400 bytes of memory while a step of the import lasts. */
const MEMBERS = 250_000;
const NAMES_LENGTH = 16 * 1024 ** 2;
const PARTS_IN_MEMORY = 3;

/** A file that came by itself or within a zip. It is read when it is needed, and no more of it than was said. */
export interface Member {
  readonly path: string;
  readonly bytes: number;
  readonly read: () => Promise<Uint8Array>;
}

/** All files of an import. What is no zip that can be read is named in the report. */
export async function membersOf(userId: string, found: Import, report: Report): Promise<Member[]> {
  const parts = new Parts(userId, found);
  const members: Member[] = [];
  const take = room();
  let start = 0;
  for (const file of found.files) {
    const from = start;
    start += file.bytes;
    if (!isZip(file.path)) members.push({ ...file, read: () => parts.read(from, from + file.bytes) });
    else for (const member of await zipMembers(parts, file, from, report, take)) members.push(member);
  }
  return members;
}

/** Refuses the name that is one too many, or too long, for the memory of the server. */
function room(): (name: string) => void {
  let [names, length] = [0, 0];
  return (name) => {
    [names, length] = [names + 1, length + name.length];
    if (names > MEMBERS || length > NAMES_LENGTH) throw new Problem(413, "too_large");
  };
}

function isZip(path: string): boolean {
  return path.toLowerCase().endsWith(".zip");
}

async function zipMembers(parts: Parts, file: SentFile, from: number, report: Report, take: (name: string) => void): Promise<Member[]> {
  const members: Member[] = [];
  try {
    const zip = await fromRandomAccessReaderPromise(new Slice(parts, from), file.bytes, { decodeStrings: false, lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      const path = pathOf(entry);
      take(path);
      if (path.endsWith("/") || path.includes("__MACOSX/")) continue;
      members.push({ path, bytes: entry.uncompressedSize, read: () => unpack(parts, zip, entry) });
    }
    return members;
  } catch (error) {
    if (error instanceof Problem || parts.failed) throw error;
    if (report.problems.every(({ path }) => path !== file.path)) report.problems.push({ path: file.path, problem: "bad_archive" });
    return [];
  }
}

function pathOf(entry: Entry): string {
  const raw = entry.fileName as unknown as Buffer; // as it stands in the archive, because of decodeStrings
  const parts = getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false).replaceAll("\\", "/").split("/");
  return parts.slice(Math.max(0, parts.findIndex(Boolean))).join("/");
}

/** Unpacked by threads of Node's own; more than the directory says is an error. */
async function unpack(parts: Parts, zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  try {
    const content = await buffer(await zip.openReadStreamPromise(entry));
    if (crc32(content) === entry.crc32) return content;
  } catch (error) {
    if (parts.failed) throw error; // the storage is away: nothing is known about the archive
  }
  throw new Problem(400, "bad_archive");
}

/** The bytes of all files, of which a few parts are in memory at a time. */
class Parts {
  /** Whether a part could not be read: what is wrong then is not the archive. */
  failed = false;
  readonly #kept = new Map<number, Promise<Buffer>>();

  constructor(readonly userId: string, readonly found: Import) {}

  async read(start: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(start, end)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async *pieces(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end; ) {
      const number = Math.floor(at / PART_BYTES);
      const part = await this.#part(number);
      const piece = part.subarray(at - number * PART_BYTES, end - number * PART_BYTES);
      if (piece.length === 0) throw new Problem(409, "import_incomplete");
      yield piece;
      at += piece.length;
    }
  }

  #part(number: number): Promise<Buffer> {
    const part = this.#kept.get(number) ?? this.#load(number);
    this.#kept.delete(number);
    this.#kept.set(number, part);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= PARTS_IN_MEMORY) break;
      this.#kept.delete(oldest);
    }
    return part;
  }

  async #load(number: number): Promise<Buffer> {
    try {
      return await readPart(this.userId, this.found, number);
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}

/** One of the files, for the reader of zips. */
class Slice extends RandomAccessReader {
  constructor(readonly parts: Parts, readonly from: number) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.parts.pieces(this.from + start, this.from + end), { objectMode: false });
  }
}
