"use client";

import { useState } from "react";
import type { Messages } from "@/messages";
import { putEntry, type ServerEntry } from "./put-entry";

interface Props {
  readonly label: string;
  readonly problems: Messages["problems"];
  readonly entry: ServerEntry;
}

/** Makes an earlier text the current one; the current one becomes an earlier version. */
export function RestoreVersion({ label, problems, entry }: Props) {
  const [problem, setProblem] = useState<string>();

  async function restore(): Promise<void> {
    const { id, revision, ...fields } = entry;
    const answer = await putEntry(id, fields, revision, { keep: true });
    if (answer.kind === "saved") window.location.assign(`/entries/${id}`);
    else setProblem(answer.kind === "conflict" ? problems.conflict : problems.offline);
  }

  return (
    <>
      <button type="button" onClick={restore}>{label}</button>
      {problem && <p role="alert" className="problem">{problem}</p>}
    </>
  );
}
