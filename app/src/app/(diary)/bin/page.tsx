import type { Metadata } from "next";
import { listDeleted } from "@/server/entries";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { BinActions } from "@/ui/bin-actions";
import { longDay } from "@/ui/day";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.settings.bin };
}

export default async function Bin() {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const entries = await listDeleted(person.id);
  return (
    <>
      <h1>{t.settings.bin}</h1>
      <p className="hint">{t.settings.binText}</p>
      {entries.length === 0 && <p className="empty">{t.settings.binEmpty}</p>}
      <ul className="rows">
        {entries.map((entry) => (
          <li key={entry.id}>
            <span><strong>{entry.title || t.entry.untitled}</strong> <time dateTime={entry.day}>{longDay(entry.day, locale)}</time></span>
            <BinActions id={entry.id} restore={t.settings.restore} destroy={t.settings.destroy} />
          </li>
        ))}
      </ul>
    </>
  );
}
