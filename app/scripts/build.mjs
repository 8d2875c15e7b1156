// Makes dist/: all that is needed to run and to migrate, and nothing else. Needs no network, database or cache.
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
process.chdir(root);

const id = sourceHash(["package-lock.json", "next.config.ts", "tsconfig.json", "scripts", "migrations", "public", "src"]);
run(process.execPath, [join("node_modules", "next", "dist", "bin", "next"), "build"], {
  NEXT_TELEMETRY_DISABLED: "1",
  BUILD_ID: id,
  NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: createHash("sha256").update(id).digest("base64"),
});

rmSync("dist", { recursive: true, force: true });
cpSync(".next/standalone", "dist", { recursive: true, verbatimSymlinks: true });
makeRepeatable("dist/.next");
keepSmall("dist/server.js");
cpSync(".next/static", "dist/.next/static", { recursive: true });
cpSync("public", "dist/public", { recursive: true });
cpSync("migrations", "dist/migrations", { recursive: true });
// For small-picture.mjs, which Next does not see.
for (const name of ["sharp", "@img", "detect-libc", "semver"]) {
  cpSync(join("node_modules", name), join("dist", "node_modules", name), { recursive: true, dereference: true });
}
await build({
  entryPoints: ["migrate", "seed", "admin", "small-picture"].map((name) => `scripts/${name}.ts`),
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  // pg is CommonJS and asks for its parts with require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  external: ["pg-native", "sharp"],
  conditions: ["react-server"], // "server-only" is empty there
  minify: true,
  legalComments: "none",
});
console.log(`dist/ is ready (build ${id})`);

/**
 * Next puts random keys into each build, for preview modes and server actions. The diary has neither, so the keys open
 * nothing; made from the source instead, the same source gives the same files.
 */
function makeRepeatable(folder) {
  const keys = Object.entries(JSON.parse(readFileSync(join(folder, "server", "preview-props.json"), "utf8")));
  for (const file of ["prerender-manifest.json", join("server", "preview-props.json")]) {
    const path = join(folder, file);
    const replaced = keys.reduce((text, [name, key]) => text.replaceAll(key, derived(name, key.length)), readFileSync(path, "utf8"));
    writeFileSync(path, replaced);
  }
}

function derived(name, length) {
  return createHash("sha256").update(`${id}:${name}`).digest("hex").slice(0, length);
}

/**
 * Node's defaults let the heaps grow with the machine; an instance at rest holds 70 MB less with these. Saving memory in
 * everything costs a third more processor time, so that one is for the start alone, when most is allocated for nothing.
 */
function keepSmall(server) {
  const flags = ["--semi-space-growth-factor=1", "--max-semi-space-size=2", "--optimize-for-size"];
  const lines = [
    "import v8 from 'node:v8'",
    ...flags.map((flag) => `v8.setFlagsFromString('${flag}')`),
    "setTimeout(() => v8.setFlagsFromString('--no-optimize-for-size'), 3_000).unref()",
  ];
  writeFileSync(server, `${lines.join("\n")}\n${readFileSync(server, "utf8")}`);
}

/** The hash of every file's path and content below the given paths. */
function sourceHash(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow).sort()) {
    hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 20);
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

function run(command, args, env) {
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}
