import Link from "next/link";
import { notFound } from "next/navigation";
import { findEntry } from "@/server/entries";
import { renderMarkdown } from "@/server/markdown";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { longDay } from "@/ui/day";
import { DeleteButton } from "@/ui/delete-button";

export default async function EntryPage({ params }: { params: Promise<{ id: string }> }) {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) notFound();
  const { t, locale } = await preferences();
  return (
    <article className="entry">
      <time dateTime={entry.day}>{longDay(entry.day, locale)}</time>
      <h1>{entry.title || t.entry.untitled}</h1>
      <div className="prose" dangerouslySetInnerHTML={{ __html: renderMarkdown(entry.body) }} />
      <p className="actions">
        <Link href={`/entries/${entry.id}/edit`} prefetch={false} className="button">{t.entry.edit}</Link>
        <DeleteButton id={entry.id} label={t.entry.delete} />
      </p>
    </article>
  );
}
