"use client";

import { useEffect, useState } from "react";
import type { Messages } from "@/messages";
import { forgetDraft, isOrphan, listDrafts } from "./local-drafts";
import { putEntry } from "./put-entry";

/** On any page: sends what an earlier tab could not, and says so where that needs the person. */
export function DraftSync({ t, userId }: { readonly t: Messages["saving"]; readonly userId: string }) {
  const [notice, setNotice] = useState<{ text: string; href?: string }>();

  useEffect(() => {
    void sendOrphans(t, userId).then(setNotice);
  }, [t, userId]);

  if (!notice) return null;
  return (
    <p role="status" className="notice">
      {notice.text} {notice.href && <a href={notice.href}>{t.continue}</a>}
    </p>
  );
}

async function sendOrphans(t: Messages["saving"], userId: string): Promise<{ text: string; href?: string } | undefined> {
  let notice: { text: string; href?: string } | undefined;
  for (const draft of listDrafts(userId)) {
    // The editor of this entry, on this page, takes it up itself.
    if (window.location.pathname.startsWith(`/entries/${draft.entryId}`) || window.location.search.includes(draft.entryId)) continue;
    if (!(await isOrphan(draft))) continue;
    const answer = await putEntry(draft.entryId, draft.fields, draft.revision);
    if (answer.kind === "saved" || answer.kind === "conflict") forgetDraft(draft.key);
    if (answer.kind === "conflict") notice = { text: t.syncConflict, href: `/entries/${draft.entryId}/versions` };
    if (answer.kind === "saved" || answer.kind === "conflict") continue;
    const place = draft.revision > 0 && answer.kind !== "gone" ? `/entries/${draft.entryId}/edit` : `/entries/new?draft=${draft.entryId}`;
    notice = { text: t.unsaved, href: answer.kind === "gone" ? `${place}&copy=1` : place };
  }
  return notice;
}
