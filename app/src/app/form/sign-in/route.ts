import { askAuth, field, form, localPath, secretField } from "@/server/forms";

export const POST = form("/sign-in", async (fields, request) => {
  const { cookies } = await askAuth(request, "/sign-in/email", { email: field(fields, "email"), password: secretField(fields, "password") });
  return { go: localPath(field(fields, "next")), cookies };
});
