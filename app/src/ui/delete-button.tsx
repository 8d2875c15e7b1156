"use client";

import { useState } from "react";

export function DeleteButton({ id, label }: { readonly id: string; readonly label: string }) {
  const [busy, setBusy] = useState(false);

  async function remove(): Promise<void> {
    setBusy(true);
    const response = await fetch(`/api/entries/${id}`, { method: "DELETE" }).catch(() => null);
    if (response?.ok || response?.status === 404) window.location.assign(`/?deleted=${id}`);
    else setBusy(false);
  }

  return <button type="button" className="quiet" onClick={remove} disabled={busy}>{label}</button>;
}
