"use client";

import { useState } from "react";

/** Tells that an entry was deleted, and brings it back on request. */
export function Undo({ id, text, label }: { readonly id: string; readonly text: string; readonly label: string }) {
  const [busy, setBusy] = useState(false);

  async function restore(): Promise<void> {
    setBusy(true);
    const response = await fetch(`/api/entries/${id}/restore`, { method: "POST" }).catch(() => null);
    if (response?.ok) window.location.assign(`/entries/${id}`);
    else setBusy(false);
  }

  return (
    <p role="status" className="notice">
      {text} <button type="button" className="link" onClick={restore} disabled={busy}>{label}</button>
    </p>
  );
}
