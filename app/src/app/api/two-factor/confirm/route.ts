import { askAuth } from "@/server/forms";
import { forPerson, json, readJson } from "@/server/respond";

export const POST = forPerson(async (request) => {
  const { code } = (await readJson(request, 2_000)) as { code?: unknown };
  const { cookies } = await askAuth(request, "/two-factor/verify-totp", { code: String(code ?? "").replace(/\s/g, "") });
  const response = json({ on: true });
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
});
