import Link from "next/link";
import type { Locale, Messages } from "@/messages";
import type { Entry } from "@/server/entries";
import { excerpt } from "@/server/markdown";
import { longDay } from "./day";
import { MoodFace } from "./mood-face";

interface Props {
  readonly t: Messages;
  readonly locale: Locale;
  readonly entries: readonly Entry[];
}

const numbers = {
  en: new Intl.NumberFormat("en", { maximumFractionDigits: 2 }),
  es: new Intl.NumberFormat("es", { maximumFractionDigits: 2 }),
};

/** Entries under their months, each one a single link. */
export function EntryList({ t, locale, entries }: Props) {
  return (
    <ol className="timeline">
      {entries.map((entry) => (
        <li key={entry.id}>
          <Link href={`/entries/${entry.id}`} prefetch={false}>
            <span className="meta">
              <time dateTime={entry.day}>{longDay(entry.day, locale)}</time>
              {entry.mood && <><MoodFace mood={entry.mood} /><span className="visually-hidden">{t.entry.mood}: {t.moods[entry.mood]}</span></>}
            </span>
            <h2>{entry.title || t.entry.untitled}</h2>
            <p>{excerpt(entry.body)}</p>
          </Link>
          <Chips entry={entry} locale={locale} />
        </li>
      ))}
    </ol>
  );
}

/** The tags, which lead to what else has them, and the figures of the day. */
export function Chips({ entry, locale }: { readonly entry: Entry; readonly locale: Locale }) {
  const figures = Object.entries(entry.figures);
  if (entry.tags.length === 0 && figures.length === 0) return null;
  return (
    <p className="chips">
      {entry.tags.map((tag) => <Link key={tag} href={`/?tag=${encodeURIComponent(tag)}`} prefetch={false} className="chip">#{tag}</Link>)}
      {figures.map(([name, value]) => <span key={name} className="chip figure-chip">{name} <b>{numbers[locale].format(value)}</b></span>)}
    </p>
  );
}
