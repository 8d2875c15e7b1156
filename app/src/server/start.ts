import "server-only";
import { complaints } from "./env";
import { startHousekeeping } from "./housekeeping";
import { trust } from "./session-copies";

// A diary that lacks what it needs says so and ends, instead of failing at somebody's first request.
const wrong = complaints(process.env);
if (wrong.length > 0) {
  console.error(`Founder Diary cannot start:\n${wrong.map((line) => `  - ${line}`).join("\n")}`);
  process.exit(78); // EX_CONFIG
}
trust(); // connects, so that the first request finds Redis there
startHousekeeping();
