// The unit tests, made into programs as the build makes its scripts, and run: `npm test`, or `npm test -- draft day`.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

const here = import.meta.dirname;
const all = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
const wanted = process.argv.slice(2).map((name) => `${basename(name, ".test.ts")}.test.ts`);
const folder = mkdtempSync(join(tmpdir(), "diary-tests-"));
try {
  await build({
    entryPoints: (wanted.length > 0 ? wanted : all).map((name) => join(here, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    tsconfig: join(here, "..", "tsconfig.json"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    external: ["pg-native", "sharp"],
    alias: { "server-only": join(here, "../node_modules/server-only/empty.js") }, // this is no browser
    sourcemap: "inline",
    logLevel: "warning",
  });
  const programs = readdirSync(folder).map((name) => join(folder, name));
  const ended = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-force-exit", ...programs], { stdio: "inherit" });
  process.exitCode = ended.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
