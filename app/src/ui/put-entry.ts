import type { Fields } from "./local-drafts";

export interface ServerEntry extends Fields {
  readonly id: string;
  readonly revision: number;
}

export type PutAnswer =
  | { readonly kind: "saved"; readonly revision: number }
  | { readonly kind: "conflict"; readonly current: ServerEntry }
  | { readonly kind: "gone" }
  | { readonly kind: "signedOut" }
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "offline" };

/** Sends a text to the server. Every way this can end is an answer, none an exception. */
export async function putEntry(id: string, fields: Fields, revision: number, options: { keep?: boolean; leaving?: boolean } = {}): Promise<PutAnswer> {
  const body = JSON.stringify({ ...fields, revision, keep: options.keep === true });
  try {
    const response = await fetch(`/api/entries/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body,
      // A tab that closes may still send 64 KB; anything longer stays in this browser and is sent the next time.
      keepalive: options.leaving === true && body.length < 60_000,
    });
    const answer = (await response.json()) as { revision?: number; problem?: string; current?: ServerEntry };
    if (response.ok) return { kind: "saved", revision: answer.revision ?? revision };
    if (response.status === 409 && answer.current) return { kind: "conflict", current: answer.current };
    if (response.status === 404) return { kind: "gone" };
    if (response.status === 401) return { kind: "signedOut" };
    return response.status >= 500 ? { kind: "offline" } : { kind: "refused", problem: answer.problem ?? "unexpected" };
  } catch {
    return { kind: "offline" };
  }
}
