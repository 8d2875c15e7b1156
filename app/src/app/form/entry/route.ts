import { isUuid, readDraft } from "@/server/draft";
import { saveEntry } from "@/server/entries";
import { field, form, secretField } from "@/server/forms";
import { Problem } from "@/server/problem";
import { personOf } from "@/server/session";
import { figuresOf } from "@/ui/figure-fields";

const FORM_BYTES = 4_000_000; // the longest text, as forms encode it

/** What "Save" sends where no script answers, or none yet. */
export const POST = form("/entries/new", async (fields, request) => {
  const person = await personOf(request.headers);
  if (!person) throw new Problem(401, "signed_out");
  const [id, revision] = [field(fields, "id"), Number(field(fields, "revision"))];
  if (!isUuid(id)) throw new Problem(404, "not_found");
  if (!Number.isInteger(revision) || Math.abs(revision) > 1e9) throw new Problem(400, "invalid");
  const { outcome } = await saveEntry(person.id, id, readDraft(written(fields)), revision);
  // Both texts of a conflict are among the versions.
  return { go: outcome === "conflict" ? `/entries/${id}/versions` : `/entries/${id}` };
}, FORM_BYTES);

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
