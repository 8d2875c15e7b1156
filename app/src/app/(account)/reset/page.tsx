import type { Metadata } from "next";
import { problemText } from "@/messages/problem-text";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.resetTitle };
}

export default async function Reset({ searchParams }: Props) {
  const { problem, token } = await readQuery(searchParams);
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
      ) : <p role="alert" className="problem">{problem ? problemText(t.problems, problem) : t.auth.resetExpired}</p>}
      <p className="aside"><a href="/forgot">{t.auth.again}</a></p>
    </>
  );
}
