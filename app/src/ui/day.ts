import type { Locale } from "@/messages";

/** "Tuesday, 24 November 2026". A day has no time zone, so it is written as it is stored. */
export function longDay(day: string, locale: Locale): string {
  return format(day, locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

function format(day: string, locale: Locale, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale === "es" ? "es" : "en-GB", { ...options, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** Today as the server's clock sees it; the editor corrects it to the browser's. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
