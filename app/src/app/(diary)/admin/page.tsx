import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { fill, type Locale, type Messages } from "@/messages";
import { claimsAdmin, isAdmin } from "@/server/admin";
import { door, listInvitations, type Invitation } from "@/server/invitations";
import { listOutbox } from "@/server/mail";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { moment, shortDay } from "@/ui/day";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.admin.title };
}

export default async function Admin({ searchParams }: Props) {
  const person = await requirePerson();
  if (!claimsAdmin(person)) notFound();
  const { t, locale } = await preferences();
  if (!isAdmin(person)) return <><h1>{t.admin.title}</h1><p>{t.admin.unconfirmed}</p></>;
  const { problem, done } = await readQuery(searchParams);
  const [mails, invitations] = await Promise.all([listOutbox(), listInvitations()]);
  return (
    <div className="settings">
      <h1>{t.admin.title}</h1>
      {done === "invited" && <p role="status" className="notice">{t.done.invited}</p>}
      <section>
        <h2>{t.admin.outbox}</h2>
        <p className="hint">{t.admin.outboxText}</p>
        {mails.length === 0 && <p>{t.admin.outboxEmpty}</p>}
        {mails.map((mail) => (
          <details key={mail.id} className="version">
            <summary>{mail.subject} <small>{t.admin.to} {mail.recipient} · {moment(mail.createdAt, locale)}</small></summary>
            {mail.problem && <p className="problem">{mail.problem}</p>}
            <pre>{mail.body}</pre>
          </details>
        ))}
      </section>
      <section>
        <h2>{t.admin.invitations}</h2>
        <p className="hint">{fill(t.admin.invitationsText, { registration: t.admin[await door()] })}</p>
        <Form action="/form/invite" problems={t.problems} problem={problem} className="stack">
          <label className="field"><span>{t.auth.email}</span><input name="email" type="email" required /></label>
          <button>{t.admin.send}</button>
        </Form>
        <ul className="rows">
          {invitations.map((invitation) => <li key={invitation.id}><span>{invitation.email}</span><span className="chip">{stateOf(invitation, t, locale)}</span></li>)}
        </ul>
      </section>
    </div>
  );
}

function stateOf(invitation: Invitation, t: Messages, locale: Locale): string {
  if (invitation.usedAt) return t.admin.used;
  return invitation.expiresAt < new Date() ? t.admin.expired : fill(t.admin.pending, { when: shortDay(invitation.expiresAt, locale) });
}
