// node seed.mjs EMAIL: a realistic year of entries for trying the diary out. Running it again adds nothing.
import { database } from "@/server/database";
import { writeExamples } from "@/server/examples";

const DAYS = 365;

const email = process.argv[2]?.toLowerCase();
if (!email) fail("Say whose diary: node seed.mjs EMAIL");
const user = (await database().query<{ id: string }>('select id from "user" where email = $1', [email])).rows[0];
if (!user) fail(`There is no account with the email ${email}. Create it in the diary first.`);

const written = await writeExamples(user.id, process.env.SEED_LOCALE === "es" ? "es" : "en", DAYS);
await database().end();
console.log(`${written} entries are there.`);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
