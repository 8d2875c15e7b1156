import { notFound } from "next/navigation";
import { findEntry } from "@/server/entries";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { Editor } from "@/ui/editor";

export default async function EditEntry({ params }: { params: Promise<{ id: string }> }) {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) notFound();
  const { t } = await preferences();
  return (
    <>
      <h1>{t.entry.editTitle}</h1>
      <Editor t={t.entry} problems={t.problems} entry={{ id: entry.id, day: entry.day, title: entry.title, body: entry.body, revision: entry.revision }} />
    </>
  );
}
