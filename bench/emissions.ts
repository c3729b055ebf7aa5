// npm run bench:emissions: one calculation (energy × grid intensity, embodied share, SCI) on the same observations by
// `co2e calculate --usage FILE --intensity FILE` and by Impact Framework 1.1, each as a whole process; then ours alone on more
// lines than that; then accumulation by day against Cloud Carbon Footprint's. Both are installed into a temporary folder.
import { spawnSync } from "node:child_process";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { accumulationRates } from "./emissions-by-day.ts";
import { type Sizes, sizesOf, writeManifest, writeUsage } from "./emissions-data.ts";

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const BOTH = numbers(process.env.BENCH_LINES ?? "1000,10000,100000");
const LARGE = numbers(process.env.BENCH_LARGE ?? "1000000,10000000");
const AIMS = { time: 0.03, memory: 0.15, byDay: 10 };

const folder = mkdtempSync(join(tmpdir(), "co2e-bench-"));
const cli = resolve("dist/co2e.js");
/** Knows the greatest memory of the process exactly. */
const hasTime = existsSync("/usr/bin/time");

function numbers(text: string): number[] {
  return text
    .split(",")
    .map(Number)
    .filter((count) => count > 0);
}

interface Run {
  readonly seconds: number;
  readonly peakMB: number;
  readonly output: string;
}

/** A whole process, start and end included. */
function run(args: readonly string[], cwd: string): Run {
  const measured = join(cwd, "memory");
  const command = hasTime ? ["/usr/bin/time", "-f", "%M", "-o", measured, ...args] : args;
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(command[0] ?? "", command.slice(1), {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const seconds = (performance.now() - startedMs) / 1000;
  if (status !== 0)
    throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}${stdout.slice(0, 2000)}`);
  const peakMB = hasTime
    ? Number(readFileSync(measured, "utf8").trim().split("\n").at(-1)) / 1024
    : Number.NaN;
  return { seconds, peakMB, output: stdout };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Result {
  readonly seconds: number;
  readonly peakMB: number;
  readonly output: string;
}

const resultOf = (runs: readonly Run[]): Result => ({
  seconds: median(runs.map(({ seconds }) => seconds)),
  peakMB: Math.max(...runs.map(({ peakMB }) => peakMB)),
  output: runs[0]?.output ?? "",
});

function install(name: string): string {
  const where = join(folder, name.replace(/\W+/g, "-"));
  mkdirSync(where);
  writeFileSync(join(where, "package.json"), '{ "private": true }');
  const { status, stderr } = spawnSync(
    "npm",
    ["install", name, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
    { cwd: where, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`npm install ${name} ended with ${status}: ${stderr}`);
  return where;
}

interface Figures {
  operationalGCO2e: number;
  embodiedGCO2e: number;
  requests: number;
  /** Σ SCI × requests over the observations: what their SCI amounts to. */
  sciGCO2e: number;
}

const noFigures = (): Figures => ({ operationalGCO2e: 0, embodiedGCO2e: 0, requests: 0, sciGCO2e: 0 });

/** What Impact Framework wrote, by service. */
async function figuresOfTheirs(path: string): Promise<Map<string, Figures>> {
  const services = new Map<string, Figures>();
  let of = noFigures();
  let isOutput = false;
  let requests = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const service = /^ {4}(service-\d+):$/.exec(line)?.[1];
    if (service !== undefined) {
      of = noFigures();
      services.set(service, of);
    } else if (/^ {6}\w+:/.test(line)) isOutput = line.startsWith("      outputs:");
    const [, name, value] = /^ +-? ?([\w-]+): ([-\d.e]+)$/.exec(line) ?? [];
    if (!isOutput || value === undefined) continue;
    if (name === "requests") {
      requests = Number(value);
      of.requests += requests;
    } else if (name === "carbon-operational") of.operationalGCO2e += Number(value);
    else if (name === "carbon-embodied") of.embodiedGCO2e += Number(value);
    else if (name === "sci") of.sciGCO2e += Number(value) * requests;
  }
  return services;
}

interface OurLine {
  readonly service: string;
  readonly requestCount: number;
  readonly calculatedGCO2e: number;
  readonly embodiedGCO2e: number;
  readonly perUnit: { readonly sciGCO2e: number };
}

/** The greatest relative difference of any figure of any service. */
function greatestDifference(output: string, theirs: ReadonlyMap<string, Figures>): number {
  const { lines } = JSON.parse(output) as { lines: OurLine[] };
  if (lines.length !== theirs.size) throw new Error(`${lines.length} services, theirs ${theirs.size}`);
  const apart = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);
  return Math.max(
    ...lines.flatMap((line) => {
      const their = theirs.get(line.service) ?? noFigures();
      const carbon = their.operationalGCO2e + their.embodiedGCO2e;
      return [
        apart(line.calculatedGCO2e, their.operationalGCO2e),
        apart(line.embodiedGCO2e, their.embodiedGCO2e),
        apart(line.perUnit.sciGCO2e, carbon / their.requests),
        apart(line.perUnit.sciGCO2e, their.sciGCO2e / their.requests),
      ];
    }),
  );
}

const ours = (where: string): Run =>
  run(
    [
      process.execPath,
      cli,
      "calculate",
      "--usage",
      "usage.csv",
      "--intensity",
      "grid.csv",
      "--by",
      "service",
      "--json",
    ],
    where,
  );

const show = (who: string, lines: number, { seconds, peakMB }: Pick<Result, "seconds" | "peakMB">): void =>
  console.log(
    `${who.padEnd(18)} ${lines.toLocaleString("en").padStart(10)} lines ${seconds.toFixed(2).padStart(7)} s ` +
      `${Math.round(lines / seconds)
        .toLocaleString("en")
        .padStart(10)} lines/s ${peakMB.toFixed(0).padStart(6)} MB`,
  );

async function folderWith(
  lines: number,
  write: (path: string, sizes: Sizes) => Promise<void>,
): Promise<string> {
  const where = join(folder, `lines-${lines}`);
  mkdirSync(where, { recursive: true });
  await write(where, sizesOf(lines));
  return where;
}

async function compare(lines: number, bin: string): Promise<{ time: number; memory: number }> {
  const where = await folderWith(lines, async (path, sizes) => {
    await writeUsage(path, sizes);
    await writeManifest(path, sizes);
  });
  // In turn, so that a change of the machine's speed meets both alike.
  const runs = { theirs: [] as Run[], ours: [] as Run[] };
  for (let round = 0; round < RUNS; round++) {
    runs.theirs.push(run([bin, "-m", "manifest.yml", "-o", "result"], where));
    runs.ours.push(ours(where), ours(where));
  }
  const [their, our] = [resultOf(runs.theirs), resultOf(runs.ours)];
  show("Impact Framework", lines, their);
  show("co2e", lines, our);
  const difference = greatestDifference(our.output, await figuresOfTheirs(join(where, "result.yaml")));
  if (!(difference < 1e-9)) throw new Error(`${lines} lines: the results differ by ${difference}`);
  console.log(
    `                   operational, embodied and SCI of all services equal: ${difference.toExponential(1)} (aim 1e-9)`,
  );
  rmSync(where, { recursive: true });
  return { time: our.seconds / their.seconds, memory: our.peakMB / their.peakMB };
}

async function alone(lines: number): Promise<number> {
  const where = await folderWith(lines, writeUsage);
  const our = ours(where);
  show("co2e", lines, our);
  rmSync(where, { recursive: true });
  return our.peakMB;
}

try {
  console.log(
    `medians of ${2 * RUNS} runs of ours, ${RUNS} of theirs, in turn; whole processes; peak memory ` +
      `${hasTime ? "as /usr/bin/time gives it" : "not measured: there is no /usr/bin/time"}`,
  );
  const bin = BOTH.length === 0 ? "" : join(install("@grnsft/if@1.1.0"), "node_modules/.bin/if-run");
  let last = { time: Number.NaN, memory: Number.NaN };
  for (const lines of BOTH) last = await compare(lines, bin);
  const peaks: string[] = [];
  for (const lines of LARGE) peaks.push(`${lines / 1e6} M ${(await alone(lines)).toFixed(0)} MB`);
  if (peaks.length > 0) console.log(`peak memory: ${peaks.join(", ")} (aim: flat)`);
  if (process.env.BENCH_BY_DAY !== "0") {
    const { rows, ours: our, theirs } = accumulationRates(install("@cloud-carbon-footprint/core@1.0.0"));
    const k = (rate: number): string => `${Math.round(rate / 1000)} k rows/s`;
    console.log(
      `accumulation by day of ${rows.toLocaleString("en")} rows, 180 days × 2,000 services × 4: co2e ${k(our)}, ` +
        `Cloud Carbon Footprint ${k(theirs)}: ` +
        `ratio=${(our / theirs).toFixed(1)} (aim ${AIMS.byDay})`,
    );
  }
  console.log(
    `memory to Impact Framework at ${BOTH.at(-1)} lines: ratio=${last.memory.toFixed(3)} (aim ${AIMS.memory})`,
  );
  console.log(
    `ratio=${last.time.toFixed(3)} time to Impact Framework at ${BOTH.at(-1)} lines (aim ${AIMS.time})`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
