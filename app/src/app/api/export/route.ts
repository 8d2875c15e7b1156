import { exportJson, exportZip } from "@/server/export";
import { forPerson } from "@/server/respond";
import { today } from "@/ui/day";

/** Everything the person has: a zip, or with ?format=json the same as data. */
export const GET = forPerson(async (request, person) => {
  const asJson = new URL(request.url).searchParams.get("format") === "json";
  const name = `founder-diary-${today()}.${asJson ? "json" : "zip"}`;
  const headers = {
    "content-type": asJson ? "application/json" : "application/zip",
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  };
  return new Response((asJson ? exportJson : exportZip)(person.id), { headers });
});
