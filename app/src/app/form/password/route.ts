import { askAuth, form, secretField } from "@/server/forms";

export const POST = form("/settings", async (fields, request) => {
  const { cookies } = await askAuth(request, "/change-password", {
    currentPassword: secretField(fields, "current"),
    newPassword: secretField(fields, "password"),
    revokeOtherSessions: true,
  });
  return { go: "/settings?done=password", cookies };
});
