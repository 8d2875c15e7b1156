"use client";

import { useState, type FormEvent } from "react";
import type { Messages } from "@/messages";

interface Props {
  readonly t: Messages["entry"];
  readonly problems: Messages["problems"];
  readonly entry: { readonly id: string; readonly day: string; readonly title: string; readonly body: string; readonly revision: number };
}

export function Editor({ t, problems, entry }: Props) {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function save(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const fields = new FormData(event.currentTarget);
    const draft = { day: fields.get("day"), title: fields.get("title"), body: fields.get("body"), revision: entry.revision };
    const failed = await put(entry.id, draft);
    if (failed === null) window.location.assign(`/entries/${entry.id}`);
    else {
      setProblem(failed);
      setBusy(false);
    }
  }

  return (
    <form className="editor" onSubmit={save} method="post">
      <label className="field">
        <span>{t.title}</span>
        <input name="title" className="title" defaultValue={entry.title} placeholder={t.titlePlaceholder} maxLength={200} autoFocus />
      </label>
      <label className="field">
        <span>{t.day}</span>
        <input name="day" type="date" defaultValue={entry.day} required />
      </label>
      <label className="field">
        <span>{t.body}</span>
        <textarea name="body" rows={16} defaultValue={entry.body} placeholder={t.bodyPlaceholder} />
      </label>
      <p role="alert" className="problem" hidden={!problem}>
        {problem && (problems[problem as keyof Messages["problems"]] ?? problems.unexpected)}
      </p>
      <button className="primary" disabled={busy}>{t.save}</button>
    </form>
  );
}

async function put(id: string, draft: object): Promise<string | null> {
  try {
    const response = await fetch(`/api/entries/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(draft),
    });
    if (response.ok) return null;
    return ((await response.json()) as { problem?: string }).problem ?? "unexpected";
  } catch {
    return "offline";
  }
}
