import { isAdmin } from "@/server/admin";
import { emailField, form } from "@/server/forms";
import { invite } from "@/server/invitations";
import { sendMail } from "@/server/mail";
import { preferences } from "@/server/preferences";
import { Problem } from "@/server/problem";
import { personOf } from "@/server/session";
import { fill } from "@/messages";

export const POST = form("/admin", async (fields, request) => {
  const person = await personOf(request.headers);
  if (!person || !isAdmin(person)) throw new Problem(404, "not_found");
  const email = emailField(fields);
  const { t } = await preferences();
  const values = { name: person.name, link: await invite(person.id, email) };
  await sendMail({ userId: null, recipient: email, subject: fill(t.mail.invitation.subject, values), body: fill(t.mail.invitation.body, values) });
  return { go: "/admin?done=invited" };
});
