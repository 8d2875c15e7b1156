import { restoreEntry } from "@/server/entries";
import { forPerson, json } from "@/server/respond";

export const POST = forPerson<{ params: Promise<{ id: string }> }>(async (_request, person, { params }) => {
  await restoreEntry(person.id, (await params).id);
  return json({ restored: true });
});
