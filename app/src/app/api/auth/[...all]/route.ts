import { auth } from "@/server/auth";
import { Problem } from "@/server/problem";
import { json, limited } from "@/server/respond";

export function GET(request: Request): Promise<Response> {
  return auth().handler(request);
}

export async function POST(request: Request): Promise<Response> {
  try {
    return await auth().handler(await limited(request, 100_000));
  } catch (error) {
    if (error instanceof Problem) return json({ problem: error.code }, error.status);
    throw error;
  }
}
