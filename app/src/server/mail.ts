import "server-only";
import { database } from "./database";
import { environment } from "./env";

export interface Mail {
  readonly userId: string | null;
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
}

export interface WaitingMail extends Mail {
  readonly id: string;
  readonly attempts: number;
  readonly problem: string | null;
  readonly createdAt: Date;
}

const COLUMNS = `id, user_id as "userId", recipient, subject, body, attempts, problem, created_at as "createdAt"`;

/**
 * Mail is written to the outbox first and leaves it when the mail server has taken it. Without a mail server, or while
 * it is away, it waits there, where the admin can read it. Never throws because of the mail server.
 */
export async function sendMail(mail: Mail): Promise<void> {
  const { rows } = await database().query<WaitingMail>(
    `insert into outbox (user_id, recipient, subject, body) values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [mail.userId, mail.recipient, mail.subject, mail.body],
  );
  if (environment().smtp) void deliver(rows[0]!).catch((error: unknown) => console.error("mail:", error));
  else console.error(`mail: no SMTP_URL is set; a message for ${mail.recipient} waits in the outbox`);
}

/** What has not gone out yet, the newest first. */
export async function listOutbox(): Promise<WaitingMail[]> {
  return (await database().query<WaitingMail>(`select ${COLUMNS} from outbox order by created_at desc limit 100`)).rows;
}

/** Tries the waiting messages whose time has come. */
export async function deliverWaiting(): Promise<void> {
  if (!environment().smtp) return;
  const { rows } = await database().query<WaitingMail>(`select ${COLUMNS} from outbox where next_try_at < now() order by next_try_at limit 50`);
  for (const mail of rows) await deliver(mail);
}

async function deliver(mail: WaitingMail): Promise<void> {
  const smtp = environment().smtp;
  if (!smtp) return;
  // Whoever moves the next try forward sends it: two instances never send one message twice at the same time.
  const claimed = await database().query(
    `update outbox set attempts = attempts + 1, next_try_at = now() + make_interval(mins => least(power(2, attempts), 360)::int)
     where id = $1 and attempts = $2`,
    [mail.id, mail.attempts],
  );
  if (claimed.rowCount === 0) return;
  try {
    const { createTransport } = await import("nodemailer"); // 10 MB that only who sends mail needs
    const transport = createTransport(smtp.url, { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 } as object);
    await transport.sendMail({ from: smtp.from, to: mail.recipient, subject: mail.subject, text: mail.body });
    await database().query("delete from outbox where id = $1", [mail.id]);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    console.error(`mail: a message for ${mail.recipient} could not be sent and waits in the outbox (${problem})`);
    await database().query("update outbox set problem = $2 where id = $1", [mail.id, problem.slice(0, 500)]);
  }
}
