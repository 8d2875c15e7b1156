import { removeStaleFiles } from "@/server/housekeeping";
import { importStep } from "@/server/import";
import { giveUpImport, requireImport } from "@/server/import-parts";
import { forPerson, inTurn, json } from "@/server/respond";
import { today } from "@/ui/day";

type Context = { params: Promise<{ id: string }> };

/** Takes in what has come, for a few seconds; to be asked again until it is finished. */
export const POST = forPerson<Context>(async (_request, person, { params }) => {
  const { id } = await params;
  const progress = await inTurn(person.id, async () => importStep(person.id, await requireImport(person.id, id), today()));
  if (progress.finished) tidy();
  return json(progress);
});

export const DELETE = forPerson<Context>(async (_request, person, { params }) => {
  await requireImport(person.id, (await params).id);
  await giveUpImport(person.id);
  tidy();
  return json({ deleted: true });
});

function tidy(): void {
  void removeStaleFiles().catch((error: unknown) => console.error("imports:", error));
}
