import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { HOUR_MS, toIso } from "../src/core/time.ts";
import type { Job } from "../src/jobs/job.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { chanceOf } from "./support/chance.ts";
import { onPostgres } from "./support/engines.ts";
import { fakeTime } from "./support/fake-timer.ts";
import { type HeldRun, type JobProcess, jobWorld } from "./support/job-world.ts";
import { at } from "./support/store-data.ts";

const INGEST: Pick<Job, "name" | "when"> = { name: "ingest", when: { hourlyAtMinute: 5 } };
const PULL: Pick<Job, "name" | "when"> = { name: "pull", when: { everyMinutes: 10 } };
const NOON = at("2026-01-05T12:15Z");

onPostgres((engine) => {
  async function connect(url: string) {
    const database = await openPostgres(url);
    onTestFinished(() => database.close());
    return { database, store: createStore(database) };
  }

  describe("a process that has a run", () => {
    async function begun(url: string): Promise<ChildProcess> {
      const child = spawn(
        process.execPath,
        [
          "--import",
          "tsx",
          fileURLToPath(new URL("support/job-process.ts", import.meta.url)),
          url,
          toIso(NOON),
          "child",
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      if (!child.stdout) throw new Error("no pipe");
      const [said] = (await once(child.stdout, "data")) as [Buffer];
      expect(said.toString()).toBe("running\n");
      return child;
    }

    it.each<["SIGKILL" | "SIGTERM", string]>([
      ["SIGKILL", "is killed leaves it to another when its time is up, which completes it"],
      ["SIGTERM", "is told to stop hands it to another, which completes it"],
    ])("by %s %s", async (signal) => {
      const url = await engine.emptyUrl();
      const { database, store } = await connect(url);
      await migrate(database);
      const child = await begun(url);
      const time = fakeTime(NOON);
      const world = jobWorld(time);
      const other = world.process(store, [INGEST]);
      other.runner.start();
      await time.pass(5_000);
      expect(world.held).toEqual([]);

      child.kill(signal);
      await once(child, "close");
      await time.pass(5_000);
      if (signal === "SIGKILL") {
        expect(world.held).toEqual([]);
        // As if the 60 s of its claim had gone by.
        await database.query("update job_run set claimed_until = claimed_until - interval '60 seconds'");
        await time.pass(5_000);
      }
      expect(world.begun()).toEqual(["process-1 ingest 12:05"]);
      world.held[0]?.end({ detail: { hoursWritten: 48 } });
      await time.settle();
      expect(await database.query("select attempts, outcome, detail from job_run")).toEqual([
        { attempts: 2, outcome: "done", detail: { hoursWritten: 48 } },
      ]);
    });
  });

  it.each([1, 2, 3])(
    "processes that come, stop and are killed lose no run and complete none twice (chance %i)",
    async (seed) => {
      const url = await engine.emptyUrl();
      const connections = await Promise.all(Array.from({ length: 3 }, () => connect(url)));
      const [first] = connections as [(typeof connections)[number]];
      await migrate(first.database);
      const chance = chanceOf("jobs", seed);
      const time = fakeTime(NOON);
      const world = jobWorld(time);
      const living: JobProcess[] = [];
      const gone = new Set<string>();
      const over = new Set<HeldRun>();
      const completed: string[] = [];
      let begun = 0;
      const begin = async (): Promise<void> => {
        const { store } = connections[begun++ % connections.length] ?? first;
        const process = world.process(store, [INGEST, PULL]);
        process.runner.start();
        living.push(process);
        await time.settle();
      };
      const kill = async (process: JobProcess): Promise<void> => {
        process.database = "away";
        gone.add(process.name);
        // As if its claims had run out at once.
        await first.database.query(
          "update job_run set claimed_until = '-infinity' where holder like $1 || '/%' and ended_at is null",
          [process.name],
        );
      };
      const open = (): HeldRun[] => world.held.filter((run) => !over.has(run) && !gone.has(run.by));
      const endOne = (run: HeldRun): void => {
        over.add(run);
        const isStopped = run.signal.aborted && chance.is(0.5);
        if (!isStopped) completed.push(`${run.job} ${toIso(run.dueAt)}`);
        if (isStopped) run.fail(new Error("stopped between two steps"));
        else run.end();
      };

      await begin();
      while (time.clock() < NOON + 3 * HOUR_MS) {
        for (const run of open()) if (chance.is(0.3)) endOne(run);
        await time.settle();
        if (living.length < 3 && chance.is(0.2)) await begin();
        // Of those that are at work, mostly.
        const leaving = living.find(({ name }) => open().some(({ by }) => by === name)) ?? living[0];
        if (leaving && living.length > 1 && chance.is(0.3)) {
          living.splice(living.indexOf(leaving), 1);
          if (chance.is(0.5)) await kill(leaving);
          else void leaving.runner.stop(3_000).then(() => gone.add(leaving.name));
        }
        await time.pass(chance.between(1_000, 60_000));
        for (const job of ["ingest", "pull"])
          expect(open().filter((run) => run.job === job).length).toBeLessThanOrEqual(1);
      }
      while (open().length > 0) {
        for (const run of open()) endOne(run);
        await time.pass(10_000);
      }
      // Some were taken over, or the test shows nothing.
      expect(world.held.length).toBeGreaterThan(completed.length);
      expect(new Set(completed).size).toBe(completed.length);
      const rows = await first.database.query<{ run: string; outcome: string; attempts: number }>(
        `select job || ' ' || to_char(due_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as run, outcome, attempts from job_run`,
      );
      expect(rows.map(({ run, outcome }) => `${run} ${outcome}`).sort()).toEqual(
        completed.map((run) => `${run} done`).sort(),
      );
      expect(rows.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(world.held.length);
      // 12:05 to 15:05, and each 10 minutes from 12:10 to 15:10.
      expect(rows.filter(({ run }) => run.startsWith("ingest"))).toHaveLength(4);
      expect(rows.filter(({ run }) => run.startsWith("pull"))).toHaveLength(19);
    },
  );
});
