import type { ReactNode } from "react";
import Link from "next/link";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { Form } from "@/ui/form";
import { LanguageSwitch } from "@/ui/language-switch";
import { Mark } from "@/ui/mark";

export default async function DiaryLayout({ children }: { readonly children: ReactNode }) {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  return (
    <>
      <header className="top">
        <Link href="/" className="brand" prefetch={false}><Mark /> <span>{t.name}</span></Link>
        <nav aria-label={t.nav.main}>
          <Link href="/" prefetch={false}>{t.nav.timeline}</Link>
          <Link href="/entries/new" prefetch={false} className="primary">{t.nav.newEntry}</Link>
        </nav>
      </header>
      <main id="content" className="page">{children}</main>
      <footer className="bottom">
        <span>{person.name}</span>
        <Form action="/form/sign-out" problems={t.problems}><button className="link">{t.nav.signOut}</button></Form>
        <LanguageSwitch t={t.language} locale={locale} />
      </footer>
    </>
  );
}
