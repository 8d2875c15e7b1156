import { isUuid } from "@/server/draft";
import { addFile, FILE_BYTES } from "@/server/files";
import { Problem } from "@/server/problem";
import { forPerson, inTurn, json, readBytes } from "@/server/respond";

/** The body is the file, its name is in a header: nothing is parsed that need not be. */
export const POST = forPerson<{ params: Promise<{ id: string }> }>(async (request, person, { params }) => {
  const { id } = await params;
  if (!isUuid(id)) throw new Problem(404, "not_found");
  const file = await inTurn(person.id, async () => addFile(person.id, id, fileName(request), await readBytes(request, FILE_BYTES)));
  return json(file, 201);
});

function fileName(request: Request): string {
  try {
    return decodeURIComponent(request.headers.get("x-file-name") ?? "");
  } catch {
    return "";
  }
}
