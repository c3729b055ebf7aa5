import { expect, it } from "vitest";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";

const folder = temporaryFolder();

it("a job is run by hand like its command, is listed with its outcome, and ends with the command's exit code", async () => {
  const env = { CO2E_DATA_DIR: folder, CO2E_RETRY_DELAY_MS: "0", CO2E_LOG_LEVEL: "silent" };
  const ingest = await runCo2e(["jobs", "run", "ingest", "--json"], env);
  // No source can be reached.
  expect(ingest.exitCode, ingest.stderr).toBe(2);
  expect(JSON.parse(ingest.stdout)).toMatchObject({
    job: "ingest",
    outcome: "failed",
    detail: { outcome: "source-failed", regions: 2, regionsFailed: 2, hoursWritten: 0 },
    error: expect.stringMatching(/^2 of 2 regions failed, the first of them us-east-1: /),
  });
  const cleanup = await runCo2e(["jobs", "run", "cleanup"], env);
  expect(cleanup).toMatchObject({ exitCode: 0, stdout: "cleanup: done\n" });

  const list = await runCo2e(["jobs", "--json"], env);
  expect(list.exitCode, list.stderr).toBe(0);
  expect(JSON.parse(list.stdout)).toMatchObject([
    { job: "ingest", when: "each hour at :05 UTC", last: { outcome: "failed", attempts: 1 } },
    { job: "calculate", when: "each minute", last: null },
    { job: "cleanup", when: "daily at 02:00 UTC", last: { outcome: "done", error: null } },
    { job: "alerts" },
  ]);
});

it("a job that does not exist is refused with the names of those that do", async () => {
  const { exitCode, stderr } = await runCo2e(["jobs", "run", "ingst"], { CO2E_DATA_DIR: "memory:" });
  expect(exitCode).toBe(1);
  expect(stderr).toBe("co2e: There is no job ingst; there are ingest, calculate, cleanup, alerts.\n");
});
