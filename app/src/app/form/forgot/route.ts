import { askAuth, field, form } from "@/server/forms";

/** Answers the same whether there is such an account or not. */
export const POST = form("/forgot", async (fields, request) => {
  await askAuth(request, "/request-password-reset", { email: field(fields, "email") });
  return { go: "/forgot?sent=1" };
});
