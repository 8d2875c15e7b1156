import { IMPORT_BYTES, importSources, unzip, type Source } from "@/server/import";
import { Problem } from "@/server/problem";
import { forPerson, json, readBytes } from "@/server/respond";
import { today } from "@/ui/day";

/** Takes a zip as the body, or a form with `file` fields whose names are paths. Answers with a report. */
export const POST = forPerson(async (request, person) => {
  const type = request.headers.get("content-type") ?? "";
  const content = await readBytes(request, IMPORT_BYTES);
  const sources = type.startsWith("multipart/form-data") ? await formSources(content, type) : unzip(content);
  return json(await importSources(person.id, sources, today()));
});

async function formSources(content: Uint8Array, type: string): Promise<Source[]> {
  const form = await new Response(Buffer.from(content), { headers: { "content-type": type } }).formData().catch(() => {
    throw new Problem(400, "invalid");
  });
  const sources: Source[] = [];
  const paths = form.getAll("path").map(String);
  const files = form.getAll("file").filter((value) => value instanceof File);
  for (const [index, file] of files.entries()) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (/\.zip$/i.test(file.name)) sources.push(...unzip(bytes));
    else sources.push({ path: paths[index] || file.name, content: bytes });
  }
  return sources;
}
