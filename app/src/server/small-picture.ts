import "server-only";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const DEADLINE_MS = 30_000;
const WAITING = 50;

/** A picture as pages show it. Its sides are 0, and its content null, where there is none to be made. */
export interface SmallPicture {
  readonly width: number;
  readonly height: number;
  readonly content: Uint8Array | null;
}

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/** Null when that cannot be known now. One is made at a time, however many are asked for: each takes much memory. */
export async function makeSmall(content: Uint8Array): Promise<SmallPicture | null> {
  if (waiting >= WAITING) return null;
  waiting += 1;
  const mine = last.then(() => ask(content)).catch((error: unknown) => {
    console.error("small picture:", error instanceof Error ? error.message : error);
    return null;
  });
  last = mine;
  try {
    return await mine;
  } finally {
    waiting -= 1;
  }
}

async function ask(content: Uint8Array): Promise<SmallPicture> {
  const child: ChildProcess = spawn(process.execPath, [resolve(/* turbopackIgnore: true */ "small-picture.mjs")], {
    env: { NODE_ENV: "production", MALLOC_ARENA_MAX: "2" },
    stdio: ["pipe", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  let answer: SmallPicture | null = null;
  child.once("message", (message) => {
    answer = message as SmallPicture;
  });
  const ended = once(child, "close"); // or an error, where it could not begin
  child.stdin?.on("error", () => undefined); // it ended early: its code says so
  child.stdin?.end(content);
  const [code, signal] = (await ended) as [number | null, string | null];
  if (answer) return answer;
  throw new Error(`the process that makes it ended with ${signal ?? code}`);
}
