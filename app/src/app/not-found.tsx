import { preferences } from "@/server/preferences";

export default async function NotFound() {
  const { t } = await preferences();
  return (
    <main id="content" className="account">
      <div className="card">
        <h1>{t.errors.notFoundTitle}</h1>
        <p>{t.errors.notFoundText}</p>
        <p><a className="button" href="/">{t.errors.home}</a></p>
      </div>
    </main>
  );
}
