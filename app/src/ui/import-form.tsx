"use client";

import { useState, type FormEvent } from "react";
import { useRouter } from "next/navigation";
import { fill } from "@/messages/fill";
import { problemText } from "@/messages/problem-text";
import type { Messages } from "@/messages";
import { sendImport, Stopped, takeIn, type Report, type Step } from "./send-import";

interface Props {
  readonly t: Messages["settings"];
  readonly problems: Messages["problems"];
  /** One that was begun and not ended: by a tab that was closed, or a connection that was lost. */
  readonly unfinished: { readonly id: string; readonly whole: boolean; readonly percent: number; readonly name: string } | null;
}

/** What every browser calls it, and React's types do not know. In the page from the start, before scripts run. */
const FOLDERS = { webkitdirectory: "" };

export function ImportForm({ t, problems, unfinished }: Props) {
  const router = useRouter();
  const [step, setStep] = useState<Step>();
  const [report, setReport] = useState<Report>();
  const [problem, setProblem] = useState<string>();
  const text = (code: string | undefined): string => problemText(problems, code);

  async function run(work: () => Promise<Report | undefined>): Promise<void> {
    setStep({ doing: "sending", done: 0, of: 1 });
    setReport(undefined);
    setProblem(undefined);
    try {
      setReport(await work());
    } catch (error) {
      setProblem(text(error instanceof Stopped ? error.message : undefined));
    }
    setStep(undefined);
    router.refresh();
  }

  function send(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const files = chosen(new FormData(event.currentTarget));
    if (files.length > 0) void run(() => sendImport(files, setStep));
  }

  return (
    <form method="post" encType="multipart/form-data" className="stack" onSubmit={send} aria-busy={step !== undefined}>
      {unfinished && !step && (
        <div className="notice">
          <p>{fill(unfinished.whole ? t.importWhole : t.importUnfinished, { name: unfinished.name, percent: unfinished.percent })}</p>
          <p className="actions">
            {unfinished.whole && <button type="button" onClick={() => void run(() => takeIn(unfinished.id, setStep))}>{t.importGoOn}</button>}
            <button type="button" onClick={() => void run(() => discard(unfinished.id))}>{t.importDiscard}</button>
          </p>
        </div>
      )}
      <label className="field"><span>{t.importChoose}</span><input name="file" type="file" multiple accept=".zip,.md,.markdown,text/markdown,application/zip" /></label>
      <label className="field"><span>{t.importFolder}</span><input name="folder" type="file" multiple {...FOLDERS} /></label>
      <button disabled={step !== undefined}>{t.importGo}</button>
      {step && <progress max={step.of} value={step.done} aria-label={t.import} />}
      <div role="status">
        {step && <p>{step.doing === "sending" ? fill(t.importSending, { percent: Math.floor((100 * step.done) / step.of) }) : fill(t.importTaking, { done: step.done, of: step.of })}</p>}
        {report && <p>{fill(t.imported, { created: report.created, files: report.files, skipped: report.skipped })}</p>}
        {report && report.problems.length > 0 && (
          <>
            <p>{t.importProblems}</p>
            <ul>{report.problems.slice(0, 50).map((one, index) => <li key={index}>{one.path}: {text(one.problem)}</li>)}</ul>
          </>
        )}
      </div>
      {problem && <p role="alert" className="problem">{problem}</p>}
    </form>
  );
}

function chosen(form: FormData): File[] {
  return [...form.getAll("file"), ...form.getAll("folder")].filter((value) => value instanceof File).filter((file) => file.size > 0);
}

async function discard(id: string): Promise<undefined> {
  const response = await fetch(`/api/imports/${id}`, { method: "DELETE" }).catch(() => null);
  if (!response) throw new Stopped("offline");
}
