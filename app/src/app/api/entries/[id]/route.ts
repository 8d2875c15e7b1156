import { isUuid, readDraft } from "@/server/draft";
import { deleteEntry, findEntry, saveEntry } from "@/server/entries";
import { Problem } from "@/server/problem";
import { forPerson, json, readJson } from "@/server/respond";

type Context = { params: Promise<{ id: string }> };

export const GET = forPerson<Context>(async (_request, person, { params }) => {
  const entry = await findEntry(person.id, (await params).id);
  if (!entry) throw new Problem(404, "not_found");
  return json(entry);
});

/** Writes an entry whose id the browser chose, so that sending it twice makes one entry. */
export const PUT = forPerson<Context>(async (request, person, { params }) => {
  const { id } = await params;
  if (!isUuid(id)) throw new Problem(404, "not_found");
  const sent = await readJson(request, 2_000_000);
  const draft = readDraft(sent);
  const { revision, keep } = sent as { revision?: unknown; keep?: unknown };
  if (typeof revision !== "number" || !Number.isInteger(revision) || Math.abs(revision) > 1e9) throw new Problem(400, "invalid");
  const saved = await saveEntry(person.id, id, draft, revision, keep === true);
  if (saved.outcome === "conflict") return json({ problem: "conflict", current: saved.current }, 409);
  return json({ revision: saved.revision });
});

export const DELETE = forPerson<Context>(async (_request, person, { params }) => {
  await deleteEntry(person.id, (await params).id);
  return json({ deleted: true });
});
