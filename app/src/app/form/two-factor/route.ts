import { askAuth, field, form, localPath } from "@/server/forms";

/** Six digits come from the app; anything else is one of the recovery codes. */
export const POST = form("/two-factor", async (fields, request) => {
  const code = field(fields, "code").replace(/\s/g, "");
  const path = /^\d{6}$/.test(code) ? "/two-factor/verify-totp" : "/two-factor/verify-backup-code";
  const { cookies } = await askAuth(request, path, { code, trustDevice: field(fields, "trust") === "on" });
  return { go: localPath(field(fields, "next")), cookies };
});
