import type { Metadata } from "next";
import { randomUUID } from "node:crypto";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { today } from "@/ui/day";
import { Editor } from "@/ui/editor";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.entry.newTitle };
}

export default async function NewEntry() {
  await requirePerson();
  const { t } = await preferences();
  return (
    <>
      <h1>{t.entry.newTitle}</h1>
      <Editor t={t.entry} problems={t.problems} entry={{ id: randomUUID(), day: today(), title: "", body: "", revision: 0 }} />
    </>
  );
}
