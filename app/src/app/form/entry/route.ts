import { isUuid, readDraft } from "@/server/draft";
import { saveEntry } from "@/server/entries";
import { addFile, FILE_BYTES } from "@/server/files";
import { CUT, field, form, secretField, type Outcome } from "@/server/forms";
import { Problem } from "@/server/problem";
import { guarded, inTurn } from "@/server/respond";
import { personOf } from "@/server/session";
import { figuresOf } from "@/ui/figure-fields";

const FORM_BYTES = 4_000_000; // the longest text, as forms encode it

/** What "Save" sends where no script answers, or none yet: the entry, and files to keep with it. */
export const POST = guarded(async (request, context: unknown) => {
  const person = await personOf(request.headers);
  if (!person) return form("/entries/new", signedOut, FORM_BYTES)(request, context);
  const answer = form("/entries/new", (fields) => save(person.id, fields), FORM_BYTES + FILE_BYTES, true);
  return inTurn(person.id, () => answer(request, context));
});

async function signedOut(): Promise<Outcome> {
  throw new Problem(401, "signed_out");
}

async function save(userId: string, fields: FormData): Promise<Outcome> {
  const [id, revision] = [field(fields, "id"), Number(field(fields, "revision"))];
  if (!isUuid(id)) throw new Problem(404, "not_found");
  if (!Number.isInteger(revision) || Math.abs(revision) > 1e9) throw new Problem(400, "invalid");
  const { outcome } = await saveEntry(userId, id, readDraft(written(fields)), revision);
  const { kept, problem } = await attach(userId, id, fields);
  if (problem) return { go: `/entries/${id}/edit?problem=${problem}` };
  // Both texts of a conflict are among the versions.
  return { go: `/entries/${id}${outcome === "conflict" ? "/versions" : kept > 0 ? "?done=attached" : ""}` };
}

/** Keeps each file that can be kept, and says what stands against the last that cannot. */
async function attach(userId: string, entryId: string, fields: FormData): Promise<{ kept: number; problem?: string }> {
  let kept = 0;
  let problem = fields.has(CUT) ? "too_large" : undefined;
  for (const file of fields.getAll("file")) {
    if (typeof file === "string" || (file.size === 0 && file.name === "")) continue; // none was chosen
    try {
      await addFile(userId, entryId, file.name, new Uint8Array(await file.arrayBuffer()));
      kept += 1;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem = error.code;
    }
  }
  return { kept, ...(problem && { problem }) };
}

function written(fields: FormData): unknown {
  const names = fields.getAll("figure-name").map(String);
  const values = fields.getAll("figure-value").map(String);
  return {
    day: field(fields, "day"),
    title: field(fields, "title"),
    body: secretField(fields, "body").replaceAll("\r\n", "\n"),
    mood: Number(field(fields, "mood")) || null,
    pinned: field(fields, "pinned") !== "",
    tags: field(fields, "tags").split(",").map((tag) => tag.trim()),
    figures: figuresOf(names.map((name, index) => ({ name, value: values[index] ?? "" }))),
  };
}
