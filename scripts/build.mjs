// Builds dist/: the command and the library, with what they need at every start bundled into few files. Reading one file
// instead of a hundred halves the time that a command takes to start (npm run bench:cli).
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

// Not in every start, and read from node_modules when needed.
const LOADED_WHEN_NEEDED = [
  "@electric-sql/pglite",
  // Also for its licence: the yearly data in it is ODbL and CC BY-SA, and so does not become a part of dist/.
  "@tgwf/co2",
  "pino",
  "yaml",
  "cli-progress",
  "fast-xml-parser",
  "hyparquet",
  "fastify",
  "@fastify/helmet",
  "@fastify/rate-limit",
  "prom-client",
  "pg-native",
];

rmSync("dist", { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { co2e: "src/cli/main.ts", index: "src/index.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: LOADED_WHEN_NEEDED,
  // pg asks which runtime it is in. Node 20 has no navigator, so it would build a Response to see, and load all of fetch.
  define: { navigator: '{"userAgent":"Node.js"}' },
  // For the CommonJS packages among the bundled ones.
  banner: {
    js: 'import { createRequire as createRequireOf } from "node:module";\nconst require = createRequireOf(import.meta.url);',
  },
  metafile: true,
  logLevel: "warning",
});
// By itself and without Node, so that a program can bundle it for wherever it runs.
await build({
  entryPoints: { client: "src/client/client.ts" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  logLevel: "warning",
});
// Beside the bundle, where a database administrator finds them and store/migrate.ts looks for them.
cpSync("src/store/migrations", "dist/migrations", { recursive: true });
chmodSync("dist/co2e.js", 0o755);
writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licences(Object.keys(metafile.inputs)));

/** The licence texts of the packages that are in the bundle. */
function licences(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const text =
        file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : "";
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
