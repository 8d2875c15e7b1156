import { askAuth, field, form } from "@/server/forms";
import { findSessionToken } from "@/server/sessions";
import { Problem } from "@/server/problem";
import { personOf } from "@/server/session";

/** Signs out one other device, or all of them. */
export const POST = form("/settings", async (fields, request) => {
  const person = await personOf(request.headers);
  if (!person) throw new Problem(401, "signed_out");
  const id = field(fields, "session");
  if (id === "others") await askAuth(request, "/revoke-other-sessions", {});
  else {
    const token = await findSessionToken(person.id, id);
    if (!token) throw new Problem(404, "not_found");
    await askAuth(request, "/revoke-session", { token });
  }
  return { go: "/settings?done=sessions" };
});
