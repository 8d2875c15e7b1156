import "server-only";
import { cookies, headers } from "next/headers";
import { chooseLocale, messages, type Locale, type Messages } from "@/messages";
import { environment } from "./env";

export type Theme = "auto" | "light" | "dark";

export interface Preferences {
  readonly locale: Locale;
  readonly theme: Theme;
  /** Whether single keys do something (they can get in the way of speech input: WCAG 2.1.4). */
  readonly shortcuts: boolean;
  readonly t: Messages;
}

/** Language and colours of this request: what the person chose, else what their browser says. */
export async function preferences(): Promise<Preferences> {
  const jar = await cookies();
  const locale = chooseLocale(jar.get(cookieName("locale"))?.value, (await headers()).get("accept-language"));
  const theme = jar.get(cookieName("theme"))?.value;
  return {
    locale,
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    shortcuts: jar.get(cookieName("shortcuts"))?.value !== "off",
    t: messages(locale),
  };
}

export type Preference = "locale" | "theme" | "shortcuts";

export function cookieName(preference: Preference): string {
  return `${environment().stack}-diary.${preference}`;
}
