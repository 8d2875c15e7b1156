/**
 * The database's address by its socket where there is one: while the server is down anybody on the machine may listen on
 * its port, and would be told the password.
 */
export function throughSocket(env: NodeJS.ProcessEnv): string {
  const url = env.DATABASE_URL!;
  if (!env.DATABASE_SOCKET) return url;
  return `${url}${url.includes("?") ? "&" : "?"}host=${encodeURIComponent(env.DATABASE_SOCKET)}`;
}
