"use client";

import { errors } from "@/messages/errors";

/** Shown when a page could not be made, for instance while the database is away. */
export default function Broken({ reset }: { readonly reset: () => void }) {
  const t = typeof document !== "undefined" && document.documentElement.lang === "es" ? errors.es : errors.en;
  return (
    <main id="content" className="account">
      <div className="card" role="alert">
        <h1>{t.brokenTitle}</h1>
        <p>{t.brokenText}</p>
        <button className="primary" onClick={reset}>{t.retry}</button>
      </div>
    </main>
  );
}
