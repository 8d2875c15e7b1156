import { askAuth, emailField, field, form, secretField } from "@/server/forms";
import { Problem } from "@/server/problem";

export const POST = form("/sign-up", async (fields, request) => {
  const name = field(fields, "name").slice(0, 100);
  if (!name) throw new Problem(400, "missing_name");
  const account = { name, email: emailField(fields), password: secretField(fields, "password") };
  const { cookies } = await askAuth(request, "/sign-up/email", account, { "x-invitation": field(fields, "invitation").replace(/[^\w-]/g, "") });
  return { go: "/", cookies };
});
