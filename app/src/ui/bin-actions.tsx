"use client";

import { useState } from "react";

export function BinActions({ id, restore, destroy }: { readonly id: string; readonly restore: string; readonly destroy: string }) {
  const [busy, setBusy] = useState(false);

  async function act(action: "restore" | "destroy"): Promise<void> {
    setBusy(true);
    const response = await fetch(`/api/entries/${id}/${action}`, { method: "POST" }).catch(() => null);
    if (response?.ok || response?.status === 404) window.location.reload();
    else setBusy(false);
  }

  return (
    <span className="actions">
      <button type="button" disabled={busy} onClick={() => void act("restore")}>{restore}</button>
      <button type="button" className="danger" disabled={busy} onClick={() => void act("destroy")}>{destroy}</button>
    </span>
  );
}
