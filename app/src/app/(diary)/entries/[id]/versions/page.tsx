import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { findEntry } from "@/server/entries";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { listVersions } from "@/server/versions";
import { moment } from "@/ui/day";
import { RestoreVersion } from "@/ui/restore-version";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.versions.title };
}

export default async function Versions({ params }: { params: Promise<{ id: string }> }) {
  const person = await requirePerson();
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) notFound();
  const { t, locale } = await preferences();
  const versions = await listVersions(person.id, entry.id);
  const { id, day, mood, pinned, tags, figures, revision } = entry;
  return (
    <>
      <p><Link href={`/entries/${id}`} prefetch={false}>← {entry.title || t.entry.untitled}</Link></p>
      <h1>{t.versions.title}</h1>
      {versions.length === 0 && <p className="empty">{t.versions.none}</p>}
      {versions.map((version) => (
        <details key={version.id} className="version">
          <summary>
            <time dateTime={version.createdAt.toISOString()}>{moment(version.createdAt, locale)}</time> <span>{t.versions[version.reason]}</span>
          </summary>
          <h2>{version.title || t.entry.untitled}</h2>
          <pre>{version.body}</pre>
          <RestoreVersion
            label={t.versions.restore}
            problems={t.problems}
            entry={{ id, day, mood, pinned, tags, figures, revision, title: version.title, body: version.body }}
          />
        </details>
      ))}
    </>
  );
}
