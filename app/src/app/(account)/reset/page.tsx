import type { Metadata } from "next";
import { preferences } from "@/server/preferences";
import { Form } from "@/ui/form";

type Props = { searchParams: Promise<{ problem?: string; token?: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.resetTitle };
}

export default async function Reset({ searchParams }: Props) {
  const { problem, token } = await searchParams;
  const { t } = await preferences();
  return (
    <>
      <h1>{t.auth.resetTitle}</h1>
      {token ? (
        <Form action="/form/reset" problems={t.problems} problem={problem} className="stack">
          <input type="hidden" name="token" value={token} />
          <label className="field"><span>{t.auth.newPassword}</span><input name="password" type="password" autoComplete="new-password" required minLength={8} maxLength={128} autoFocus /></label>
          <button className="primary">{t.auth.resetSave}</button>
        </Form>
      ) : <p role="alert" className="problem">{problem ? (t.problems[problem as keyof typeof t.problems] ?? t.auth.resetExpired) : t.auth.resetExpired}</p>}
      <p className="aside"><a href="/forgot">{t.auth.again}</a></p>
    </>
  );
}
