import { fileKey, findFiles, removeFile, smallKey } from "@/server/files";
import { removeStaleFiles } from "@/server/housekeeping";
import { Problem } from "@/server/problem";
import { forPerson, json } from "@/server/respond";
import { storage } from "@/server/storage";

type Context = { params: Promise<{ id: string }> };

/**
 * A file, to its owner. Only images are shown in place; the type is what the bytes said when they came. `?small` asks for
 * the small picture of it, and gets the file itself where there is none.
 */
export const GET = forPerson<Context>(async (request, person, { params }) => {
  const [file] = await findFiles(person.id, [(await params).id]);
  if (!file) throw new Problem(404, "not_found");
  const wanted = new URL(request.url).searchParams.has("small") ? "-small" : "";
  const etag = `"${file.sha256.slice(0, 32)}${wanted}"`;
  const headers = new Headers({
    etag,
    "cache-control": "private, no-cache", // kept by the browser, shown again only after asking whether it still may
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  });
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const key = fileKey(person.id, file.id);
  const small = wanted && file.width ? await storage().get(smallKey(key)) : null;
  if (small) {
    headers.set("content-type", "image/webp");
    return new Response(small, { headers });
  }
  const content = await storage().get(key);
  if (!content) throw new Problem(404, "not_found");
  const inline = /^image\/(png|jpeg|gif|webp|avif)$/.test(file.type);
  headers.set("content-type", file.type);
  headers.set("content-length", String(file.bytes));
  headers.set("content-disposition", `${inline ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(file.name).replace(/['()*]/g, encodeRest)}`);
  return new Response(content, { headers });
});

export const DELETE = forPerson<Context>(async (_request, person, { params }) => {
  await removeFile(person.id, (await params).id);
  void removeStaleFiles().catch((error: unknown) => console.error("files:", error));
  return json({ deleted: true });
});

function encodeRest(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
