// Text that the server does not have yet, kept in this browser. One key for each editor that is open, so that two tabs
// with the same entry never write over each other.

export interface Fields {
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly mood: number | null;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface LocalDraft {
  readonly key: string;
  readonly entryId: string;
  readonly fields: Fields;
  /** The revision the writer started from; 0 for an entry that the server does not know. */
  readonly revision: number;
  readonly at: number;
}

const PREFIX = "diary:draft:";

export function draftKey(userId: string, entryId: string): string {
  return `${PREFIX}${userId}:${entryId}:${randomId()}`;
}

/** False when this browser keeps nothing (private mode, no space): the caller then warns before the tab closes. */
export function keepDraft(key: string, draft: Omit<LocalDraft, "key">): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetDraft(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // then there was nothing kept either
  }
}

/** This person's drafts, the latest first. */
export function listDrafts(userId: string): LocalDraft[] {
  const found: LocalDraft[] = [];
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(`${PREFIX}${userId}:`))) {
      const draft = readDraft(localStorage.getItem(key));
      if (draft) found.push({ ...draft, key });
    }
  } catch {
    return found; // this browser keeps nothing
  }
  return found.sort((a, b) => b.at - a.at);
}

/** Null for what is none: it hides no other. */
function readDraft(text: string | null): Omit<LocalDraft, "key"> | null {
  try {
    return JSON.parse(text ?? "null") as Omit<LocalDraft, "key"> | null;
  } catch {
    return null;
  }
}

/** Marks a draft as being written in this tab until the returned function is called, or the tab ends. */
export function holdDraft(key: string): () => void {
  let release = (): void => undefined;
  void navigator.locks?.request(key, () => new Promise<void>((resolve) => (release = resolve)));
  return () => release();
}

/** Whether no tab is writing it now. */
export async function isOrphan(draft: LocalDraft): Promise<boolean> {
  if (!navigator.locks) return Date.now() - draft.at > 60_000;
  return (await navigator.locks.request(draft.key, { ifAvailable: true }, (lock) => lock !== null)) as boolean;
}

/** A uuid, also where the page is not served over HTTPS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
