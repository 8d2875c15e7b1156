import type { Metadata } from "next";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { Form } from "@/ui/form";

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.auth.forgotTitle };
}

export default async function Forgot({ searchParams }: Props) {
  const { problem, sent } = await readQuery(searchParams);
  const { t } = await preferences();
  return (
    <>
      <h1>{t.auth.forgotTitle}</h1>
      {sent ? <p role="status" className="notice">{t.auth.forgotSent}</p> : (
        <Form action="/form/forgot" problems={t.problems} problem={problem} className="stack">
          <p>{t.auth.forgotText}</p>
          <label className="field"><span>{t.auth.email}</span><input name="email" type="email" autoComplete="username" required autoFocus /></label>
          <button className="primary">{t.auth.forgotSend}</button>
        </Form>
      )}
      <p className="aside"><a href="/sign-in">{t.auth.signIn}</a></p>
    </>
  );
}
