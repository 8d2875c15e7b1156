import type { ReactNode } from "react";
import { preferences } from "@/server/preferences";
import { LanguageSwitch } from "@/ui/language-switch";
import { Mark } from "@/ui/mark";

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  const { t, locale } = await preferences();
  return (
    <div className="account">
      <main id="content" className="card">
        <p className="brand"><Mark /> {t.name}</p>
        <p className="tagline">{t.tagline}</p>
        {children}
      </main>
      <LanguageSwitch t={t.language} locale={locale} />
    </div>
  );
}
