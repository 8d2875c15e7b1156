import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { problemText } from "@/messages/problem-text";
import { findEntry } from "@/server/entries";
import { listFiles } from "@/server/files";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { figureNames, listTags } from "@/server/timeline";
import { Editor } from "@/ui/editor";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.entry.editTitle };
}

export default async function EditEntry({ params, searchParams }: { params: Promise<{ id: string }>; searchParams: SearchParams }) {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) notFound();
  const [files, tags, figures] = await Promise.all([listFiles(person.id, entry.id), listTags(person.id), figureNames(person.id)]);
  const { t } = await preferences();
  const { problem } = await readQuery(searchParams);
  const { id, day, title, body, mood, pinned, revision } = entry;
  const shown = { id, day, title, body, mood, pinned, revision, tags: entry.tags, figures: entry.figures };
  return (
    <>
      <h1 className="overline">{t.entry.editTitle}</h1>
      {problem && <p role="alert" className="problem">{problemText(t.problems, problem)}</p>}
      <Editor
        t={{ entry: t.entry, format: t.format, saving: t.saving, problems: t.problems, moods: t.moods }}
        userId={person.id}
        entry={shown}
        files={files.map(({ id: fileId, name, type, bytes, width, height }) => ({ id: fileId, name, type, bytes, width, height }))}
        knownTags={tags}
        knownFigures={figures}
      />
    </>
  );
}
