import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: import.meta.dirname,
  // Next wants Sharp for its image optimiser, which the diary does not use; what does use it, scripts/build.mjs brings.
  outputFileTracingExcludes: { "*": ["node_modules/sharp/**", "node_modules/@img/**", "node_modules/typescript/**"] },
  // Bundled, it would be copied into every route's file and loaded as often.
  serverExternalPackages: ["better-auth", "@better-auth/redis-storage", "ioredis", "nodemailer"],
  images: { unoptimized: true },
  poweredByHeader: false,
  compress: false, // the gateway does it
  skipTrailingSlashRedirect: true, // a redirect of its own names the address behind the gateway
  devIndicators: false,
  // A route is loaded when it is first asked for: an idle instance keeps less in memory.
  experimental: { preloadEntriesOnStart: false },
  // One source gives one build: scripts/build.mjs computes the id from the files.
  generateBuildId: () => process.env.BUILD_ID ?? "dev",
};

export default config;
