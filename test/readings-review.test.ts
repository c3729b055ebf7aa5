import { describe, expect, it } from "vitest";
import { ConfigError, RefusedError } from "../src/core/errors.ts";
import type { CheckedReading } from "../src/core/intensity.ts";
import { instant, MINUTE_MS } from "../src/core/time.ts";
import { listSuspects } from "../src/flows/grid/list-suspects.ts";
import { recordReadings } from "../src/flows/grid/record-readings.ts";
import { type ReviewRequest, reviewReadings } from "../src/flows/grid/review-readings.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { at, checked, emptyStore, later, policyAt } from "./support/store-data.ts";

const TEN = at("2026-11-23T10:00Z");
const ELEVEN = later(TEN, 1);
const NOW = later(TEN, 30);
const PLACES = [
  { zone: { key: "DE", wattTimeRegion: null }, regions: ["eu-central-1", "office"] },
  { zone: { key: "US-MIDA-PJM", wattTimeRegion: null }, regions: ["us-east-1"] },
];

async function record(store: Store, zone: string, ...readings: CheckedReading[]): Promise<void> {
  const regions = PLACES.find((place) => place.zone.key === zone)?.regions ?? [];
  await recordReadings(store, { zone, regions, readings, mixes: [] }, policyAt(NOW));
}

const step = (fields: Partial<CheckedReading> = {}): CheckedReading =>
  checked({ start: TEN, gCO2ePerKWh: 90, suspect: ["step"], ...fields });

const request = (ids: readonly string[], accept: boolean): ReviewRequest => ({
  ids,
  accept,
  reviewer: "Ada",
  reason: "storm night",
  places: PLACES,
  policy: policyAt(NOW),
});

const waiting = async (store: Store) =>
  (await listSuspects(store, { zones: undefined, limit: 50, places: PLACES })).suspects;

const hourOf = async (store: Store, region: string, hour = TEN) =>
  (await store.intensity.hours(region, { start: hour, end: later(hour, 1) }))[0];

onEachEngine((engine) => {
  describe("the list", () => {
    it("says what was sent, why it waits, and what stands for its hour meanwhile", async () => {
      const { store } = await emptyStore(engine);
      await record(
        store,
        "DE",
        step({ gCO2ePerKWh: 45.359237, rawValue: 100, rawUnit: "lb/MWh", suspect: ["zero", "step"] }),
        checked({ start: TEN, gCO2ePerKWh: 310, source: "watttime" }),
      );
      const { suspects, total } = await listSuspects(store, { zones: undefined, limit: 50, places: PLACES });
      expect(total).toBe(1);
      expect(suspects).toEqual([
        {
          id: expect.stringMatching(/^\d+$/),
          zone: "DE",
          start: "2026-11-23T10:00:00.000Z",
          end: "2026-11-23T11:00:00.000Z",
          source: "electricity_maps",
          basis: "average/lifecycle/consumption",
          kind: "measured",
          rawValue: 100,
          rawUnit: "lb/MWh",
          gCO2ePerKWh: 45.359237,
          fetchedAt: "2026-11-23T12:00:00.000Z",
          reasons: ["zero", "step"],
          reasonsInWords: "0 g/kWh, which this grid does not reach; a jump larger than this zone makes",
          stands: { region: "eu-central-1", gCO2ePerKWh: 310, source: "watttime" },
        },
      ]);
    });

    it("can be limited to a zone and a number, and counts all the same", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step(), step({ start: ELEVEN }));
      await record(store, "PL", step({ zone: "PL" }));
      const listed = await listSuspects(store, { zones: ["DE"], limit: 1, places: PLACES });
      expect(listed).toMatchObject({ total: 2, suspects: [{ zone: "DE", stands: null }] });
      const elsewhere = await listSuspects(store, { zones: ["PL"], limit: 9, places: PLACES });
      expect(elsewhere.suspects).toMatchObject([{ zone: "PL", stands: null }]);
    });
  });

  describe("a review", () => {
    it("that accepts lets the reading stand for its hour at once, in every region of its zone", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step(), checked({ start: TEN, gCO2ePerKWh: 310, source: "watttime" }));
      const [suspect] = await waiting(store);
      const result = await reviewReadings(store, request([suspect?.id ?? ""], true));
      const changed = {
        hour: "2026-11-23T10:00:00.000Z",
        before: { gCO2ePerKWh: 310, source: "watttime" },
        after: { gCO2ePerKWh: 90, source: "electricity_maps" },
      };
      expect(result).toMatchObject({
        verdict: "accepted",
        reviewer: "Ada",
        reason: "storm night",
        readings: [{ id: suspect?.id, zone: "DE", idle: null }],
        hours: [
          { region: "eu-central-1", ...changed },
          { region: "office", ...changed },
        ],
      });
      expect(await hourOf(store, "office")).toMatchObject({ gCO2ePerKWh: 90 });
      expect(await waiting(store)).toEqual([]);
      expect(await store.readings.byIds([suspect?.id ?? ""])).toMatchObject([{ review: true }]);
    });

    it("that rejects makes it wait no longer and changes nothing; of a good reading it takes the hour away", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step(), checked({ start: ELEVEN, gCO2ePerKWh: 300 }));
      const [suspect] = await waiting(store);
      const first = await reviewReadings(store, request([suspect?.id ?? ""], false));
      expect(first.hours[0]).toMatchObject({ before: null, after: null });
      expect(await waiting(store)).toEqual([]);
      const [good] = await store.readings
        .candidates("DE", [ELEVEN])
        .then((all) => all.filter(({ start }) => start === ELEVEN));
      const second = await reviewReadings(store, request([good?.readingId ?? ""], false));
      expect(second.hours[0]).toMatchObject({ before: { gCO2ePerKWh: 300 }, after: null });
      expect(await hourOf(store, "eu-central-1", ELEVEN)).toBeUndefined();
    });

    it("can be taken back: the latest word counts", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step());
      const ids = [(await waiting(store))[0]?.id ?? ""];
      await reviewReadings(store, request(ids, true));
      const later = { ...request(ids, false), policy: policyAt(instant(NOW + 1)) };
      const result = await reviewReadings(store, later);
      expect(result.hours[0]).toMatchObject({ before: { gCO2ePerKWh: 90 }, after: null });
    });

    it("of readings in several zones decides the hours of each", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step());
      await record(store, "US-MIDA-PJM", step({ zone: "US-MIDA-PJM" }));
      const ids = (await waiting(store)).map(({ id }) => id);
      const { hours } = await reviewReadings(store, request(ids, true));
      expect(hours.map(({ region, after }) => [region, after?.gCO2ePerKWh])).toEqual([
        ["eu-central-1", 90],
        ["office", 90],
        ["us-east-1", 90],
      ]);
    });

    it.each([
      ["negative", -3, "-3 g/kWh is below 0"],
      ["absurd", 5000, "5000 or more"],
      ["missing", null, "it has no value"],
    ])("cannot accept a value that is %s, and then writes nothing at all", async (_, gCO2ePerKWh, why) => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step(), step({ start: ELEVEN, gCO2ePerKWh, suspect: ["negative"] }));
      const ids = (await waiting(store)).map(({ id }) => id);
      const refused = reviewReadings(store, request(ids, true));
      await expect(refused).rejects.toThrow(RefusedError);
      await expect(refused).rejects.toThrow(why);
      expect(await waiting(store)).toHaveLength(2);
      expect((await reviewReadings(store, request(ids, false))).verdict).toBe("rejected");
    });

    it("of an id that does not exist is a mistake, and then nothing is written", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step());
      const ids = [(await waiting(store))[0]?.id ?? "", "999999"];
      const mistaken = reviewReadings(store, request(ids, true));
      await expect(mistaken).rejects.toThrow(ConfigError);
      await expect(mistaken).rejects.toThrow("No reading has the id 999999");
      expect(await waiting(store)).toHaveLength(1);
    });

    it("says why it changes no hour: marginal, replaced since, or of a zone without a region", async () => {
      const { store } = await emptyStore(engine);
      await record(
        store,
        "DE",
        step(),
        step({ start: ELEVEN, signal: "marginal", factorType: "direct", source: "watttime" }),
      );
      await record(store, "PL", step({ zone: "PL" }));
      const ids = (await waiting(store)).map(({ id }) => id);
      await record(store, "DE", checked({ start: TEN, gCO2ePerKWh: 91, rawValue: 91, fetchedAt: NOW }));
      const { readings } = await reviewReadings(store, request(ids, true));
      expect(readings.map(({ zone, source, idle }) => [zone, source, idle])).toEqual([
        ["DE", "electricity_maps", "superseded"],
        ["DE", "watttime", "marginal"],
        ["PL", "electricity_maps", "no-region"],
      ]);
      expect(await hourOf(store, "eu-central-1")).toMatchObject({ gCO2ePerKWh: 91 });
    });

    it("of a reading after which a suspect one came stands while nobody has looked at the later one", async () => {
      const { store } = await emptyStore(engine);
      await record(store, "DE", step());
      const ids = (await waiting(store)).map(({ id }) => id);
      await record(store, "DE", step({ gCO2ePerKWh: 91, rawValue: 91, fetchedAt: NOW }));
      const { readings } = await reviewReadings(store, request(ids, true));
      expect(readings.map(({ idle }) => idle)).toEqual([null]);
      expect(await hourOf(store, "eu-central-1")).toMatchObject({ gCO2ePerKWh: 90 });
    });

    it("of a reading across the full hour decides both hours", async () => {
      const { store } = await emptyStore(engine);
      const half = 30 * MINUTE_MS;
      await record(store, "DE", step({ start: instant(TEN + half), end: instant(ELEVEN + half) }));
      const ids = (await waiting(store)).map(({ id }) => id);
      const { hours } = await reviewReadings(store, request(ids, false));
      expect(hours.map(({ hour }) => hour).slice(0, 2)).toEqual([
        "2026-11-23T10:00:00.000Z",
        "2026-11-23T11:00:00.000Z",
      ]);
    });
  });
});

describe("co2e readings review", () => {
  const folder = temporaryFolder();
  const env = { CO2E_DATA_DIR: folder };
  const review = (...args: string[]) => runCo2e(["readings", "review", ...args], env);

  it.each([
    [["1", "--reason", "x"], /--accept or --reject, one of the two/],
    [["1", "--accept", "--reject", "--reason", "x"], /--accept or --reject, one of the two/],
    [["1", "--accept"], /--reason is missing/],
    [["1", "--accept", "--reason", " "], /--reason is missing/],
    [["one", "--accept", "--reason", "x"], /Use ids from co2e readings review/],
    [["--accept"], /Say which readings/],
    [["1", "--reject", "--reason", "x", "--zone", "DE"], /--zone and --limit are for the list/],
    [["--limit", "0"], /whole number from 1/],
    [["1", "--accept", "--reason", "x"], /no database yet/],
  ])("%j exits 1 with a clear line", async (args, message) => {
    const { exitCode, stderr, stdout } = await review(...args);
    expect(stderr).toMatch(message);
    expect([exitCode, stdout]).toEqual([1, ""]);
  });

  it("from the list to the review: two values of a file, one possible and one not", async () => {
    const csv = "timestamp,intensity\n2023-06-01T00:00Z,200\n2023-06-01T01:00Z,-3\n2023-06-01T02:00Z,210\n";
    const imported = await runCo2e(["import", "intensity", "-", "--zone", "DE"], env, { stdin: csv });
    expect(imported.exitCode, imported.stderr).toBe(0);
    const listed = await review();
    expect(listed.exitCode, listed.stderr).toBe(0);
    expect(listed.stdout).toMatch(
      /^1 suspect reading waits for a review:\n\n(\d+) {2}DE {2}2023-06-01 01:00 to 02:00 UTC/,
    );
    const id = /^(\d+) {2}DE/m.exec(listed.stdout)?.[1] ?? "";
    const accepted = await review(id, "--accept", "--reason", "really");
    expect(accepted.exitCode).toBe(75);
    expect(accepted.stderr).toMatch(/-3 g\/kWh is below 0/);
    const unknown = await review("424242", "--reject", "--reason", "x");
    expect(unknown.exitCode).toBe(1);
    const rejected = await review(id, "--reject", "--reason", "stuck meter", "--reviewer", "Ada", "--json");
    expect(rejected.exitCode, rejected.stderr).toBe(0);
    expect(JSON.parse(rejected.stdout)).toMatchObject({
      verdict: "rejected",
      reviewer: "Ada",
      reason: "stuck meter",
      readings: [{ id }],
    });
    expect((await review()).stdout).toBe("No suspect reading waits for a review.\n");
  });
});
