"use client";

import { useState, type FormEvent } from "react";
import { fill } from "@/messages/fill";
import type { Messages } from "@/messages";

interface Props {
  readonly t: Messages["settings"];
  readonly problems: Messages["problems"];
}

interface Report {
  readonly created: number;
  readonly skipped: number;
  readonly files: number;
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/** What every browser calls it, and React's types do not know. In the page from the start, before scripts run. */
const FOLDERS = { webkitdirectory: "" };

export function ImportForm({ t, problems }: Props) {
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<Report>();
  const [problem, setProblem] = useState<string>();
  const text = (code: string | undefined): string => problems[code as keyof Messages["problems"]] ?? problems.unexpected;

  async function send(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setReport(undefined);
    setProblem(undefined);
    const body = withPaths(new FormData(event.currentTarget));
    try {
      const response = await fetch("/api/import", { method: "POST", body });
      const answer = (await response.json()) as Report & { problem?: string };
      if (response.ok) setReport(answer);
      else setProblem(text(answer.problem));
    } catch {
      setProblem(problems.offline);
    }
    setBusy(false);
  }

  return (
    <form method="post" encType="multipart/form-data" className="stack" onSubmit={send} aria-busy={busy}>
      <label className="field"><span>{t.importChoose}</span><input name="file" type="file" multiple accept=".zip,.md,.markdown,text/markdown,application/zip" /></label>
      <label className="field"><span>{t.importFolder}</span><input name="folder" type="file" multiple {...FOLDERS} /></label>
      <button disabled={busy}>{t.importGo}</button>
      <div role="status">
        {report && <p>{fill(t.imported, { created: report.created, files: report.files, skipped: report.skipped })}</p>}
        {report && report.problems.length > 0 && (
          <>
            <p>{t.importProblems}</p>
            <ul>{report.problems.slice(0, 50).map((one) => <li key={one.path}>{one.path}: {text(one.problem)}</li>)}</ul>
          </>
        )}
      </div>
      {problem && <p role="alert" className="problem">{problem}</p>}
    </form>
  );
}

/** Files do not carry their folder over the wire: it goes beside them, in the same order. */
function withPaths(chosen: FormData): FormData {
  const body = new FormData();
  for (const value of [...chosen.getAll("file"), ...chosen.getAll("folder")]) {
    if (!(value instanceof File) || value.size === 0) continue;
    body.append("file", value);
    body.append("path", value.webkitRelativePath || value.name);
  }
  return body;
}
