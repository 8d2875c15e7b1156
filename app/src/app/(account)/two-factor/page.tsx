import type { Metadata } from "next";
import { localPath } from "@/server/forms";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.codeTitle };
}

export default async function TwoFactorPage({ searchParams }: Props) {
  const { problem, next } = await readQuery(searchParams);
  const { t } = await preferences();
  return (
    <>
      <h1>{t.auth.codeTitle}</h1>
      <Form action="/form/two-factor" problems={t.problems} problem={problem} className="stack">
        <p>{t.auth.codeText}</p>
        <input type="hidden" name="next" value={localPath(next)} />
        <label className="field"><span>{t.auth.code}</span><input name="code" autoComplete="one-time-code" autoCapitalize="off" required autoFocus /></label>
        <label className="check"><input type="checkbox" name="trust" /> {t.auth.trust}</label>
        <button className="primary">{t.auth.continue}</button>
      </Form>
      <p className="aside"><a href="/sign-in">{t.auth.signIn}</a></p>
    </>
  );
}
