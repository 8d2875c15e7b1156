// node seed.mjs EMAIL: a realistic year of entries for trying the diary out. Running it again adds nothing.
import { database } from "@/server/database";
import { saveEntry } from "@/server/entries";
import { derivedId } from "@/server/import-parts";
import { addDays, today } from "@/ui/day";
import { seedTexts, type SeedText } from "./seed-texts";

const DAYS = 365;

const email = process.argv[2]?.toLowerCase();
const texts = seedTexts[process.env.SEED_LOCALE === "es" ? "es" : "en"];
if (!email) fail("Say whose diary: node seed.mjs EMAIL");
const user = (await database().query<{ id: string }>('select id from "user" where email = $1', [email])).rows[0];
if (!user) fail(`There is no account with the email ${email}. Create it in the diary first.`);

let written = 0;
for (let ago = DAYS; ago >= 0; ago -= 1) {
  const chance = noise(ago);
  if (chance > 0.62) continue; // nobody writes every day
  const progress = 1 - ago / DAYS;
  const text = texts[Math.floor(noise(ago + 1000) * texts.length)]!;
  await saveEntry(user.id, derivedId(user.id, `seed:${ago}`), entry(text, addDays(today(), -ago), progress, ago), 0);
  written += 1;
}
await database().end();
console.log(`${written} entries are there.`);

/** Customers and revenue grow with the year, sleep and mood go their own way. */
function entry(text: SeedText, day: string, progress: number, ago: number): Parameters<typeof saveEntry>[2] {
  const users = Math.round(3 + 180 * progress ** 1.7 + 6 * noise(ago + 1));
  const mood = Math.max(1, Math.min(5, Math.round(text.mood + (noise(ago + 2) - 0.5) * 2)));
  const figures: Record<string, number> = { MRR: Math.round(users * 18.5), [text.usersName]: users };
  if (noise(ago + 3) > 0.3) figures[text.sleepName] = Math.round((5.2 + 3.2 * noise(ago + 4)) * 2) / 2;
  return { day, title: text.title, body: text.body.replaceAll("{users}", String(users)), mood, pinned: ago === 40, tags: text.tags, figures };
}

/** A number from 0 to 1 that is the same for the same `seed`. */
function noise(seed: number): number {
  const wave = Math.sin(seed * 127.1 + 311.7) * 43758.5453;
  return wave - Math.floor(wave);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
