import "server-only";

/** What Next gives a page of its address: whatever somebody wrote into it, and as often as they wrote it. */
export type SearchParams = Promise<Readonly<Record<string, string | string[] | undefined>>>;

/** Each of the address's parameters once: the first where it is there more often. */
export async function readQuery(searchParams: SearchParams): Promise<Readonly<Record<string, string | undefined>>> {
  const pairs = Object.entries(await searchParams).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const);
  return Object.fromEntries(pairs);
}
