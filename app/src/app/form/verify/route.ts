import { askAuth, form } from "@/server/forms";
import { Problem } from "@/server/problem";
import { personOf } from "@/server/session";

export const POST = form("/settings", async (_fields, request) => {
  const person = await personOf(request.headers);
  if (!person) throw new Problem(401, "signed_out");
  await askAuth(request, "/send-verification-email", { email: person.email });
  return { go: "/settings?done=sent" };
});
