import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openPglite } from "./pglite.ts";

const directory = mkdtempSync(join(tmpdir(), "co2e-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("the empty lock file of a start that was killed is no obstacle, and the rows are there", async () => {
  const first = await openPglite(directory);
  await first.script("create table kept (n int); insert into kept values (7)");
  await first.close();
  writeFileSync(join(directory, "pglite", "postmaster.pid"), "");
  const second = await openPglite(directory);
  expect(await second.query("select n from kept")).toEqual([{ n: 7 }]);
  await second.close();
});

it("all of a transaction or nothing", async () => {
  const database = await openPglite(directory);
  await expect(
    database.transaction(async (queries) => {
      await queries.query("insert into kept values (8)");
      throw new Error("in the middle");
    }),
  ).rejects.toThrow("in the middle");
  expect(await database.query("select n from kept")).toEqual([{ n: 7 }]);
  await database.close();
});
