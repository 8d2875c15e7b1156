"use client";

import { useState, type FormEvent, type ReactNode } from "react";
import type { Messages } from "@/messages";
import { problemText } from "@/messages/problem-text";

interface Props {
  readonly action: string;
  readonly problems: Messages["problems"];
  /** The problem of a form that was sent without scripts. */
  readonly problem?: string | undefined;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A form that works without scripts; with them it shows problems in place and keeps what was typed. */
export function Form({ action, problems, problem, className, children }: Props) {
  const [shown, setShown] = useState(problem);
  const [busy, setBusy] = useState(false);

  async function send(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setShown(undefined);
    const failed = await post(action, new FormData(event.currentTarget));
    if (failed === null) return; // the next page is loading: stay busy
    setShown(failed);
    setBusy(false);
  }

  return (
    <form action={action} method="post" onSubmit={send} className={className} aria-busy={busy}>
      {children}
      <p role="alert" className="problem" hidden={!shown}>
        {shown && problemText(problems, shown)}
      </p>
    </form>
  );
}

/** Null when the next page is on its way, else the problem's code. */
async function post(action: string, body: FormData): Promise<string | null> {
  try {
    const response = await fetch(action, { method: "POST", body, headers: { accept: "application/json" } });
    const answer = (await response.json()) as { go?: string; problem?: string };
    if (!answer.go) return answer.problem ?? "unexpected";
    window.location.assign(answer.go); // a full load: everything on the page depends on who is signed in
    return null;
  } catch {
    return "offline";
  }
}
