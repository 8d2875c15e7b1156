import type { Locale, Messages } from "@/messages";

/** Plain buttons of a plain form: they work before any script does. */
export function LanguageSwitch({ t, locale, back }: { readonly t: Messages["language"]; readonly locale: Locale; readonly back?: string }) {
  return (
    <form action="/form/preferences" method="post" className="languages" aria-label={t.label}>
      {back && <input type="hidden" name="back" value={back} />}
      {(["en", "es"] as const).map((code) => (
        <button key={code} name="locale" value={code} lang={code} aria-pressed={code === locale} className="link">{t[code]}</button>
      ))}
    </form>
  );
}
