import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../src/store/database.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { onPostgres } from "./support/engines.ts";
import { contentOf, intensityOf } from "./support/ingest-world.ts";
import { runCo2e, startCo2e, temporaryFolder } from "./support/run-co2e.ts";

/** 3 rounds in CI; `npm run kill` does 20. */
const ROUNDS = Number(process.env.CO2E_KILL_ROUNDS ?? 3);
const KEY = "em_live_kill";

const shared = temporaryFolder();
let maps: FakeElectricityMaps;
beforeAll(async () => {
  maps = await startFakeElectricityMaps({
    keys: [KEY],
    // Stands still, so that the rows of an interrupted and of an undisturbed run can be compared.
    clock: () => STARTED_AT,
    zones: {
      DE: { intensity: (hour) => intensityOf("DE", hour), mix: () => ({ wind: 1, coal: 2 }) },
      "US-MIDA-PJM": {
        intensity: (hour) => intensityOf("US-MIDA-PJM", hour),
        mix: () => ({ wind: 1, coal: 2 }),
      },
    },
  });
});
afterAll(() => maps.close());

const STARTED_AT = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 60_000;

function suite(
  name: string,
  place: () => Promise<{ env: Record<string, string>; open: () => Promise<Database> }>,
): void {
  it(
    `${name}: killed at ${ROUNDS} random moments, the next run completes what is there`,
    async () => {
      const settings = () => ({ ELECTRICITY_MAPS_API_KEY: KEY, ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4) });
      const content = async ({ open }: Awaited<ReturnType<typeof place>>) => {
        const database = await open();
        const found = await contentOf(database);
        await database.close();
        return found;
      };
      const undisturbed = await place();
      const timed = async (): Promise<number> => {
        const began = performance.now();
        expect((await runCo2e(["ingest"], { ...settings(), ...undisturbed.env })).exitCode).toBe(0);
        return performance.now() - began;
      };
      // The first run creates the embedded store and takes longer than the ones after it.
      const firstRunMs = await timed();
      const laterRunMs = await timed();
      const wanted = await content(undisturbed);

      const killed = await place();
      const env = { ...settings(), ...killed.env };
      let interrupted = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const run = startCo2e(["ingest"], env);
        const wholeRunMs = round === 0 ? firstRunMs : laterRunMs;
        await sleep(((round + Math.random()) / ROUNDS) * wholeRunMs);
        run.kill("SIGKILL");
        if ((await run.ended).exitCode === null) interrupted++;
      }
      expect(interrupted).toBeGreaterThan(0);
      const last = await runCo2e(["ingest"], env);
      expect(last.exitCode, last.stderr).toBe(0);
      expect(await content(killed)).toEqual(wanted);
    },
    60_000 + ROUNDS * 15_000,
  );
}

describe("SIGKILL", () => {
  suite("embedded store", async () => {
    const folder = join(shared, String(Math.random()).slice(2));
    return { env: { CO2E_DATA_DIR: folder }, open: () => openPglite(folder) };
  });
  onPostgres((engine) => {
    suite("PostgreSQL", async () => {
      const DATABASE_URL = await engine.emptyUrl();
      await runCo2e(["migrate"], { DATABASE_URL });
      return { env: { DATABASE_URL }, open: () => openPostgres(DATABASE_URL) };
    });
  });
});
