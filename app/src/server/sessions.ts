import "server-only";
import { database } from "./database";
import { isUuid } from "./draft";

export interface OpenSession {
  readonly id: string;
  readonly address: string;
  readonly device: string;
  readonly createdAt: Date;
  readonly current: boolean;
}

/** Where a person is signed in, the latest first. */
export async function listSessions(userId: string, currentId: string): Promise<OpenSession[]> {
  const { rows } = await database().query<{ id: string; ipAddress: string | null; userAgent: string | null; createdAt: Date }>(
    'select id, "ipAddress", "userAgent", "createdAt" from "session" where "userId" = $1 and "expiresAt" > now() order by "createdAt" desc limit 50',
    [userId],
  );
  return rows.map(({ id, ipAddress, userAgent, createdAt }) => ({
    id,
    address: ipAddress ?? "",
    device: device(userAgent ?? ""),
    createdAt,
    current: id === currentId,
  }));
}

export async function findSessionToken(userId: string, id: string): Promise<string | null> {
  if (!isUuid(id)) return null;
  const { rows } = await database().query<{ token: string }>('select token from "session" where "userId" = $1 and id = $2', [userId, id]);
  return rows[0]?.token ?? null;
}

/** "Firefox, Linux": enough to know one's own devices. */
function device(userAgent: string): string {
  const browser = /Edg\//.test(userAgent) ? "Edge" : (/(Firefox|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "?");
  const system = /(iPhone|iPad|Android|Windows|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? "?";
  return `${browser}, ${system.replace("Mac OS X", "macOS")}`;
}
