// npm run campaign:import: a file of usage with one bad line in a hundred, imported into PostgreSQL. It is imported as it is,
// which must keep nothing; with the bad lines left out; and again, which must change nothing. Prints rows a second and the
// greatest memory; ends with 1 when something was wrong.
//   npm run campaign:import -- --lines 10000000
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { type ImportUsageResult, importUsage } from "../src/flows/usage/import-usage.ts";
import { readUsageFile } from "../src/flows/usage/read-usage.ts";
import { usageReaders } from "../src/flows/usage/usage-readers.ts";
import { readRecords } from "../src/sources/usage-file.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { usageFile } from "../test/support/usage-lines.ts";

const { values } = parseArgs({ options: { lines: { type: "string", default: "10000000" } } });
const lines = Number(values.lines);
if (!Number.isInteger(lines) || lines < 100)
  throw new Error(`--lines ${values.lines} is no whole number from 100`);
const BAD_ONE_IN = 100;
const bad = Math.floor((lines - 8) / BAD_ONE_IN) + 1;

const started = await startPostgres();
if (started === undefined)
  throw new Error("This needs PostgreSQL: npm install brings one, or set TEST_DATABASE_URL.");
const server = started;
const problems: string[] = [];
let peakBytes = 0;
try {
  const database = await openPostgres(server.url);
  await migrate(database);
  const store = createStore(database);

  const run = async (what: string, skipBad: boolean): Promise<ImportUsageResult> => {
    const readers = usageReaders({
      originName: "campaign",
      regionOf: (name) =>
        name === "us-east-1" || name === "eu-central-1"
          ? { name, problem: null }
          : { name: "", problem: `region "${name}" is not configured` },
      labels: ["team"],
      resolutionMinutes: 60,
      assumeUtc: false,
      sum: false,
      currency: null,
      serviceFrom: "product",
    });
    const hash = createHash("sha256");
    function* hashed() {
      for (const piece of usageFile({ lines, badOneIn: BAD_ONE_IN })) {
        hash.update(piece);
        yield piece;
      }
    }
    const began = performance.now();
    const stream = Readable.from(hashed(), { objectMode: true });
    const result = await importUsage(store, {
      fileName: "campaign.csv",
      batches: readUsageFile(
        readRecords({ name: "campaign.csv", stream, totalBytes: null }, {}),
        readers.readerOf,
      ),
      readers,
      sum: false,
      replace: false,
      skipBad,
      dryRun: false,
      currency: null,
      sha256: () => hash.digest("hex"),
      onProgress: () => {
        peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
      },
    });
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${what}: ${result.lines} lines in ${seconds.toFixed(1)} s, ${Math.round(result.lines / seconds)} lines/s; ` +
        `${result.badLines} bad, ${result.new} new, ${result.changed} changed, ${result.unchanged} unchanged`,
    );
    return result;
  };
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) problems.push(`${what}: ${found}, expected ${wanted}`);
  };
  const stored = async (): Promise<number> => {
    const [row] = await database.query<{ count: number }>("select count(*)::float8 as count from usage_row");
    return row?.count ?? -1;
  };

  const refused = await run("with bad lines    ", false);
  expect("bad lines", refused.badLines, bad);
  expect("rows after a refusal", await stored(), 0);
  const kept = await run("without bad lines ", true);
  expect("new rows", kept.new, lines - bad);
  expect("rows", await stored(), lines - bad);
  const again = await run("once more         ", true);
  expect("unchanged rows", again.unchanged, lines - bad);
  expect("rows after a repetition", await stored(), lines - bad);
  await store.close();
} finally {
  await server.stop();
}
console.log(`greatest memory ${Math.round(peakBytes / 1e6)} MB`);
console.log(`problems ${problems.length}${problems.map((problem) => `\n  ${problem}`).join("")}`);
process.exitCode = problems.length > 0 ? 1 : 0;
