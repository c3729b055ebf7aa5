import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openPostgres } from "../src/store/postgres.ts";
import { onPostgres } from "./support/engines.ts";
import { runCo2e, startCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { usageFile, usageLine } from "./support/usage-lines.ts";

const LINES = 20_000;
const folder = temporaryFolder();

onPostgres((engine) => {
  it("an import that is killed leaves nothing half-counted, and the next one completes it", async () => {
    const DATABASE_URL = await engine.emptyUrl();
    await runCo2e(["migrate"], { DATABASE_URL });
    const file = join(folder, "usage.csv");
    await pipeline(Readable.from(usageFile({ lines: LINES, badOneIn: 0 })), createWriteStream(file));
    const origin = `kill-${process.pid}`;
    const command = ["import", "usage", file, "--origin", origin];
    const database = await openPostgres(DATABASE_URL);
    const [before] = await database.query<{ rows: number }>("select count(*)::int as rows from usage_row");
    expect(before).toEqual({ rows: 0 });

    const run = startCo2e(command, { DATABASE_URL });
    // The import has this lock from its first line to its last.
    const isImporting = async (): Promise<boolean> => {
      const [lock] = await database.query<{ found: boolean }>(
        `select exists (select from pg_locks where locktype = 'advisory' and classid = 20147 and granted
           and objid::bigint = (hashtext($1)::bigint & 4294967295)) as found`,
        [`import:${origin}`],
      );
      return lock?.found ?? false;
    };
    let ended = false;
    void run.ended.then(() => {
      ended = true;
    });
    while (!ended && !(await isImporting())) await sleep(5);
    run.kill("SIGKILL");
    expect((await run.ended).exitCode).toBeNull();
    while (await isImporting()) await sleep(5);
    expect(await database.query("select from usage_row union all select from recalc_day")).toEqual([]);
    expect(await database.query("select from usage_series union all select from usage_import")).toEqual([]);

    const again = await runCo2e([...command, "--json"], { DATABASE_URL });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ kept: true, new: LINES, changed: 0, unchanged: 0 });
    let requests = 0;
    for (let index = 0; index < LINES; index++) requests += Number(usageLine(index, 0).split(",")[4]);
    const [counted] = await database.query("select sum(requests)::float8 as requests from emission_day");
    expect(counted).toEqual({ requests });
    await database.close();
  }, 120_000);
});
