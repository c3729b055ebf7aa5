import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";

const folder = temporaryFolder();
const grid = join(folder, "grid.csv");
writeFileSync(
  grid,
  "region;hour;g_per_kwh\nus-east-1;2026-03-10T10:00Z;400\neu-central-1;2026-03-10T10:00Z;300\n",
);
const HEADER = "service,region,hour,requests,energy_kwh,tier,boundary,vcpu_hours\n";
const usage = `${HEADER}api,us-east-1,2026-03-10T10:00Z,1000,2,measured,facility,96
api,eu-central-1,2026-03-10T10:00Z,500,1,measured,facility,
`;
// No database of any kind could be opened with these.
const env = { DATABASE_URL: "postgresql://nobody@127.0.0.1:9/none", CO2E_DATA_DIR: join(folder, "none") };

describe("co2e calculate --usage --intensity", () => {
  it("calculates a stream of compressed usage without a store", async () => {
    const args = ["calculate", "--usage", "-", "--intensity", grid];
    const json = await runCo2e([...args, "--json"], env, { stdin: gzipSync(usage) });
    expect(json.stderr).toBe("");
    expect(json.exitCode).toBe(0);
    // 2 × 400 + 1 × 300 = 1,100 g; 96 vCPU-hours of 96 are one server-hour: 1,000,000 ÷ 35,040 = 28.54 g.
    const { total, usageFile } = JSON.parse(json.stdout);
    expect(total).toMatchObject({ emissionsGCO2e: 1100, requestCount: 1500, energyCoverage: 1 });
    expect(total.embodiedGCO2e).toBeCloseTo(28.5388, 3);
    expect(usageFile).toMatchObject({ name: "standard input", lines: 2 });
    const text = await runCo2e(args, env, { stdin: usage });
    expect(text.stdout).toMatch(/^TOTAL +1,500 +3\.000 +1,100\.00$/m);
  });

  it("refuses a file with bad lines by number and reason, and counts the others when told to", async () => {
    const bad = `${usage}api,mars-1,2026-03-10T10:00Z,1,1,measured,facility,\n`;
    const args = ["calculate", "--usage", "-", "--intensity", grid];
    const refused = await runCo2e(args, env, { stdin: bad });
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /1 of 3 lines of standard input cannot be read; nothing was calculated\.\n +line 4: region "mars-1" is not/,
    );
    const kept = await runCo2e([...args, "--skip-bad", "--by", "service"], env, { stdin: bad });
    expect(kept).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Skipped: 1 of 3 lines/m) });
  });

  it.each([
    [["--usage", grid], /--usage and --intensity belong together/],
    [["--usage", "-", "--intensity", "-"], /Standard input is one file/],
    [["--usage", grid, "--intensity", grid, "--requests", "3"], /--requests does not go with --usage/],
    [
      ["--service", "q2q-ai", "--region", "us-east-1", "--requests", "3", "--by", "team"],
      /--by goes with --usage/,
    ],
    [["--service", "q2q-ai", "--requests", "3"], /required option '--region <name>' not specified/],
  ])("with %j says what is wrong", async (args, message) => {
    const { exitCode, stderr } = await runCo2e(["calculate", ...args], env);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });
});
