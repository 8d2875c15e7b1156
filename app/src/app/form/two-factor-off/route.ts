import { askAuth, form, secretField } from "@/server/forms";

export const POST = form("/settings", async (fields, request) => {
  const { cookies } = await askAuth(request, "/two-factor/disable", { password: secretField(fields, "password") });
  return { go: "/settings?done=twofactor", cookies };
});
