import { BODY_BYTES } from "@/server/draft";
import { findFiles } from "@/server/files";
import { filesNamed, renderMarkdown } from "@/server/markdown";
import { forPerson, readBytes } from "@/server/respond";

/** What the text will look like, from the same renderer that shows entries. */
export const POST = forPerson(async (request, person) => {
  const text = new TextDecoder().decode(await readBytes(request, BODY_BYTES));
  return new Response(renderMarkdown(text, await findFiles(person.id, filesNamed(text))), {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; sandbox", "cache-control": "no-store" },
  });
});
