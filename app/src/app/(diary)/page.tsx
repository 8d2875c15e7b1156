import Link from "next/link";
import { isDay, isUuid } from "@/server/draft";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { listEntries, listPinned, listTags, type Filter } from "@/server/timeline";
import { EntryList } from "@/ui/entry-list";
import { FilterForm } from "@/ui/filter-form";
import { Undo } from "@/ui/undo";
import { Welcome } from "@/ui/welcome";

export default async function Timeline({ searchParams }: { searchParams: SearchParams }) {
  const query = await readQuery(searchParams);
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const filter = readFilter(query);
  const filtered = Object.keys(filter).length > 0;
  const after = query.after ?? null;
  const [page, tags, pinned] = await Promise.all([
    listEntries(person.id, filter, after),
    listTags(person.id),
    filtered || after ? [] : listPinned(person.id),
  ]);
  const { deleted } = query;
  const empty = page.entries.length === 0 && !filtered && !after;
  return (
    <>
      {!empty && <h1 className="visually-hidden">{t.nav.timeline}</h1>}
      {deleted && isUuid(deleted) && <Undo id={deleted} text={t.entry.deleted} label={t.entry.undo} />}
      {empty ? <Welcome t={t} name={person.name} /> : <FilterForm t={t} filter={filter} tags={tags} focus={query.search !== undefined} />}
      {pinned.length > 0 && (
        <section className="pinned" aria-label={t.timeline.pinned}>
          <h2 className="overline">{t.timeline.pinned}</h2>
          <EntryList t={t} locale={locale} entries={pinned} />
        </section>
      )}
      {page.entries.length === 0 && !empty && <p className="empty">{t.timeline.nothingFound}</p>}
      <EntryList t={t} locale={locale} entries={page.entries} />
      <nav className="pages" aria-label={t.nav.timeline}>
        {after && <Link href={path(filter, null)} prefetch={false}>{t.timeline.newest}</Link>}
        {page.next && <Link href={path(filter, page.next)} prefetch={false}>{t.timeline.older}</Link>}
      </nav>
    </>
  );
}

/** What of the address is a filter; what makes no sense in it is left out. */
function readFilter(query: Awaited<ReturnType<typeof readQuery>>): Filter {
  const words = query.q?.trim();
  const mood = Number(query.mood);
  const tag = query.tag?.replaceAll("\0", "").trim().toLowerCase();
  const { from, to } = query;
  return {
    ...(words && { words: words.replaceAll("\0", "") }),
    ...(tag && { tag }),
    ...([1, 2, 3, 4, 5].includes(mood) && { mood }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
  };
}

function path({ words, tag, mood, from, to }: Filter, after: string | null): string {
  const pairs = Object.entries({ q: words, tag, mood, from, to, after }).filter((pair) => pair[1] !== undefined && pair[1] !== null);
  return `/?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
