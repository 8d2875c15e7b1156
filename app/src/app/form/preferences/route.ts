import { environment } from "@/server/env";
import { field, form, localPath } from "@/server/forms";
import { cookieName, type Preference } from "@/server/preferences";

const ALLOWED = { locale: ["en", "es"], theme: ["auto", "light", "dark"], shortcuts: ["on", "off"] } as const;

export const POST = form("/", async (fields, request) => {
  const cookies = (Object.keys(ALLOWED) as Preference[]).flatMap((name) => {
    const value = field(fields, name);
    return (ALLOWED[name] as readonly string[]).includes(value) ? [preferenceCookie(name, value)] : [];
  });
  return { go: localPath(field(fields, "back") || refererPath(request)), cookies };
});

function preferenceCookie(name: Preference, value: string): string {
  const secure = environment().origin.startsWith("https:") ? "; Secure" : "";
  return `${cookieName(name)}=${value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly${secure}`;
}

/** The page the form was on. */
function refererPath(request: Request): string {
  const referer = request.headers.get("referer") ?? "";
  return URL.canParse(referer) ? new URL(referer).pathname + new URL(referer).search : "/";
}
