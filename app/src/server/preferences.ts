import "server-only";
import { cookies, headers } from "next/headers";
import { chooseLocale, messages, type Locale, type Messages } from "@/messages";
import { environment } from "./env";

export type Theme = "auto" | "light" | "dark";

export interface Preferences {
  readonly locale: Locale;
  readonly theme: Theme;
  readonly t: Messages;
}

/** Language and colours of this request: what the person chose, else what their browser says. */
export async function preferences(): Promise<Preferences> {
  const jar = await cookies();
  const locale = chooseLocale(jar.get(cookieName("locale"))?.value, (await headers()).get("accept-language"));
  const theme = jar.get(cookieName("theme"))?.value;
  return { locale, theme: theme === "light" || theme === "dark" ? theme : "auto", t: messages(locale) };
}

export function cookieName(preference: "locale" | "theme"): string {
  return `${environment().stack}-diary.${preference}`;
}
