import "server-only";

/** Something that the person, or their browser, did wrong. `code` is a key of the messages' `problems`. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly details: Record<string, unknown> = {}) {
    super(code);
  }
}
