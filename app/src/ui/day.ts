import type { Locale } from "@/messages";

/** "Tuesday, 24 November 2026". A day has no time zone, so it is written as it is stored. */
export function longDay(day: string, locale: Locale): string {
  return format(new Date(`${day}T00:00:00Z`), locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** "24 Nov 2026" */
export function shortDay(day: string | Date, locale: Locale): string {
  const date = typeof day === "string" ? new Date(`${day}T00:00:00Z`) : day;
  return format(date, locale, { day: "numeric", month: "short", year: "numeric" });
}

/** "24 Nov 2026, 15:20 UTC" */
export function moment(at: Date, locale: Locale): string {
  return `${format(at, locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" })} UTC`;
}

/** "November 2026" */
export function monthName(month: string, locale: Locale): string {
  return format(new Date(`${month}-01T00:00:00Z`), locale, { month: "long", year: "numeric" });
}

/** Monday to Sunday, short. */
export function weekdays(locale: Locale): string[] {
  return [1, 2, 3, 4, 5, 6, 7].map((day) => format(new Date(Date.UTC(2024, 0, day)), locale, { weekday: "short" }));
}

const formats = new Map<string, Intl.DateTimeFormat>(); // making one costs more than a whole line of the timeline

function format(date: Date, locale: Locale, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale === "es" ? "es" : "en-GB", { ...options, timeZone: "UTC" });
  formats.set(key, known);
  return known.format(date);
}

/** The day that is `days` later, or earlier. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Today as the server's clock sees it; the editor corrects it to the browser's. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
