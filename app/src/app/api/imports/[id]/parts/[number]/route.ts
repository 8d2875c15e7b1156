import { keepPart, PART_BYTES, partCount, requireImport } from "@/server/import-parts";
import { Problem } from "@/server/problem";
import { forPerson, inTurn, json, readBytes } from "@/server/respond";

/** One part of an import, in any order; sending it twice is harmless. */
export const PUT = forPerson<{ params: Promise<{ id: string; number: string }> }>(async (request, person, { params }) => {
  const { id, number } = await params;
  const found = await requireImport(person.id, id);
  if (!/^\d{1,9}$/.test(number) || Number(number) >= partCount(found)) throw new Problem(404, "not_found");
  await inTurn(person.id, async () => keepPart(person.id, found, Number(number), await readBytes(request, PART_BYTES)));
  return json({ kept: true });
});
