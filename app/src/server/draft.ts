import "server-only";
import { Problem } from "./problem";

export const BODY_BYTES = 1_000_000;
const MAX_TAGS = 20;
const MAX_FIGURES = 20;
/** Their averages and squares stay numbers of PostgreSQL and of the browser. */
export const FIGURE_LIMIT = 1e15;

/** What a person writes; everything else about an entry is the diary's. */
export interface Draft {
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly mood: number | null;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** A draft from what a browser or a file sent, or a problem that says which part is wrong. */
export function readDraft(value: unknown): Draft {
  if (typeof value !== "object" || value === null) throw new Problem(400, "invalid");
  const { day, title, body, mood, pinned, tags, figures } = value as Record<string, unknown>;
  if (!isDay(day)) throw new Problem(400, "invalid_day");
  if (typeof title !== "string" || [...title].length > 200) throw new Problem(400, "invalid_title");
  if (typeof body !== "string") throw new Problem(400, "invalid");
  if (Buffer.byteLength(body) > BODY_BYTES) throw new Problem(413, "too_large", { limit: BODY_BYTES });
  if (mood !== null && mood !== undefined && ![1, 2, 3, 4, 5].includes(mood as number)) throw new Problem(400, "invalid");
  return {
    day,
    title: withoutNul(title).trim(),
    body: withoutNul(body),
    mood: (mood as number | null | undefined) ?? null,
    pinned: pinned === true,
    tags: readTags(tags ?? []),
    figures: readFigures(figures ?? {}),
  };
}

function readTags(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string")) throw new Problem(400, "invalid_tags");
  const tags = [...new Set(value.map((tag: string) => withoutNul(tag).replace(/^#/, "").trim().toLowerCase()).filter(Boolean))];
  if (tags.length > MAX_TAGS || tags.some((tag) => [...tag].length > 40)) throw new Problem(400, "invalid_tags");
  return tags;
}

function readFigures(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Problem(400, "invalid_figures");
  const pairs = Object.entries(value).map(([name, figure]) => [withoutNul(name).trim(), figure] as const);
  const good = pairs.every(([name, figure]) => name !== "" && [...name].length <= 40 && isFigure(figure));
  if (!good || pairs.length > MAX_FIGURES) throw new Problem(400, "invalid_figures");
  return Object.fromEntries(pairs) as Record<string, number>;
}

function isFigure(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= FIGURE_LIMIT;
}

/** PostgreSQL's text cannot hold the character NUL. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value) || value < "1000") return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}
