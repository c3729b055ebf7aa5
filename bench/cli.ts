// npm run bench:cli: how long a command takes to start, as a ratio to an empty Node process in the same run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startPostgres } from "../test/support/postgres-server.ts";

const RUNS = Number(process.env.BENCH_RUNS ?? 15);
const cli = resolve("dist/co2e.js");
const folder = mkdtempSync(join(tmpdir(), "co2e-bench-"));
const empty = join(folder, "empty.mjs");
writeFileSync(empty, "");

const server = await startPostgres();
const env = {
  PATH: process.env.PATH ?? "",
  HOME: folder,
  ...(server ? { DATABASE_URL: server.url } : {}),
};
const commands: [string, string[]][] = [
  ["empty Node process", [empty]],
  ["co2e --help", [cli, "--help"]],
  ["co2e services", [cli, "services"]],
];
if (server) {
  spawnSync(process.execPath, [cli, "migrate"], { env, cwd: folder });
  commands.push(["co2e report (PostgreSQL)", [cli, "report"]]);
  commands.push([
    "co2e calculate (PostgreSQL)",
    [cli, "calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "1"],
  ]);
}

// In turn, so that a change of the machine's speed meets all alike; the first turn is a warm-up.
const times = new Map<string, number[]>(commands.map(([name]) => [name, []]));
for (let run = 0; run <= RUNS; run++) {
  for (const [name, args] of commands) {
    const startedMs = performance.now();
    const { status } = spawnSync(process.execPath, args, { env, cwd: folder });
    const tookMs = performance.now() - startedMs;
    if (status !== 0 && !(name.includes("calculate") && status === 4))
      throw new Error(`${name} ended with ${status}`);
    if (run > 0) times.get(name)?.push(tookMs);
  }
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const base = median(times.get("empty Node process") ?? []);
console.log(
  `medians of ${RUNS} runs, whole process${server ? `; ${server.description}` : "; no PostgreSQL"}`,
);
for (const [name, values] of times) {
  const own = median(values);
  console.log(`${name.padEnd(30)} ${own.toFixed(0).padStart(5)} ms   ratio=${(own / base).toFixed(2)}`);
}
console.log("aims: --help 1.5, a PostgreSQL command 2");
rmSync(folder, { recursive: true, force: true });
await server?.stop();
