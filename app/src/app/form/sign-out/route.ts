import { askAuth, form } from "@/server/forms";

export const POST = form("/sign-in", async (_fields, request) => {
  const { cookies } = await askAuth(request, "/sign-out", {});
  return { go: "/sign-in", cookies };
});
