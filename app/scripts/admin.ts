// For whoever has the server: what waits in the outbox, and invitations.
//   node admin.mjs outbox
//   node admin.mjs invite EMAIL
import { database } from "@/server/database";
import { invite } from "@/server/invitations";
import { listOutbox } from "@/server/mail";

const [verb, argument] = process.argv.slice(2);
if (verb === "outbox") await printOutbox();
else if (verb === "invite" && argument) console.log(await invite(null, argument));
else {
  console.error("usage: node admin.mjs outbox | node admin.mjs invite EMAIL");
  process.exitCode = 2;
}
if (process.exitCode !== 2) await database().end();

async function printOutbox(): Promise<void> {
  for (const mail of await listOutbox()) {
    console.log(`${mail.createdAt.toISOString()}  to ${mail.recipient}: ${mail.subject}${mail.problem ? ` (not sent: ${mail.problem})` : ""}\n\n${mail.body}\n`);
  }
}
