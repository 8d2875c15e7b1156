import type { Messages } from "@/messages";

/** For what does not exist, or is somebody else's. */
export function NotHere({ t }: { readonly t: Messages["errors"] }) {
  return (
    <div className="card">
      <h1>{t.notFoundTitle}</h1>
      <p>{t.notFoundText}</p>
      <p><a className="button" href="/">{t.home}</a></p>
    </div>
  );
}
