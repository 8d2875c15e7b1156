import { askBetterAuth } from "@/server/auth";
import { Problem } from "@/server/problem";
import { json, limited } from "@/server/respond";

/**
 * What Better Auth answers to the outside: the link in its mail, and the sign-in that `founder migrate` proves moved
 * passwords at. Whatever else it and its plugins offer is shut, also what a new version adds: the diary's own pages ask
 * through /form and /api, which ask for what the page asks for.
 */
const OPEN: ReadonlySet<string> = new Set(["GET /api/auth/verify-email", "POST /api/auth/sign-in/email"]);

async function answer(request: Request): Promise<Response> {
  const asked = `${request.method} ${new URL(request.url).pathname}`;
  if (!OPEN.has(asked)) return json({ problem: "not_found" }, 404);
  if (request.method === "GET") return askBetterAuth(request);
  try {
    return await askBetterAuth(await limited(request, 100_000));
  } catch (error) {
    if (error instanceof Problem) return json({ problem: error.code }, error.status);
    throw error;
  }
}

export { answer as GET, answer as POST };
