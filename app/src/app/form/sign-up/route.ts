import { askAuth, field, form, secretField } from "@/server/forms";
import { Problem } from "@/server/respond";

export const POST = form("/sign-up", async (fields, request) => {
  const name = field(fields, "name").slice(0, 100);
  if (!name) throw new Problem(400, "missing_name");
  const { cookies } = await askAuth(request, "/sign-up/email", { name, email: field(fields, "email"), password: secretField(fields, "password") });
  return { go: "/", cookies };
});
