import Link from "next/link";
import type { Messages } from "@/messages";
import { fill } from "@/messages/fill";
import { Form } from "./form";

/** The page of a diary that is still empty: three ways to begin. */
export function Welcome({ t, name }: { readonly t: Messages; readonly name: string }) {
  return (
    <div className="welcome">
      <h1>{fill(t.welcome.title, { name })}</h1>
      <p>{t.welcome.text}</p>
      <section className="first">
        <h2 className="overline">{t.welcome.first}</h2>
        <p className="question">{t.welcome.question}</p>
        <Link href="/entries/new?question=first" prefetch={false} className="button primary">{t.welcome.answer}</Link>
      </section>
      <section>
        <h2>{t.welcome.example}</h2>
        <p>{t.welcome.exampleText}</p>
        <Form action="/form/example" problems={t.problems}><button>{t.welcome.exampleGo}</button></Form>
      </section>
      <section>
        <h2>{t.welcome.bring}</h2>
        <p>{t.welcome.bringText}</p>
        <Link href="/settings#import" prefetch={false} className="button">{t.welcome.bringGo}</Link>
      </section>
    </div>
  );
}
