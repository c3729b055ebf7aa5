import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { runCo2e, temporaryFolder } from "../../test/support/run-co2e.ts";

const folder = temporaryFolder();
const HEADER = "service,region,hour,requests,energy_kwh,tier,boundary\n";
const line = (hour: number, requests: string, region = "us-east-1") =>
  `api,${region},2026-01-01T0${hour}:00Z,${requests},0.5,measured,it\n`;

it("imports standard input from gzip, writes bad lines to a file that can be repaired, and works out emissions", async () => {
  const env = { CO2E_DATA_DIR: join(folder, "data") };
  const content = HEADER + line(0, "100") + line(1, "many", "us-east1") + line(2, "300");
  const stdin = gzipSync(content);

  const refused = await runCo2e(["import", "usage", "-"], env, { stdin, cwd: folder });
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toBe("");
  expect(refused.stderr.split("\n").slice(0, 2)).toEqual([
    "co2e: 1 line of 3 in standard input cannot be read; nothing was imported. Correct them, or say --skip-bad.",
    '      line 3: region "us-east1" is not configured: add gcp:us-east1 (South Carolina) under regions in co2e.yaml; ' +
      'requests "many" is no number from 0',
  ]);

  const kept = await runCo2e(["import", "usage", "-", "--skip-bad"], env, { stdin, cwd: folder });
  expect(kept.exitCode, kept.stderr).toBe(0);
  expect(kept.stdout.split("\n").slice(0, 4)).toEqual([
    "standard input: 3 lines, 2026-01-01 00:00 to 2026-01-01 03:00 UTC, as import:file",
    "  Usage:    2 new, 0 changed, 0 unchanged, in 1 series",
    "  Bad:      1 line left out, written to stdin.rejects.csv",
    "  Emissions: 1 day of regions worked out, 1 figure new or changed",
  ]);

  const rejects = readFileSync(join(folder, "stdin.rejects.csv"), "utf8");
  expect(rejects).toBe(
    `line,reason,${HEADER}3,"region ""us-east1"" is not configured: add gcp:us-east1 (South Carolina) under regions in ` +
      `co2e.yaml; requests ""many"" is no number from 0",${line(1, "many", "us-east1")}`,
  );
  writeFileSync(
    join(folder, "repaired.csv"),
    rejects.replace("many,0.5", "200,0.5").replace("us-east1,2026", "us-east-1,2026"),
  );
  const repaired = await runCo2e(["import", "usage", "repaired.csv", "--json"], env, { cwd: folder });
  expect(JSON.parse(repaired.stdout)).toMatchObject({
    kept: true,
    new: 1,
    rejects: null,
    recalculated: { daysChanged: 1 },
  });
}, 60_000);
