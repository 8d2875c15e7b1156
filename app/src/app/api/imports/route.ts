import { beginImport, PART_BYTES, partsHere } from "@/server/import-parts";
import { forPerson, inTurn, json, readJson } from "@/server/respond";

/** Begins an import of `files`, each with its `path` and `bytes`, or goes on with the same one: says which parts are here. */
export const POST = forPerson(async (request, person) => {
  const begun = await inTurn(person.id, async () => beginImport(person.id, await readJson(request, 10_000_000)));
  return json({ id: begun.id, partBytes: PART_BYTES, here: await partsHere(person.id, begun) });
});
