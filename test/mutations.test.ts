import { expect, it } from "vitest";
import { SourceError } from "../src/core/errors.ts";
import type { IntensityReading } from "../src/core/intensity.ts";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { createHttp } from "../src/sources/http.ts";
import { sourceModule } from "../src/sources/registry.ts";
import { runMutations } from "./mutations/run-mutations.ts";
import { MUTATION_SUBJECTS, NOW } from "./mutations/subjects.ts";

// Right answers of every provider, broken in a thousand ways: what comes of one is a right value or a typed error.
// `npm run campaign` does 100,000.

const SEED = 3;

it("no mutated answer becomes a wrong value, an untyped error, or a message with a secret", async () => {
  const { bodies, outcomes, violations } = await runMutations({ bodies: 3000, seed: SEED });
  expect(violations).toEqual([]);
  expect(bodies).toBe(3000);
  // Both happen for every kind of answer, else nothing was tried.
  for (const { name } of MUTATION_SUBJECTS) {
    expect(outcomes[name]?.right, name).toBeGreaterThan(10);
    expect(outcomes[name]?.["error: malformed"], name).toBeGreaterThan(10);
  }
}, 120_000);

it("the same seed makes the same bodies, another one makes others", async () => {
  const small = { bodies: 150, only: "energinet" };
  const first = await runMutations({ ...small, seed: 1 });
  expect(await runMutations({ ...small, seed: 1 })).toEqual(first);
  expect((await runMutations({ ...small, seed: 2 })).outcomes).not.toEqual(first.outcomes);
});

/** What a source makes of one answer. */
async function answered(name: string, zone: string, body: unknown): Promise<IntensityReading[] | string> {
  const clock = () => NOW;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const fetch = async () => new Response(text);
  const http = createHttp({ fetch, clock, timeoutMs: 60_000, attempts: 1, retryDelayMs: 0 });
  const module = sourceModule(name);
  const fallbacks = new Map(module?.settings.map(({ variable, fallback }) => [variable, fallback]));
  const source = module?.create({
    http,
    clock,
    setting: (variable) => fallbacks.get(variable) ?? "s3cret-of-a-test",
  });
  const end = instant(Math.floor(NOW / HOUR_MS) * HOUR_MS);
  const interval = { start: instant(end - 23 * HOUR_MS), end };
  const request = {
    zone: { key: zone, wattTimeRegion: zone },
    signal: "average",
    factorType: "lifecycle",
  } as const;
  try {
    return (await source?.fetchIntensity({ ...request, interval, now: NOW })) ?? "no source";
  } catch (error) {
    if (error instanceof SourceError) return error.kind;
    throw error;
  }
}

const mapsRow = (datetime: string, carbonIntensity: number) => ({ zone: "DE", datetime, carbonIntensity });
const maps = (...history: unknown[]) => answered("electricity_maps", "DE", { zone: "DE", history });

it.each([
  ["an object without a way to become text", '{"toString":null}'],
  ["a nest of arrays", "[".repeat(5000) + "]".repeat(5000)],
])("a zone that is %s is another zone, not a fault of ours", async (_name, zone) => {
  expect(await answered("electricity_maps", "DE", `{"zone":${zone},"history":[]}`)).toBe("wrong-zone");
});

it("a row that begins within an hour is malformed: it would speak about parts of two hours", async () => {
  expect(await maps(mapsRow("2026-11-23T10:30:00Z", 300))).toBe("malformed");
});

it("rows that contradict each other about an hour say nothing of it; a row that comes twice says it once", async () => {
  const at = ["10", "11", "12"].map((hour) => `2026-11-23T${hour}:00:00Z`) as [string, string, string];
  const rows = [
    mapsRow(at[0], 300),
    mapsRow(at[1], 310),
    mapsRow(at[1], 320),
    mapsRow(at[2], 330),
    mapsRow(at[2], 330),
  ];
  expect(await maps(...rows)).toMatchObject([{ gCO2ePerKWh: 300 }, { gCO2ePerKWh: 330 }]);
});

const COUNT = 200_000;
const MINUTES_15 = Math.floor(NOW / 900_000) * 900;
it.each([
  [
    "energy_charts",
    "DE",
    {
      unix_seconds: Array.from({ length: COUNT }, (_, index) => MINUTES_15 - (COUNT - index) * 900),
      co2eq: Array.from({ length: COUNT }, () => 300),
    },
  ],
  [
    "eia",
    "US-MIDA-PJM",
    {
      response: {
        total: COUNT,
        data: Array.from({ length: COUNT }, () => ({
          period: "2026-11-23T01",
          respondent: "PJM",
          fueltype: "COL",
          value: "1",
        })),
      },
    },
  ],
])("an answer of %s with 200,000 entries is read like a short one", async (name, zone, body) => {
  const readings = await answered(name, zone, body);
  expect(Array.isArray(readings)).toBe(true);
  expect(new Set((readings as IntensityReading[]).map(({ zone: of }) => of))).toEqual(new Set([zone]));
});

it("a fuel that generates more than there is on Earth is not known", async () => {
  const rows = ["00", "01", "02"].flatMap((hour) =>
    ["COL", "NG"].map((fueltype) => ({
      period: `2026-11-23T${hour}`,
      respondent: "PJM",
      fueltype,
      value: hour === "01" && fueltype === "COL" ? "123456789" : "500",
    })),
  );
  const readings = await answered("eia", "US-MIDA-PJM", { response: { data: rows } });
  // (500 × 820 + 500 × 490) ÷ 1000 = 655, of the hours named by their ends 00 and 02.
  expect(readings).toMatchObject([{ gCO2ePerKWh: 655 }, { gCO2ePerKWh: 655 }]);
});
