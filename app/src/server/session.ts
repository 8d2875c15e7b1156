import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache as oncePerRequest } from "react";
import { auth } from "./auth";
import { rememberSession } from "./cache";

/** The person who is signed in. Everything that reads or writes the diary takes `id` as its first argument. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly twoFactorEnabled: boolean;
  readonly sessionToken: string;
}

/** For a page: the person of this request, or null. Asked once per request. */
export const currentPerson = oncePerRequest(async (): Promise<Person | null> => personOf(await headers()));

/** For a page that needs somebody: goes to the sign-in page otherwise. */
export async function requirePerson(): Promise<Person> {
  return (await currentPerson()) ?? redirect("/sign-in");
}

export async function personOf(requestHeaders: Headers): Promise<Person | null> {
  const found = await auth().api.getSession({ headers: requestHeaders });
  if (!found) return null;
  await rememberSession(found.session.token, found);
  const { user, session } = found;
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    emailVerified: user.emailVerified,
    twoFactorEnabled: user.twoFactorEnabled === true,
    sessionToken: session.token,
  };
}
