import type { Metadata } from "next";
import { randomUUID } from "node:crypto";
import { problemText } from "@/messages/problem-text";
import { isDay, isUuid } from "@/server/draft";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { figureNames, listTags } from "@/server/timeline";
import { today } from "@/ui/day";
import { Editor } from "@/ui/editor";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.entry.newTitle };
}

export default async function NewEntry({ searchParams }: Props) {
  const person = await requirePerson();
  const { t } = await preferences();
  const { day, draft, copy, problem, question } = await readQuery(searchParams);
  const [tags, figures] = await Promise.all([listTags(person.id), figureNames(person.id)]);
  // The id is chosen here, so that saving twice makes one entry; a draft that waits in the browser has one already.
  const id = draft && isUuid(draft) && !copy ? draft : randomUUID();
  const entry = { id, day: isDay(day) ? day : today(), title: question === "first" ? t.welcome.question : "", body: "", mood: null, pinned: false, tags: [], figures: {}, revision: 0 };
  return (
    <>
      <h1 className="overline">{t.entry.newTitle}</h1>
      {problem && <p role="alert" className="problem">{problemText(t.problems, problem)}</p>}
      <Editor
        t={{ entry: t.entry, format: t.format, saving: t.saving, problems: t.problems, moods: t.moods }}
        userId={person.id}
        entry={entry}
        files={[]}
        knownTags={tags}
        knownFigures={figures}
      />
    </>
  );
}
