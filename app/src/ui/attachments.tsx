import { useEffect, useRef, useState } from "react";
import type { Messages } from "@/messages";
import { fill } from "@/messages/fill";
import { problemText } from "@/messages/problem-text";
import { isPicture, smallPicture, type Shown } from "./picture";

export interface FileItem extends Shown {
  readonly bytes: number;
}

export interface Uploads {
  readonly files: readonly FileItem[];
  readonly busy: string | null;
  readonly problem: string | null;
  /** The names of the files that were not taken, the last problem being theirs. */
  readonly refused: readonly string[];
  readonly add: (files: readonly File[]) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

interface Options {
  readonly initial: readonly FileItem[];
  /** Saves the entry, so that there is one to attach to; gives its id, or null when that failed. */
  readonly ready: () => Promise<string | null>;
  readonly insert: (markdown: string) => void;
}

/** The files of the entry that is being written, one upload after the other. */
export function useUploads({ initial, ready, insert }: Options): Uploads {
  const [files, setFiles] = useState(initial);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [refused, setRefused] = useState<readonly string[]>([]);

  async function add(chosen: readonly File[]): Promise<void> {
    setProblem(null);
    const left: string[] = [];
    for (const [index, file] of chosen.entries()) {
      setBusy(chosen.length > 1 ? `${file.name} (${index + 1}/${chosen.length})` : file.name);
      const entryId = await ready();
      const answer = entryId ? await upload(entryId, file) : { problem: "offline" };
      if ("problem" in answer) {
        setProblem(answer.problem);
        left.push(file.name);
        continue; // the others may still go
      }
      setFiles((before) => [...before.filter((known) => known.id !== answer.id), answer]);
      insert(`${isPicture(answer) ? "!" : ""}[${answer.name.replace(/[[\]]/g, "")}](/api/files/${answer.id})`);
    }
    setBusy(null);
    setRefused(left);
  }

  async function remove(id: string): Promise<void> {
    setRefused([]);
    const response = await fetch(`/api/files/${id}`, { method: "DELETE" }).catch(() => null);
    if (response?.ok || response?.status === 404) setFiles((before) => before.filter((file) => file.id !== id));
    else setProblem("offline");
  }

  return { files, busy, problem, refused, add, remove };
}

async function upload(entryId: string, file: File): Promise<FileItem | { problem: string }> {
  try {
    const headers = { "x-file-name": encodeURIComponent(file.name), "content-type": "application/octet-stream" };
    const response = await fetch(`/api/entries/${entryId}/files`, { method: "POST", body: file, headers });
    const answer = (await response.json()) as FileItem | { problem: string };
    return answer;
  } catch {
    return { problem: "offline" };
  }
}

export function Attachments({ t, uploads }: { readonly t: Pick<Messages, "entry" | "problems">; readonly uploads: Uploads }) {
  const input = useRef<HTMLInputElement>(null);

  function take(): void {
    const chosen = [...(input.current?.files ?? [])];
    if (input.current) input.current.value = "";
    if (chosen.length > 0) void uploads.add(chosen);
  }

  // eslint-disable-next-line react-hooks/exhaustive-deps -- what was chosen before scripts answered
  useEffect(take, []);

  return (
    <div className="attachments">
      {uploads.files.length > 0 && (
        <ul aria-label={t.entry.files}>
          {uploads.files.map((file) => (
            <li key={file.id}>
              {isPicture(file) && <img {...smallPicture(file)} alt="" />}
              <a href={`/api/files/${file.id}`} target="_blank" rel="noopener">{file.name}</a> <small>{size(file.bytes)}</small>
              <button type="button" className="quiet" aria-label={fill(t.entry.removeFile, { name: file.name })} onClick={() => void uploads.remove(file.id)}>×</button>
            </li>
          ))}
        </ul>
      )}
      <p className="attach">
        <input ref={input} name="file" type="file" multiple aria-label={t.entry.attach} onChange={take} />
        <button type="button" onClick={() => input.current?.click()} disabled={uploads.busy !== null}>{t.entry.attach}</button>
        <small className="hint">{t.entry.dropHint}</small>
      </p>
      <p role="status" className="hint">{uploads.busy && fill(t.entry.attaching, { name: uploads.busy })}</p>
      {uploads.problem && <p role="alert" className="problem">{uploads.refused.length > 0 && `${uploads.refused.join(", ")}: `}{problemText(t.problems, uploads.problem)}</p>}
    </div>
  );
}

function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
