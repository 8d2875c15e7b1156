import { askAuth, field, form, secretField } from "@/server/forms";

export const POST = form("/reset", async (fields, request) => {
  await askAuth(request, "/reset-password", { newPassword: secretField(fields, "password"), token: field(fields, "token") });
  return { go: "/sign-in?done=reset" };
});
