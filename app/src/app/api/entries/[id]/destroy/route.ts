import { destroyEntry } from "@/server/entries";
import { removeStaleFiles } from "@/server/housekeeping";
import { forPerson, json } from "@/server/respond";

export const POST = forPerson<{ params: Promise<{ id: string }> }>(async (_request, person, { params }) => {
  await destroyEntry(person.id, (await params).id);
  void removeStaleFiles().catch((error: unknown) => console.error("files:", error));
  return json({ destroyed: true });
});
