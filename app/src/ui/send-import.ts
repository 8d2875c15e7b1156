/** What a person is told while an import goes on. */
export type Step = { readonly doing: "sending" | "taking"; readonly done: number; readonly of: number };

export interface Report {
  readonly created: number;
  readonly skipped: number;
  readonly files: number;
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/** Why it ended: a key of the messages' `problems`. */
export class Stopped extends Error {}

const TRIES = 5;
/** A moment ago somebody asked as well, or the server was away: worth asking again. */
const AGAIN = new Set([429, 502, 503, 504]);

/** Sends the chosen files in parts, all but those that came before, and has them taken in. */
export async function sendImport(files: readonly File[], tell: (step: Step) => void): Promise<Report> {
  const names = files.map((file) => ({ path: file.webkitRelativePath || file.name, bytes: file.size }));
  const begun = await ask<{ id: string; partBytes: number; here: number[] }>("/api/imports", "POST", JSON.stringify({ files: names }));
  const whole = new Blob([...files]); // nothing is read before it is sent
  const here = new Set(begun.here);
  const parts = Math.ceil(whole.size / begun.partBytes);
  for (let number = 0; number < parts; number += 1) {
    tell({ doing: "sending", done: number, of: parts });
    if (here.has(number)) continue;
    const part = whole.slice(number * begun.partBytes, (number + 1) * begun.partBytes);
    await ask(`/api/imports/${begun.id}/parts/${number}`, "PUT", part);
  }
  return takeIn(begun.id, tell);
}

/** Has an import taken in whose parts are all there. */
export async function takeIn(id: string, tell: (step: Step) => void): Promise<Report> {
  for (let before = -1; ; ) {
    const { finished, taken, of, report } = await ask<{ finished: boolean; taken: number; of: number; report: Report }>(`/api/imports/${id}`, "POST");
    if (finished) return report;
    if (taken <= before) throw new Stopped("unexpected"); // it does not go on: neither do we
    before = taken;
    tell({ doing: "taking", done: taken, of });
  }
}

async function ask<T>(path: string, method: string, body?: BodyInit): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(path, { method, ...(body !== undefined && { body }) }).catch(() => null);
    if (response?.ok) return (await response.json()) as T;
    if (attempt === TRIES || (response && !AGAIN.has(response.status))) throw new Stopped(await problemOf(response));
    await new Promise((go) => setTimeout(go, 1000 * attempt));
  }
}

async function problemOf(response: Response | null): Promise<string> {
  if (!response || AGAIN.has(response.status)) return "import_stopped";
  const answer = (await response.json().catch(() => ({}))) as { problem?: string };
  return answer.problem ?? "unexpected";
}
