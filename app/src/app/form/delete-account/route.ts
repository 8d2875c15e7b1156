import { askAuth, form, secretField } from "@/server/forms";
import { removeStaleFiles } from "@/server/housekeeping";

export const POST = form("/settings", async (fields, request) => {
  const { cookies } = await askAuth(request, "/delete-user", { password: secretField(fields, "password") });
  void removeStaleFiles().catch((error: unknown) => console.error("files:", error));
  return { go: "/sign-up", cookies };
});
