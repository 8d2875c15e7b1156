import { writeExamples } from "@/server/examples";
import { form } from "@/server/forms";
import { preferences } from "@/server/preferences";
import { Problem } from "@/server/problem";
import { personOf } from "@/server/session";

const DAYS = 12;

/** For a diary that is still empty: some days to look at. */
export const POST = form("/", async (_fields, request) => {
  const person = await personOf(request.headers);
  if (!person) throw new Problem(401, "signed_out");
  const { locale, t } = await preferences();
  await writeExamples(person.id, locale, DAYS, t.welcome.tag);
  return { go: "/" };
});
