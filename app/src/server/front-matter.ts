import "server-only";
import { parse, stringify } from "yaml";
import { isDay, isUuid, type Draft } from "./draft";
import type { Entry } from "./entries";

/** Ours has 10,000 characters at the most. A parser of YAML compares every key with every other. */
const FRONT_LENGTH = 20_000;

/** An entry as a Markdown file: what is not text stands in front of it, in YAML. */
export function toMarkdown(entry: Entry, body: string): string {
  const { id, day, title, mood, tags, figures, pinned } = entry;
  const front = {
    id,
    date: day,
    title,
    ...(mood === null ? {} : { mood }),
    ...(tags.length > 0 ? { tags } : {}),
    ...(Object.keys(figures).length > 0 ? { figures } : {}),
    ...(pinned ? { pinned } : {}),
  };
  return `---\n${stringify(front)}---\n\n${body}`;
}

/** A draft from a Markdown file of ours or of any other program. What it does not say comes from its name. */
export function fromMarkdown(text: string, path: string, today: string): { id: string | null; draft: Draft } {
  const { front, body } = split(text);
  const name = (path.split("/").at(-1) ?? "").replace(/\.(md|markdown|txt)$/i, "");
  const dated = /^\d{4}-\d{2}-\d{2}/.exec(name)?.[0];
  const rest = dated ? name.slice(dated.length).replace(/^[-_ ]+/, "").replace(/[-_]/g, " ") : name;
  const title = textOf(front.title) || headingOf(body) || rest;
  return {
    id: typeof front.id === "string" && isUuid(front.id) ? front.id.toLowerCase() : null,
    draft: {
      day: dayOf(front.date ?? front.created) ?? (isDay(dated) ? dated : today),
      title: [...title].slice(0, 200).join(""),
      body,
      mood: [1, 2, 3, 4, 5].includes(front.mood as number) ? (front.mood as number) : null,
      pinned: front.pinned === true,
      tags: listOf(front.tags).slice(0, 20).map((tag) => [...tag].slice(0, 40).join("")),
      figures: numbersOf(front.figures),
    },
  };
}

function split(text: string): { front: Record<string, unknown>; body: string } {
  const normal = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const end = normal.startsWith("---\n") ? /\n---[ \t]*(?:\n|$)/.exec(normal.slice(3, FRONT_LENGTH)) : null;
  if (!end) return { front: {}, body: normal };
  const body = normal.slice(3 + end.index + end[0].length).replace(/^\n/, "");
  try {
    const front = parse(normal.slice(3, 3 + end.index), { maxAliasCount: 0 }) as unknown;
    return typeof front === "object" && front !== null && !Array.isArray(front) ? { front: front as Record<string, unknown>, body } : { front: {}, body: normal };
  } catch {
    return { front: {}, body: normal }; // not ours to repair: the whole file becomes the text
  }
}

function headingOf(body: string): string | undefined {
  return /^#[ \t]+(\S.*)$/m.exec(body)?.[1];
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function dayOf(value: unknown): string | null {
  const text = value instanceof Date ? value.toISOString() : textOf(value);
  return isDay(text.slice(0, 10)) ? text.slice(0, 10) : null;
}

function listOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(textOf) : textOf(value).split(",");
  return list.map((item) => item.trim()).filter(Boolean);
}

function numbersOf(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([name, figure]) => name.length <= 40 && Number.isFinite(figure)).slice(0, 20)) as Record<string, number>;
}
