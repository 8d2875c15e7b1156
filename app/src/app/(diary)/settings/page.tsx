import type { Metadata } from "next";
import Link from "next/link";
import { fill, type Locale, type Messages } from "@/messages";
import { problemText } from "@/messages/problem-text";
import { findImport, partCount, partsHere } from "@/server/import-parts";
import { preferences, type Theme } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson, type Person } from "@/server/session";
import { listSessions, type OpenSession } from "@/server/sessions";
import { moment } from "@/ui/day";
import { Form } from "@/ui/form";
import { ImportForm } from "@/ui/import-form";
import { TwoFactor } from "@/ui/two-factor";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.settings.title };
}

export default async function Settings({ searchParams }: Props) {
  const person = await requirePerson();
  const { t, locale, theme, shortcuts } = await preferences();
  const { problem, done } = await readQuery(searchParams);
  const sessions = await listSessions(person.id, person.sessionId);
  const doneText = done && Object.hasOwn(t.done, done) && t.done[done as keyof Messages["done"]];
  return (
    <div className="settings">
      <h1>{t.settings.title}</h1>
      {doneText && <p role="status" className="notice">{doneText}</p>}
      {problem && <p role="alert" className="problem">{problemText(t.problems, problem)}</p>}
      <Account t={t} person={person} />
      <Appearance t={t} locale={locale} theme={theme} shortcuts={shortcuts} />
      <section>
        <h2>{t.settings.yours}</h2>
        <p>{t.settings.exportText}</p>
        <p className="actions">
          <a className="button" href="/api/export" download>{t.settings.export}</a>
          <a className="button" href="/api/export?format=json" download>{t.settings.exportJson}</a>
        </p>
        <h3 id="import">{t.settings.import}</h3>
        <p>{t.settings.importText}</p>
        <ImportForm t={t.settings} problems={t.problems} unfinished={await unfinishedImport(person.id)} />
        <p><Link href="/bin" prefetch={false}>{t.settings.bin}</Link></p>
      </section>
      <Password t={t} />
      <section>
        <h2>{t.settings.twoFactor}</h2>
        {person.twoFactorEnabled ? <TwoFactorOff t={t} /> : <TwoFactor t={t.settings} auth={t.auth} problems={t.problems} />}
      </section>
      <Sessions t={t} locale={locale} sessions={sessions} />
      <section>
        <h2>{t.settings.danger}</h2>
        <p>{t.settings.dangerText}</p>
        <Form action="/form/delete-account" problems={t.problems} className="stack">
          <label className="field"><span>{t.auth.currentPassword}</span><input name="password" type="password" autoComplete="current-password" required /></label>
          <button className="danger">{t.settings.dangerConfirm}</button>
        </Form>
      </section>
    </div>
  );
}

async function unfinishedImport(userId: string) {
  const found = await findImport(userId);
  if (!found || found.finished) return null;
  const [here, parts] = [(await partsHere(userId, found)).length, partCount(found)];
  const name = found.files.length > 1 ? `${found.files[0]!.path} …` : found.files[0]!.path;
  return { id: found.id, whole: here === parts, percent: Math.floor((100 * here) / parts), name };
}

function Account({ t, person }: { t: Messages; person: Person }) {
  return (
    <section>
      <h2>{t.settings.account}</h2>
      <p>{person.name} · {person.email}</p>
      <p className="hint">{person.emailVerified ? t.settings.verified : t.settings.unverified}</p>
      {!person.emailVerified && <Form action="/form/verify" problems={t.problems}><button>{t.settings.resend}</button></Form>}
    </section>
  );
}

function Appearance({ t, locale, theme, shortcuts }: { t: Messages; locale: Locale; theme: Theme; shortcuts: boolean }) {
  const choices = [
    { name: "locale", label: t.language.label, value: locale, options: [["en", t.language.en], ["es", t.language.es]] },
    { name: "theme", label: t.theme.label, value: theme, options: (["auto", "light", "dark"] as const).map((key) => [key, t.theme[key]]) },
    { name: "shortcuts", label: t.shortcuts.label, value: shortcuts ? "on" : "off", options: [["on", t.shortcuts.on], ["off", t.shortcuts.off]] },
  ];
  return (
    <section>
      <h2>{t.settings.appearance}</h2>
      {choices.map(({ name, label, value, options }) => (
        <form key={name} action="/form/preferences" method="post" className="choice">
          <input type="hidden" name="back" value="/settings" />
          <fieldset>
            <legend>{label}</legend>
            {options.map(([key, text]) => <button key={key} name={name} value={key} aria-pressed={key === value}>{text}</button>)}
          </fieldset>
        </form>
      ))}
    </section>
  );
}

function Password({ t }: { t: Messages }) {
  return (
    <section>
      <h2>{t.settings.password}</h2>
      <Form action="/form/password" problems={t.problems} className="stack">
        <label className="field"><span>{t.auth.currentPassword}</span><input name="current" type="password" autoComplete="current-password" required /></label>
        <label className="field"><span>{t.auth.newPassword}</span><input name="password" type="password" autoComplete="new-password" required minLength={8} maxLength={128} /></label>
        <p className="hint">{t.settings.changePasswordHint}</p>
        <button>{t.settings.changePassword}</button>
      </Form>
    </section>
  );
}

function TwoFactorOff({ t }: { t: Messages }) {
  return (
    <>
      <p>{t.settings.twoFactorOn}</p>
      <Form action="/form/two-factor-off" problems={t.problems} className="stack">
        <label className="field"><span>{t.auth.currentPassword}</span><input name="password" type="password" autoComplete="current-password" required /></label>
        <button>{t.settings.twoFactorStop}</button>
      </Form>
    </>
  );
}

function Sessions({ t, locale, sessions }: { t: Messages; locale: Locale; sessions: readonly OpenSession[] }) {
  return (
    <section>
      <h2>{t.settings.sessions}</h2>
      <ul className="rows">
        {sessions.map((session) => (
          <li key={session.id}>
            <span><strong>{session.device}</strong> <small>{[session.address, fill(t.settings.lastSeen, { when: moment(session.createdAt, locale) })].filter(Boolean).join(" · ")}</small></span>
            {session.current ? <span className="chip">{t.settings.thisSession}</span> : (
              <Form action="/form/sessions" problems={t.problems}>
                <input type="hidden" name="session" value={session.id} />
                <button>{t.settings.signOutThere}</button>
              </Form>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <Form action="/form/sessions" problems={t.problems}>
          <input type="hidden" name="session" value="others" />
          <button>{t.settings.signOutElsewhere}</button>
        </Form>
      )}
    </section>
  );
}
