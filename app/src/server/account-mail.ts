import "server-only";
import { chooseLocale, fill, messages, type Messages } from "@/messages";
import { environment } from "./env";
import { sendMail } from "./mail";

interface Addressee {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export function resetMail(user: Addressee, token: string, request: Request | undefined): Promise<void> {
  return send(user, request, (t) => t.mail.reset, `${environment().origin}/reset?token=${encodeURIComponent(token)}`);
}

export function verificationMail(user: Addressee, token: string, request: Request | undefined): Promise<void> {
  const link = `${environment().origin}/api/auth/verify-email?token=${encodeURIComponent(token)}&callbackURL=${encodeURIComponent("/settings?done=verified")}`;
  return send(user, request, (t) => t.mail.verify, link);
}

/** In the language of the page the person was on. */
function send(user: Addressee, request: Request | undefined, choose: (t: Messages) => { subject: string; body: string }, link: string): Promise<void> {
  const chosen = new RegExp(`${environment().stack}-diary\\.locale=(en|es)`).exec(request?.headers.get("cookie") ?? "")?.[1];
  const { subject, body } = choose(messages(chooseLocale(chosen, request?.headers.get("accept-language") ?? null)));
  return sendMail({ userId: user.id, recipient: user.email, subject, body: fill(body, { name: user.name, link }) });
}
