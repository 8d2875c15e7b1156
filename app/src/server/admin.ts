import "server-only";
import { environment } from "./env";
import type { Person } from "./session";

/** Whether this is the admin's address. Anybody can type it when they register: it proves nothing by itself. */
export function claimsAdmin(person: Person): boolean {
  return person.email.toLowerCase() === environment().adminEmail;
}

/** The admin is who owns the admin's address: they opened the link that was sent there. */
export function isAdmin(person: Person): boolean {
  return claimsAdmin(person) && person.emailVerified;
}
