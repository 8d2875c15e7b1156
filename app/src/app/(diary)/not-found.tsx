import { preferences } from "@/server/preferences";
import { NotHere } from "@/ui/not-here";

/** Within the diary's own page, which has its `main` already. */
export default async function NotFound() {
  return <NotHere t={(await preferences()).t.errors} />;
}
