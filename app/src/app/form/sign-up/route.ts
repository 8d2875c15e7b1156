import { askAuth, emailField, field, form, secretField } from "@/server/forms";
import { refusal } from "@/server/invitations";
import { Problem } from "@/server/problem";

export const POST = form("/sign-up", async (fields, request) => {
  const name = field(fields, "name").slice(0, 100);
  if (!name) throw new Problem(400, "missing_name");
  const account = { name, email: emailField(fields), password: secretField(fields, "password") };
  const invitation = field(fields, "invitation").replace(/[^\w-]/g, "");
  // Before anybody looks whether there is an account: whoever may not register hears the same of every address.
  const refused = await refusal(account.email, invitation);
  if (refused) throw new Problem(403, refused);
  const { cookies } = await askAuth(request, "/sign-up/email", account, { "x-invitation": invitation });
  return { go: "/", cookies };
});
