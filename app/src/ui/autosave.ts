import { draftKey, forgetDraft, holdDraft, keepDraft, randomId, type Fields } from "./local-drafts";
import { putEntry, type PutAnswer } from "./put-entry";

export type SaveState = { readonly kind: "changed" | "saving" } | PutAnswer;

const PAUSE_MS = 800;
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000];

/**
 * Keeps what is written: in this browser at every key, on the server a moment after the last one. One request at a
 * time, so that revisions follow each other; a failure is tried again until it works or the person must decide.
 */
export class Autosave {
  #fields: Fields | null = null; // what the server does not have yet
  #sending: Promise<PutAnswer> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #key: string;
  #release: () => void = () => undefined;
  #keptLocally = true;
  #keepNext = false;
  state: SaveState;

  constructor(
    private readonly userId: string,
    private entryId: string,
    private revision: number,
    private readonly onState: (state: SaveState) => void,
  ) {
    this.#key = draftKey(userId, entryId);
    this.state = { kind: "saved", revision };
  }

  get id(): string {
    return this.entryId;
  }

  /** Starts to listen to the page; the returned function ends it. */
  attach(): () => void {
    this.#release = holdDraft(this.#key);
    const leaving = (): void => void this.#send(true);
    const hidden = (): void => void (document.visibilityState === "hidden" && this.#send(true));
    const again = (): void => void (this.#waitsForConnection && this.#send());
    const warn = (event: BeforeUnloadEvent): void => {
      if (this.#fields && !this.#keptLocally) event.preventDefault();
    };
    const listeners: [EventTarget, string, (event: never) => void][] = [
      [window, "pagehide", leaving],
      [document, "visibilitychange", hidden],
      [window, "online", again],
      [window, "focus", again],
      [window, "beforeunload", warn],
    ];
    for (const [target, name, listener] of listeners) target.addEventListener(name, listener as EventListener);
    return () => {
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener as EventListener);
      clearTimeout(this.#timer);
      void this.#send(true);
      this.#release();
    };
  }

  change(fields: Fields): void {
    this.#fields = fields;
    this.#keptLocally = keepDraft(this.#key, { entryId: this.entryId, fields, revision: this.revision, at: Date.now() });
    if (this.#waitsForPerson) return; // the text is kept here until the person has decided
    if (!this.#waitsForConnection && this.state.kind !== "saving") this.#tell({ kind: "changed" });
    if (!this.#waitsForConnection) this.#schedule(PAUSE_MS);
  }

  /** Sends what is waiting, now; true when the server has everything. */
  async flush(fields?: Fields): Promise<boolean> {
    if (fields) this.change(fields);
    while (this.#fields && !this.#waitsForPerson) {
      const answer = await this.#send();
      if (answer && answer.kind !== "saved") return false;
    }
    return !this.#fields;
  }

  /** Starts from another revision than the page did: for a draft that was found in this browser. */
  startFrom(revision: number): void {
    this.revision = revision;
  }

  /** After a conflict: our text replaces the other one, which becomes an earlier version. */
  keepMine(): void {
    if (this.state.kind !== "conflict") return;
    this.revision = this.state.current.revision;
    this.#keepNext = true;
    this.#tell({ kind: "changed" });
    void this.#send();
  }

  /** After a conflict: go on with the other text. Ours is among the earlier versions already. */
  takeTheirs(): void {
    if (this.state.kind !== "conflict") return;
    this.revision = this.state.current.revision;
    this.#fields = null;
    forgetDraft(this.#key);
    this.#tell({ kind: "saved", revision: this.revision });
  }

  /** After the entry was deleted elsewhere: the text becomes an entry of its own. */
  asNew(): void {
    const fields = this.#fields;
    if (!fields) return;
    forgetDraft(this.#key);
    this.#release();
    this.entryId = randomId();
    this.revision = 0;
    this.#key = draftKey(this.userId, this.entryId);
    this.#release = holdDraft(this.#key);
    this.state = { kind: "changed" };
    this.change(fields);
    void this.#send();
  }

  get #waitsForPerson(): boolean {
    return this.state.kind === "conflict" || this.state.kind === "gone";
  }

  get #waitsForConnection(): boolean {
    return this.state.kind === "offline" || this.state.kind === "signedOut";
  }

  async #send(leaving = false): Promise<PutAnswer | null> {
    clearTimeout(this.#timer);
    if (this.#sending) return this.#sending;
    const fields = this.#fields;
    if (!fields || this.#waitsForPerson) return null;
    if (!this.#waitsForConnection) this.#tell({ kind: "saving" });
    this.#sending = putEntry(this.entryId, fields, this.revision, { keep: this.#keepNext, leaving });
    const answer = await this.#sending;
    this.#sending = null;
    this.#settle(answer, fields);
    return answer;
  }

  #settle(answer: PutAnswer, sent: Fields): void {
    if (answer.kind === "saved") {
      this.revision = answer.revision;
      this.#keepNext = false;
      this.#failures = 0;
      const more = this.#fields !== sent;
      if (!more) {
        this.#fields = null;
        forgetDraft(this.#key);
      }
      this.#tell(more ? { kind: "changed" } : answer);
      if (more) this.change(this.#fields!);
      return;
    }
    this.#tell(answer);
    if (this.#waitsForConnection) {
      this.#schedule(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]!);
      this.#failures += 1;
    }
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), delay);
  }

  #tell(state: SaveState): void {
    this.state = state;
    this.onState(state);
  }
}
