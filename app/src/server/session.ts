import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache as oncePerRequest } from "react";
import { auth } from "./auth";
import { currentAge, findCopy, leaveCopy } from "./session-copies";

/** The person who is signed in. Everything that reads or writes the diary takes `id` as its first argument. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly twoFactorEnabled: boolean;
  readonly sessionId: string;
}

/** For a page: the person of this request, or null. Asked once per request. */
export const currentPerson = oncePerRequest(async (): Promise<Person | null> => personOf(await headers()));

/** For a page that needs somebody: goes to the sign-in page otherwise. */
export async function requirePerson(): Promise<Person> {
  return (await currentPerson()) ?? redirect("/sign-in");
}

export async function personOf(requestHeaders: Headers): Promise<Person | null> {
  const cookies = requestHeaders.get("cookie");
  if (!cookies) return null;
  const age = await currentAge();
  const copy = age && (await findCopy<Person>(age, cookies));
  if (copy) return copy;
  const found = await auth().api.getSession({ headers: requestHeaders });
  if (!found) return null;
  const { user, session } = found;
  const person: Person = {
    id: user.id,
    name: user.name,
    email: user.email,
    emailVerified: user.emailVerified,
    twoFactorEnabled: user.twoFactorEnabled === true,
    sessionId: session.id,
  };
  if (age) await leaveCopy(age, cookies, person, session.expiresAt);
  return person;
}
