import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { localPath } from "@/server/forms";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { currentPerson } from "@/server/session";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.signIn };
}

export default async function SignIn({ searchParams }: Props) {
  const { problem, next, done } = await readQuery(searchParams);
  if (await currentPerson()) redirect(localPath(next));
  const { t } = await preferences();
  return (
    <>
      <h1>{t.auth.signIn}</h1>
      {done === "reset" && <p role="status" className="notice">{t.auth.resetDone}</p>}
      <Form action="/form/sign-in" problems={t.problems} problem={problem} className="stack">
        {next && <input type="hidden" name="next" value={localPath(next)} />}
        <label className="field"><span>{t.auth.email}</span><input name="email" type="email" autoComplete="username" required autoFocus /></label>
        <label className="field"><span>{t.auth.password}</span><input name="password" type="password" autoComplete="current-password" required /></label>
        <button className="primary">{t.auth.signIn}</button>
      </Form>
      <p className="aside"><a href="/forgot">{t.auth.forgot}</a></p>
      <p className="aside">{t.auth.noAccount} <a href="/sign-up">{t.auth.signUp}</a></p>
    </>
  );
}
