import { preferences } from "@/server/preferences";
import { NotHere } from "@/ui/not-here";

export default async function NotFound() {
  return <main id="content" className="account"><NotHere t={(await preferences()).t.errors} /></main>;
}
