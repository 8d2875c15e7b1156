import "server-only";
import { createReadStream } from "node:fs";
import { access, constants, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { environment } from "./env";
import { objectStorage } from "./object-storage";

/** Where files lie. A key is "owner/file", two uuids; the names that people give files never become paths. */
export interface Storage {
  /** Durable when it returns. Writing the same key twice keeps the last. */
  put(key: string, content: Uint8Array): Promise<void>;
  /** Null when there is no such file. */
  get(key: string): Promise<ReadableStream<Uint8Array> | null>;
  /** No error when it is gone already. */
  remove(key: string): Promise<void>;
  /** Throws when files could not be written now. */
  check(): Promise<void>;
}

export function storage(): Storage {
  const { s3, filesDir } = environment();
  return s3 ? movedIn(objectStorage(s3), localStorage(filesDir)) : localStorage(filesDir);
}

/** The object store, and behind it the folder that held the files before: what was not brought over is found there. */
export function movedIn(now: Storage, before: Storage): Storage {
  return {
    put: (key, content) => now.put(key, content),
    get: async (key) => (await now.get(key)) ?? before.get(key),
    async remove(key) {
      await now.remove(key);
      await before.remove(key);
    },
    check: () => now.check(),
  };
}

/** Files in a folder of this machine. */
export function localStorage(root: string): Storage {
  const pathOf = (key: string): string => {
    // The comment keeps the bundler from copying every file that such a path could mean.
    const path = resolve(/* turbopackIgnore: true */ root, key);
    if (!path.startsWith(resolve(/* turbopackIgnore: true */ root) + sep)) throw new Error("a key may not leave the folder of files");
    return path;
  };
  return {
    async put(key, content) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = `${path}.${randomUUID()}`;
      try {
        const file = await open(/* turbopackIgnore: true */ temporary, "wx", 0o600);
        try {
          await file.writeFile(content);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async get(key) {
      const file = await open(/* turbopackIgnore: true */ pathOf(key), "r").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return file && (Readable.toWeb(createReadStream("", { fd: file })) as ReadableStream<Uint8Array>);
    },
    remove: (key) => rm(pathOf(key), { force: true }),
    check: () => access(root, constants.R_OK | constants.W_OK | constants.X_OK),
  };
}
