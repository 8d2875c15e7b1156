import { renderSVG } from "uqr";
import { askAuth } from "@/server/forms";
import { forPerson, json, readJson } from "@/server/respond";

/** Makes a key and recovery codes. Nothing changes for sign-in until a code of that key was confirmed. */
export const POST = forPerson(async (request) => {
  const { password } = (await readJson(request, 2_000)) as { password?: unknown };
  const { value } = await askAuth(request, "/two-factor/enable", { password: String(password ?? "") });
  const uri = String(value.totpURI);
  return json({ picture: renderSVG(uri, { border: 2 }), key: new URL(uri).searchParams.get("secret"), codes: value.backupCodes });
});
