import { askAuth, emailField, form } from "@/server/forms";

/** Answers the same whether there is such an account or not. */
export const POST = form("/forgot", async (fields, request) => {
  await askAuth(request, "/request-password-reset", { email: emailField(fields) });
  return { go: "/forgot?sent=1" };
});
