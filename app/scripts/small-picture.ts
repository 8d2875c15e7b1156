// Makes a small picture of the one on its input, for `src/server/small-picture.ts`. A process of its own, that knows no
// secret: the memory that a decoder takes, and what a picture made to break one breaks, end with it.
import { setPriority } from "node:os";
import { buffer } from "node:stream/consumers";
import sharp from "sharp";

const LONGEST_SIDE = 1024;
const PIXELS = 64_000_000; // more than phones' cameras make, save for their largest setting
const DEADLINE_S = 20;

setPriority(10); // pages first
sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["Jpeg", "Png", "Webp", "Nsgif"].map((kind) => `VipsForeignLoad${kind}Buffer`) });

const content = await buffer(process.stdin);
try {
  // As browsers do: of a photo that is damaged at its end, what is there is shown.
  const { data, info } = await sharp(content, { limitInputPixels: PIXELS, failOn: "none" })
    .autoOrient()
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: "inside", withoutEnlargement: true })
    .webp({ quality: 78 }) // without what the original says of place, time and camera
    .timeout({ seconds: DEADLINE_S })
    .toBuffer({ resolveWithObject: true });
  process.send!({ width: info.width, height: info.height, content: data });
} catch (error) {
  if (/timeout/i.test(String(error))) throw error;
  process.send!({ width: 0, height: 0, content: null });
}
