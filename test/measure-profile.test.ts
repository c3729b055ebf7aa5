import { beforeEach, expect, it } from "vitest";
import { recalcParts } from "../src/app/emissions.ts";
import { readConfig } from "../src/config/config.ts";
import { RefusedError } from "../src/core/errors.ts";
import { HOUR_MS, instant, toIso } from "../src/core/time.ts";
import type { UsageRow } from "../src/core/usage.ts";
import { recalculate } from "../src/flows/emissions/recalculate.ts";
import { listProfiles } from "../src/flows/usage/list-profiles.ts";
import { type MeasureProfileRequest, measureServiceProfile } from "../src/flows/usage/measure-profile.ts";
import type { Database } from "../src/store/database.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { at, emptyStore } from "./support/store-data.ts";

const BEGIN = at("2026-11-01T00:00Z");
const PERIOD = { start: BEGIN, end: instant(BEGIN + 48 * HOUR_MS) };

/** An hour of checkout in eu-central-1. */
const row = (hour: number, fields: Partial<UsageRow>): UsageRow => ({
  start: instant(BEGIN + hour * HOUR_MS),
  end: instant(BEGIN + (hour + 1) * HOUR_MS),
  service: "checkout",
  region: "eu-central-1",
  labels: {},
  origin: "prometheus:kepler",
  requests: null,
  energy: null,
  quantities: null,
  cost: null,
  ...fields,
});
const energy = (hour: number, kWh: number, fields: Partial<UsageRow> = {}) =>
  row(hour, { energy: { kWh, boundary: "it", tier: "measured" }, labels: { namespace: "shop" }, ...fields });
const requests = (hour: number, count: number, fields: Partial<UsageRow> = {}) =>
  row(hour, { origin: "prometheus:http", requests: count, ...fields });
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

onEachEngine((engine) => {
  let database: Database;
  let store: Store;
  let recalculations = 0;
  beforeEach(async () => {
    ({ database, store } = await emptyStore(engine));
    recalculations = 0;
  });
  const record = (...rows: UsageRow[]) => store.transaction((tables) => tables.usage.record(rows));
  const measure = (request: Partial<MeasureProfileRequest> = {}) =>
    measureServiceProfile(
      { store, recalculate: async () => recalculations++ },
      {
        service: "checkout",
        region: null,
        period: PERIOD,
        validFrom: null,
        boundary: null,
        originOrder: [],
        dryRun: false,
        ...request,
      },
    );

  it("a profile is derived from the hours that have both, and kept with its evidence", async () => {
    // 20 hours of 0.1 kWh and 100 requests (1 Wh), 10 of 0.3 kWh and 100 (3 Wh): 5 kWh ÷ 3,000 = 1.667 Wh.
    await record(
      ...range(30).map((hour) => energy(hour, hour < 20 ? 0.1 : 0.3)),
      ...range(30).map((hour) => requests(hour, 100)),
      // Hours with one of the two, and another service and region.
      energy(40, 99),
      requests(41, 99),
      energy(42, 99, { service: "search" }),
      requests(42, 1, { service: "search" }),
    );
    const profile = await measure();
    expect(profile).toEqual({
      service: "checkout",
      from: toIso(PERIOD.start),
      to: toIso(PERIOD.end),
      validFrom: toIso(BEGIN),
      isSaved: true,
      boundary: "it",
      hours: 30,
      kWh: expect.closeTo(5, 9),
      requests: 3000,
      whPerRequest: expect.closeTo(5000 / 3000, 9),
      // A third of the hours has 3 Wh: the 90th percentile is 3, the 10th 1.
      lowWhPerRequest: expect.closeTo(1, 9),
      highWhPerRequest: expect.closeTo(3, 9),
      regions: ["eu-central-1"],
      energyOrigins: ["prometheus:kepler"],
      requestOrigins: ["prometheus:http"],
    });
    expect(recalculations).toBe(1);
    expect(await store.serviceProfiles.all()).toEqual([
      {
        service: "checkout",
        validFrom: toIso(BEGIN),
        whPerRequest: profile.whPerRequest,
        lowWhPerRequest: profile.lowWhPerRequest,
        highWhPerRequest: profile.highWhPerRequest,
        boundary: "it",
        source:
          "measured 2026-11-01 to 2026-11-03: 30 hours, 5 kWh, 3000 requests (prometheus:kepler, prometheus:http)",
      },
    ]);
    const listed = await listProfiles(store, { checkout: { whPerRequest: 2, description: "" } });
    expect(
      listed
        .filter(({ service }) => service === "checkout")
        .map(({ tier, validFrom, whPerRequest }) => [tier, validFrom, Number(whPerRequest.toFixed(3))]),
    ).toEqual([
      ["profile", null, 2],
      ["profile", toIso(BEGIN), 1.667],
    ]);
  });

  it("emissions of hours that only count requests are worked out again with the new profile", async () => {
    const config = { ...(await readConfig({ CO2E_DATA_DIR: "memory:" })), logLevel: "silent" };
    const { parts, settings } = await recalcParts(config, store);
    await record(
      ...range(24).flatMap((hour) => [energy(hour, 0.1), requests(hour, 100)]),
      requests(60, 5000),
    );
    await recalculate(parts, settings);
    const cell = () =>
      database.query(
        `select stated_kwh::float8 as stated, (kwh / stated_kwh)::float8 as pue, tier from emission_cell
         where cell_start = timestamptz '2026-11-03 12:00Z' and stated_kwh > 0`,
      );
    // Nothing is known of the energy of checkout without a meter.
    expect(await cell()).toEqual([]);
    await measureServiceProfile(
      { store, recalculate: () => recalculate(parts, settings) },
      {
        service: "checkout",
        region: null,
        period: PERIOD,
        validFrom: null,
        boundary: null,
        originOrder: [],
        dryRun: false,
      },
    );
    // 5,000 requests × 1 Wh = 5 kWh of the computers alone, × 1.35, the PUE of eu-central-1.
    expect(await cell()).toEqual([
      { stated: expect.closeTo(5, 9), pue: expect.closeTo(1.35, 9), tier: "profile" },
    ]);
  });

  it("one region can be measured alone, from another date on, or for show", async () => {
    const both = (region: string, kWh: number) =>
      range(24).flatMap((hour) => [energy(hour, kWh, { region }), requests(hour, 100, { region })]);
    await record(...both("eu-central-1", 0.1), ...both("us-east-1", 0.3));
    expect(await measure({ dryRun: true })).toMatchObject({
      hours: 48,
      whPerRequest: expect.closeTo(2, 9),
      isSaved: false,
    });
    expect(recalculations).toBe(0);
    const validFrom = at("2026-12-01T00:00Z");
    expect(await measure({ region: "us-east-1", validFrom })).toMatchObject({
      whPerRequest: expect.closeTo(3, 9),
      validFrom: toIso(validFrom),
    });
    expect((await store.serviceProfiles.all()).map((one) => one.validFrom)).toEqual([toIso(validFrom)]);
  });

  const refusal = async (request: Partial<MeasureProfileRequest> = {}): Promise<string> => {
    const error = await measure(request).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(RefusedError);
    expect(await store.serviceProfiles.all()).toEqual([]);
    expect(recalculations).toBe(0);
    return (error as Error).message;
  };

  it("23 hours are too few, and so are 999 requests", async () => {
    await record(...range(23).flatMap((hour) => [energy(hour, 0.1), requests(hour, 100)]));
    expect(await refusal()).toContain("23 hours");
    await record(energy(23, 0.1), requests(23, 100));
    await expect(measure({ dryRun: true })).resolves.toMatchObject({ hours: 24 });
    await record(...range(24).map((hour) => requests(hour, hour === 0 ? 79 : 40)));
    // 79 + 23 × 40 = 999
    expect(await refusal()).toContain("999 requests");
  });

  it("energy that was not measured makes no profile", async () => {
    await record(
      ...range(30).flatMap((hour) => [
        energy(hour, 0.1, { energy: { kWh: 0.1, boundary: "it", tier: "modelled" } }),
        requests(hour, 100),
      ]),
    );
    expect(await refusal()).toContain("none that was measured");
  });

  it("a period without one of the two says which one is missing", async () => {
    expect(await refusal()).toContain("no measured energy");
    await record(...range(30).map((hour) => energy(hour, 0.1)));
    expect(await refusal()).toContain("no requests");
    await record(...range(10).map((hour) => requests(30 + hour, 100)));
    expect(await refusal()).toContain("30 hours with measured energy and 10 with requests");
  });

  it("energy of both boundaries asks which one is meant", async () => {
    await record(
      ...range(48).flatMap((hour) => [
        energy(hour, 0.1, {
          energy: { kWh: 0.1, boundary: hour < 24 ? "it" : "facility", tier: "measured" },
        }),
        requests(hour, 100),
      ]),
    );
    expect(await refusal()).toContain("--boundary");
    expect(await measure({ boundary: "facility" })).toMatchObject({ boundary: "facility", hours: 24 });
  });

  it("a second profile from the same moment is refused, and the first one stays", async () => {
    await record(...range(24).flatMap((hour) => [energy(hour, 0.1), requests(hour, 100)]));
    await measure();
    await record(...range(24).map((hour) => energy(hour, 0.5)));
    await expect(measure()).rejects.toThrow(/holds from 2026-11-01 00:00 UTC/);
    expect(await store.serviceProfiles.all()).toMatchObject([{ whPerRequest: expect.closeTo(1, 9) }]);
  });
});
