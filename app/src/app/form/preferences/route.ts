import { environment } from "@/server/env";
import { field, form, localPath } from "@/server/forms";
import { cookieName } from "@/server/preferences";

const ALLOWED = { locale: ["en", "es"], theme: ["auto", "light", "dark"] } as const;

export const POST = form("/", async (fields) => {
  const cookies = (["locale", "theme"] as const).flatMap((name) => {
    const value = field(fields, name);
    return (ALLOWED[name] as readonly string[]).includes(value) ? [preferenceCookie(name, value)] : [];
  });
  return { go: localPath(field(fields, "back")), cookies };
});

function preferenceCookie(name: "locale" | "theme", value: string): string {
  const secure = environment().origin.startsWith("https:") ? "; Secure" : "";
  return `${cookieName(name)}=${value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly${secure}`;
}
