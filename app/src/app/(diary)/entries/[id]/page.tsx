import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { findEntry } from "@/server/entries";
import { findFiles, listFiles } from "@/server/files";
import { filesNamed, renderMarkdown } from "@/server/markdown";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { longDay } from "@/ui/day";
import { DeleteButton } from "@/ui/delete-button";
import { Chips } from "@/ui/entry-list";
import { MoodFace } from "@/ui/mood-face";
import { isPicture, smallPicture } from "@/ui/picture";

type Props = { params: Promise<{ id: string }>; searchParams: SearchParams };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  return { title: entry?.title || (await preferences()).t.entry.untitled };
}

export default async function EntryPage({ params, searchParams }: Props) {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) notFound();
  const { t, locale } = await preferences();
  const { done } = await readQuery(searchParams);
  const [all, named] = await Promise.all([listFiles(person.id, entry.id), findFiles(person.id, filesNamed(entry.body))]);
  const files = all.filter((file) => !entry.body.includes(file.id));
  return (
    <article className="entry">
      {done === "attached" && <p role="status" className="notice">{t.done.attached}</p>}
      <p className="meta">
        <time dateTime={entry.day}>{longDay(entry.day, locale)}</time>
        {entry.mood && <span className="mood-word"><MoodFace mood={entry.mood} /> {t.moods[entry.mood]}</span>}
        {entry.pinned && <span className="chip">{t.entry.pinned}</span>}
      </p>
      <h1>{entry.title || t.entry.untitled}</h1>
      <Chips entry={entry} locale={locale} />
      <div className="prose" dangerouslySetInnerHTML={{ __html: renderMarkdown(entry.body, named) }} />
      {files.length > 0 && (
        <ul className="files" aria-label={t.entry.files}>
          {files.map((file) => (
            <li key={file.id}><a href={`/api/files/${file.id}`}>{isPicture(file) ? <img {...smallPicture(file)} alt={file.name} /> : file.name}</a></li>
          ))}
        </ul>
      )}
      <p className="actions">
        <Link href={`/entries/${entry.id}/edit`} prefetch={false} className="button" data-edit="">{t.entry.edit}</Link>
        <Link href={`/entries/${entry.id}/versions`} prefetch={false} className="button quiet">{t.entry.versions}</Link>
        <DeleteButton id={entry.id} label={t.entry.delete} />
      </p>
    </article>
  );
}
