import { en, type Messages } from "./en";
import { es } from "./es";

export { fill } from "./fill";
export type { Messages };
export type Locale = "en" | "es";

export function messages(locale: Locale): Messages {
  return locale === "es" ? es : en;
}

/** The person's choice if they made one, else the first of the browser's languages that we speak. */
export function chooseLocale(chosen: string | undefined, acceptLanguage: string | null): Locale {
  if (chosen === "en" || chosen === "es") return chosen;
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...rest] = part.trim().split(";");
      return { language: tag.slice(0, 2).toLowerCase(), weight: Number(rest.join("").replace(/^.*q=/, "") || 1) };
    })
    .sort((a, b) => b.weight - a.weight);
  return wanted.find(({ language }) => language === "en" || language === "es")?.language === "es" ? "es" : "en";
}
