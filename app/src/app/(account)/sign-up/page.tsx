import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { door, invitedEmail } from "@/server/invitations";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { currentPerson } from "@/server/session";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.signUp };
}

export default async function SignUp({ searchParams }: Props) {
  const { problem, invitation } = await readQuery(searchParams);
  if (await currentPerson()) redirect("/");
  const { t } = await preferences();
  const registration = await door();
  const email = invitation ? await invitedEmail(invitation) : null;
  return (
    <>
      <h1>{t.auth.signUp}</h1>
      {email && <p className="notice">{t.auth.invited}</p>}
      {registration === "closed" && <p className="notice">{t.auth.closed}</p>}
      {registration === "invite" && !email && <p className="notice">{t.auth.inviteOnly}</p>}
      <Form action="/form/sign-up" problems={t.problems} problem={problem} className="stack">
        {invitation && <input type="hidden" name="invitation" value={invitation} />}
        <label className="field"><span>{t.auth.name}</span><input name="name" autoComplete="name" required maxLength={100} autoFocus /></label>
        <label className="field"><span>{t.auth.email}</span><input name="email" type="email" autoComplete="username" required defaultValue={email ?? undefined} /></label>
        <label className="field">
          <span>{t.auth.password}</span>
          <input name="password" type="password" autoComplete="new-password" required minLength={8} maxLength={128} aria-describedby="password-hint" />
        </label>
        <p className="hint" id="password-hint">{t.auth.passwordHint}</p>
        <button className="primary">{t.auth.signUp}</button>
      </Form>
      <p className="aside">{t.auth.haveAccount} <a href="/sign-in">{t.auth.signIn}</a></p>
    </>
  );
}
