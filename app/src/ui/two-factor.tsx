"use client";

import { useState, type FormEvent } from "react";
import type { Messages } from "@/messages";
import { problemText } from "@/messages/problem-text";

interface Props {
  readonly t: Messages["settings"];
  readonly auth: Messages["auth"];
  readonly problems: Messages["problems"];
}

interface Offer {
  readonly picture: string;
  readonly key: string;
  readonly codes: readonly string[];
}

/** Turns two-factor sign-in on: password, then the key and the recovery codes, then a first code that proves it works. */
export function TwoFactor({ t, auth, problems }: Props) {
  const [offer, setOffer] = useState<Offer>();
  const [problem, setProblem] = useState<string>();

  async function send<T>(event: FormEvent<HTMLFormElement>, path: string): Promise<T | null> {
    event.preventDefault();
    setProblem(undefined);
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    try {
      const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });
      const answer = (await response.json()) as T & { problem?: string };
      if (response.ok) return answer;
      setProblem(problemText(problems, answer.problem));
    } catch {
      setProblem(problems.offline);
    }
    return null;
  }

  const alert = problem && <p role="alert" className="problem">{problem}</p>;
  if (!offer) {
    return (
      <form method="post" className="stack" onSubmit={async (event) => setOffer((await send<Offer>(event, "/api/two-factor/start")) ?? undefined)}>
        <p>{t.twoFactorText}</p>
        <label className="field"><span>{auth.currentPassword}</span><input name="password" type="password" autoComplete="current-password" required /></label>
        <button>{t.twoFactorStart}</button>
        {alert}
      </form>
    );
  }
  return (
    <form method="post" className="stack" onSubmit={async (event) => (await send(event, "/api/two-factor/confirm")) && window.location.assign("/settings")}>
      <p>{t.twoFactorScan}</p>
      <img className="qr" alt="" src={`data:image/svg+xml,${encodeURIComponent(offer.picture)}`} width={200} height={200} />
      <p>{t.twoFactorKey}: <code className="key">{offer.key}</code></p>
      <p>{t.twoFactorCodes}</p>
      <ul className="codes">{offer.codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <label className="field"><span>{auth.code}</span><input name="code" inputMode="numeric" autoComplete="one-time-code" required /></label>
      <button className="primary">{t.twoFactorConfirm}</button>
      {alert}
    </form>
  );
}
