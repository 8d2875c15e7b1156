import "server-only";
import type { Locale } from "@/messages";
import { examples, type Example } from "@/messages/examples";
import { addDays, today } from "@/ui/day";
import type { Draft } from "./draft";
import { restoreEntry, saveEntry } from "./entries";
import { derivedId } from "./import-parts";
import { Problem } from "./problem";

/** Writes the last `days` days of somebody's diary into this one, with `tag` on each page. Doing it again adds nothing. */
export async function writeExamples(userId: string, locale: Locale, days: number, tag?: string): Promise<number> {
  const texts = examples[locale];
  let written = 0;
  for (let ago = days; ago >= 0; ago -= 1) {
    if (noise(ago) > 0.62) continue; // nobody writes every day
    const text = texts[Math.floor(noise(ago + 1000) * texts.length)]!;
    const draft = page(text, addDays(today(), -ago), 1 - ago / 365, ago);
    await keep(userId, derivedId(userId, `seed:${ago}`), tag ? { ...draft, tags: [...draft.tags, tag] } : draft);
    written += 1;
  }
  return written;
}

/** One that was deleted comes back. */
async function keep(userId: string, id: string, draft: Draft): Promise<void> {
  try {
    await saveEntry(userId, id, draft, 0);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_found") throw error;
    await restoreEntry(userId, id);
  }
}

/** Customers and revenue grow with the year, sleep and mood go their own way. */
function page(text: Example, day: string, progress: number, ago: number): Draft {
  const users = Math.round(3 + 180 * progress ** 1.7 + 6 * noise(ago + 1));
  const mood = Math.max(1, Math.min(5, Math.round(text.mood + (noise(ago + 2) - 0.5) * 2)));
  const figures: Record<string, number> = { MRR: Math.round(users * 18.5), [text.usersName]: users };
  if (noise(ago + 3) > 0.3) figures[text.sleepName] = Math.round((5.2 + 3.2 * noise(ago + 4)) * 2) / 2;
  return { day, title: text.title, body: text.body.replaceAll("{users}", String(users)), mood, pinned: ago === 40, tags: text.tags, figures };
}

/** A number from 0 to 1 that is the same for the same `seed`. */
function noise(seed: number): number {
  const wave = Math.sin(seed * 127.1 + 311.7) * 43758.5453;
  return wave - Math.floor(wave);
}
