import Link from "next/link";
import { isUuid, listEntries } from "@/server/entries";
import { excerpt } from "@/server/markdown";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { longDay } from "@/ui/day";
import { Undo } from "@/ui/undo";

type Props = { searchParams: Promise<{ after?: string; deleted?: string }> };

export default async function Timeline({ searchParams }: Props) {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const { after, deleted } = await searchParams;
  const { entries, next } = await listEntries(person.id, {}, after ?? null);
  return (
    <>
      <h1 className="visually-hidden">{t.nav.timeline}</h1>
      {deleted && isUuid(deleted) && <Undo id={deleted} text={t.entry.deleted} label={t.entry.undo} />}
      {entries.length === 0 && <p className="empty">{t.entry.empty}</p>}
      <ol className="timeline">
        {entries.map((entry) => (
          <li key={entry.id}>
            <Link href={`/entries/${entry.id}`} prefetch={false}>
              <time dateTime={entry.day}>{longDay(entry.day, locale)}</time>
              <h2>{entry.title || t.entry.untitled}</h2>
              <p>{excerpt(entry.body)}</p>
            </Link>
          </li>
        ))}
      </ol>
      {next && <p><Link href={`/?after=${next}`} prefetch={false}>{t.entry.older}</Link></p>}
    </>
  );
}
