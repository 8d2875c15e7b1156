import { askAuth, form, secretField } from "@/server/forms";
import { removeStaleFiles } from "@/server/housekeeping";
import { Problem } from "@/server/problem";

export const POST = form("/settings", async (fields, request) => {
  const password = secretField(fields, "password");
  if (!password) throw new Problem(400, "wrong_current"); // Better Auth deletes without one
  const { cookies } = await askAuth(request, "/delete-user", { password });
  void removeStaleFiles().catch((error: unknown) => console.error("files:", error));
  return { go: "/sign-up", cookies };
});
