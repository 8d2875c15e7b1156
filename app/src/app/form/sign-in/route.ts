import { askAuth, field, form, localPath, secretField } from "@/server/forms";

export const POST = form("/sign-in", async (fields, request) => {
  const { cookies, value } = await askAuth(request, "/sign-in/email", { email: field(fields, "email"), password: secretField(fields, "password") });
  const next = localPath(field(fields, "next"));
  return { go: value.twoFactorRedirect === true ? `/two-factor?next=${encodeURIComponent(next)}` : next, cookies };
});
