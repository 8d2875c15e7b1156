import type { ReactNode } from "react";
import Link from "next/link";
import { claimsAdmin } from "@/server/admin";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { DraftSync } from "@/ui/draft-sync";
import { Form } from "@/ui/form";
import { LanguageSwitch } from "@/ui/language-switch";
import { Mark } from "@/ui/mark";
import { Shortcuts } from "@/ui/shortcuts";

export default async function DiaryLayout({ children }: { readonly children: ReactNode }) {
  const person = await requirePerson();
  const { t, locale, shortcuts } = await preferences();
  return (
    <>
      <header className="top">
        <Link href="/" className="brand" prefetch={false}><Mark /> <span>{t.name}</span></Link>
        <nav aria-label={t.nav.main}>
          <Link href="/" prefetch={false}>{t.nav.timeline}</Link>
          <Link href="/calendar" prefetch={false}>{t.nav.calendar}</Link>
          <Link href="/charts" prefetch={false}>{t.nav.charts}</Link>
          <Link href="/entries/new" prefetch={false} className="primary">
            <span className="plus" aria-hidden="true">+</span>
            <span className="label">{t.nav.newEntry}</span>
          </Link>
        </nav>
      </header>
      <main id="content" className="page">
        <DraftSync t={t.saving} userId={person.id} />
        {children}
      </main>
      <footer className="bottom">
        <span className="who">{person.name}</span>
        <Link href="/settings" prefetch={false}>{t.nav.settings}</Link>
        {claimsAdmin(person) && <Link href="/admin" prefetch={false}>{t.nav.admin}</Link>}
        <Form action="/form/sign-out" problems={t.problems}><button className="link">{t.nav.signOut}</button></Form>
        <LanguageSwitch t={t.language} locale={locale} />
      </footer>
      {shortcuts && <Shortcuts t={t.shortcuts} />}
    </>
  );
}
