import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, type Instant, type Interval, instant, toIso } from "../src/core/time.ts";
import { type PullRequest, pullUsage } from "../src/flows/usage/pull-usage.ts";
import { createHttp } from "../src/sources/http.ts";
import { createPrometheus } from "../src/sources/prometheus.ts";
import type { Database } from "../src/store/database.ts";
import type { Store } from "../src/store/store.ts";
import { originOf, type Pull } from "../src/usage/prometheus-presets.ts";
import { type FakePrometheus, type FakeSeries, startFakePrometheus } from "./fakes/prometheus.ts";
import { onEachEngine } from "./support/engines.ts";
import { at, emptyStore, silentLog } from "./support/store-data.ts";

const BEGIN = at("2026-11-01T00:00Z");
const hour = (number: number): Instant => instant(BEGIN + number * HOUR_MS);
const hours = (from: number, to: number): Interval => ({ start: hour(from), end: hour(to) });
/** The hour whose end the query is about: 0 for the one that ends at 01:00. */
const numberOf = (seconds: number): number => (seconds * 1000 - BEGIN) / HOUR_MS - 1;

const pullOf = (name: string, query: string, unit: "joules" | "requests"): Pull => ({
  name,
  origin: originOf(name),
  queries: [{ query, unit }],
  service: { label: "app" },
  region: { label: "region" },
  labels: {},
  boundary: "it",
  tier: "measured",
});
const POWER = pullOf("power", "joules", "joules");
const HTTP = pullOf("http", "requests", "requests");

let fake: FakePrometheus;
beforeEach(async () => {
  fake = await startFakePrometheus();
});
afterEach(() => fake.close());

/** 1 kWh in hour 0, 2 kWh in hour 1 and so on; null for the hours that are missing. */
const growing = (labels: Record<string, string> = {}, missing: readonly number[] = []): FakeSeries => ({
  metric: { app: "checkout", region: "eu-central-1", ...labels },
  at: (seconds) => (missing.includes(numberOf(seconds)) ? null : String((numberOf(seconds) + 1) * 3_600_000)),
});

onEachEngine((engine) => {
  let database: Database;
  let store: Store;
  let recalculations = 0;
  let now = hour(6);
  beforeEach(async () => {
    ({ database, store } = await emptyStore(engine));
    recalculations = 0;
    now = hour(6);
    fake.series.set("joules", [growing()]);
    fake.series.set("requests", [{ metric: { app: "checkout", region: "eu-central-1" }, at: () => "100" }]);
  });

  const pull = (request: Partial<PullRequest> & { hoursPerQuery?: number } = {}, into: Store = store) =>
    pullUsage(
      {
        store: into,
        prometheus: createPrometheus({
          http: createHttp({ fetch, clock: () => now, timeoutMs: 5_000, attempts: 1, retryDelayMs: 0 }),
          baseUrl: fake.url,
          login: null,
          orgId: null,
          timeoutMs: 5_000,
          hoursPerQuery: request.hoursPerQuery ?? 24,
          hide: (text) => text,
        }),
        clock: () => now,
        log: silentLog,
        recalculate: async () => recalculations++,
      },
      {
        pulls: [POWER],
        interval: null,
        lookBackHours: 6,
        again: false,
        resolveRegion: (name) => (name === "eu-central-1" ? name : undefined),
        ...request,
      },
    );
  const stored = () =>
    database.query<{
      origin: string;
      hour: number;
      kwh: number | null;
      requests: number | null;
      revision: number;
    }>(
      `select o.origin, ((extract(epoch from u.starts_at) * 1000 - ${BEGIN}) / ${HOUR_MS})::int as hour,
              u.energy_kwh as kwh, u.requests, u.revision
       from usage_row u join usage_origin o using (origin_id) order by o.origin, u.starts_at`,
    );
  const asked = () =>
    fake.requests.map(({ query }) => [numberOf(Number(query.start)), numberOf(Number(query.end))]);

  it("that is stopped ends between two portions of hours, and the next one goes on from there", async () => {
    const stop = new AbortController();
    const stopped = pull({
      hoursPerQuery: 2,
      signal: stop.signal,
      onProgress: ({ hoursDone }) => {
        if (hoursDone === 4) stop.abort(new Error("told to stop"));
      },
    });
    await expect(stopped).rejects.toThrow("told to stop");
    expect((await stored()).map((row) => row.hour)).toEqual([0, 1, 2, 3]);
    // Hours 0 to 2 are settled at 06:00, 3 hours after their end; hour 3 is looked at again.
    expect((await pull()).pulls).toMatchObject([
      { hoursKnown: 3, hoursAsked: 3, rowsNew: 2, outcome: "complete" },
    ]);
  });

  it("keeps whole past hours of each pull under its own origin, and works them out once", async () => {
    now = instant(hour(2) + 40 * 60_000);
    const result = await pull({ pulls: [POWER, HTTP], lookBackHours: 2 });
    expect(result).toMatchObject({ from: toIso(hour(0)), to: toIso(hour(2)) });
    expect(
      result.pulls.map(({ pull: name, hoursAsked, rowsNew, outcome }) => [
        name,
        hoursAsked,
        rowsNew,
        outcome,
      ]),
    ).toEqual([
      ["power", 2, 2, "complete"],
      ["http", 2, 2, "complete"],
    ]);
    expect(await stored()).toEqual([
      { origin: "prometheus:http", hour: 0, kwh: null, requests: 100, revision: 1 },
      { origin: "prometheus:http", hour: 1, kwh: null, requests: 100, revision: 1 },
      { origin: "prometheus:power", hour: 0, kwh: 1, requests: null, revision: 1 },
      { origin: "prometheus:power", hour: 1, kwh: 2, requests: null, revision: 1 },
    ]);
    expect(recalculations).toBe(1);
  });

  it("asks again for the hours that were pulled within 3 hours of their end, and for no others", async () => {
    await pull();
    fake.requests.length = 0;
    const again = await pull();
    // At 06:00 the hours that ended at 03:00 or before are settled.
    expect(asked()).toEqual([[3, 5]]);
    expect(again.pulls).toMatchObject([{ hoursKnown: 3, hoursAsked: 3, rowsNew: 0, rowsUnchanged: 3 }]);
    now = hour(12);
    await pull({ interval: hours(0, 6) });
    fake.requests.length = 0;
    expect((await pull({ interval: hours(0, 6) })).pulls).toMatchObject([{ hoursKnown: 6, hoursAsked: 0 }]);
    expect(fake.requests).toEqual([]);
    expect((await pull({ interval: hours(0, 6), again: true })).pulls).toMatchObject([{ rowsUnchanged: 6 }]);
  });

  it("takes what came late: the hour has the new value, the log the old one", async () => {
    fake.series.set("joules", [{ ...growing(), at: () => "1800000" }]);
    await pull({ interval: hours(5, 6) });
    fake.series.set("joules", [{ ...growing(), at: () => "3600000" }]);
    expect((await pull({ interval: hours(5, 6) })).pulls).toMatchObject([{ rowsNew: 0, rowsChanged: 1 }]);
    expect(await stored()).toMatchObject([{ hour: 5, kwh: 1, revision: 2 }]);
    expect(await database.query("select energy_kwh::float8 as kwh from usage_row_log")).toEqual([
      { kwh: 0.5 },
    ]);
  });

  it("repairs gaps: hours without data have no row, and are asked for until they have", async () => {
    fake.series.set("joules", [growing({}, [1, 2, 4])]);
    const first = await pull();
    expect(first.pulls).toMatchObject([
      {
        hoursEmpty: 3,
        gaps: [
          { from: toIso(hour(1)), to: toIso(hour(3)) },
          { from: toIso(hour(4)), to: toIso(hour(5)) },
        ],
        outcome: "complete",
      },
    ]);
    expect((await stored()).map(({ hour: number }) => number)).toEqual([0, 3, 5]);
    fake.series.set("joules", [growing()]);
    now = hour(20);
    expect((await pull({ interval: hours(0, 6) })).pulls).toMatchObject([{ rowsNew: 3, hoursEmpty: 0 }]);
    expect((await stored()).map(({ kwh }) => kwh)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("takes NaN as missing and zero as zero", async () => {
    fake.series.set("joules", [
      { metric: growing().metric, at: (seconds) => ["NaN", "0", "+Inf"][numberOf(seconds)] ?? null },
    ]);
    const { pulls } = await pull({ interval: hours(0, 3) });
    expect(await stored()).toMatchObject([{ hour: 1, kwh: 0 }]);
    expect(pulls).toMatchObject([{ hoursEmpty: 2, warnings: [{ kind: "not-finite", values: 2 }] }]);
  });

  it("goes on where it stopped: what came before a failure is kept, and not asked for again", async () => {
    now = hour(20);
    let portions = 0;
    fake.faults.add({ match: () => ++portions === 3, fault: { kind: "html" } });
    const first = await pull({ interval: hours(0, 6), hoursPerQuery: 2 });
    expect(first.pulls).toMatchObject([
      { hoursAsked: 4, rowsNew: 4, outcome: "incomplete", error: { kind: "malformed" } },
    ]);
    expect(recalculations).toBe(1);
    fake.requests.length = 0;
    const second = await pull({ interval: hours(0, 6), hoursPerQuery: 2 });
    expect(asked()).toEqual([[4, 5]]);
    expect(second.pulls).toMatchObject([{ hoursKnown: 4, rowsNew: 2, outcome: "complete" }]);
  });

  it("a pull that fails leaves the others as they are", async () => {
    const { pulls } = await pull({ pulls: [pullOf("broken", "bad query", "joules"), POWER] });
    expect(pulls).toMatchObject([
      { pull: "broken", outcome: "failed", error: { kind: "refused" }, hoursAsked: 0 },
      { pull: "power", outcome: "complete", rowsNew: 6 },
    ]);
  });

  it("warns of a region that is not configured, and takes its hours once it is", async () => {
    now = hour(20);
    fake.series.set("joules", [growing(), growing({ region: "mars-1", app: "rover" })]);
    const interval = hours(0, 2);
    expect((await pull({ interval })).pulls).toMatchObject([
      { rowsNew: 2, hoursEmpty: 0, warnings: [{ kind: "unknown-region", values: 2 }] },
    ]);
    const all = await pull({ interval, resolveRegion: (name) => name });
    expect(all.pulls).toMatchObject([{ rowsNew: 2, rowsUnchanged: 2, warnings: [] }]);
  });

  it("says that a query gives nothing at all", async () => {
    fake.series.clear();
    expect((await pull()).pulls).toMatchObject([
      { outcome: "complete", hoursEmpty: 6, warnings: [{ kind: "nothing-at-all" }] },
    ]);
    expect(await stored()).toEqual([]);
  });

  it("repeats what Prometheus warns of", async () => {
    fake.warnings = ["a store is gone"];
    expect((await pull()).pulls[0]?.warnings).toEqual([
      { kind: "prometheus", message: "Prometheus says: a store is gone", values: 0 },
    ]);
  });

  it("writes the usage of an hour and the note that it was pulled together: a kill between them leaves neither", async () => {
    const killed: Store = {
      ...store,
      transaction: (work) =>
        store.transaction(async (tables) => {
          await work(tables);
          throw new Error("killed");
        }),
    };
    await expect(pull({ interval: hours(0, 2) }, killed)).rejects.toThrow("killed");
    expect(await stored()).toEqual([]);
    expect(await store.usagePulls.hours(POWER.origin, hours(0, 24))).toEqual([]);
    expect((await pull({ interval: hours(0, 2) })).pulls).toMatchObject([{ rowsNew: 2, hoursKnown: 0 }]);
  });

  it("notes no hour as pulled whose usage is refused", async () => {
    now = hour(20);
    // A row of the same origin that is longer than an hour: what lies in both would count twice.
    await store.transaction((tables) =>
      tables.usage.record([
        {
          ...hours(1, 3),
          service: "checkout",
          region: "eu-central-1",
          labels: {},
          origin: POWER.origin,
          requests: null,
          energy: { kWh: 1, boundary: "it", tier: "measured" },
          quantities: null,
          cost: null,
        },
      ]),
    );
    const { pulls } = await pull({ interval: hours(0, 2) });
    expect(pulls).toMatchObject([{ outcome: "failed", error: { kind: "refused" } }]);
    expect(await store.usagePulls.hours(POWER.origin, hours(0, 24))).toEqual([]);
    expect(await stored()).toHaveLength(1);
  });

  describe("the notes of what was pulled", () => {
    it("are by origin and hour, and the later one counts", async () => {
      await store.usagePulls.note("prometheus:a", [
        { hour: hour(1), pulledAt: hour(3), rows: 5 },
        { hour: hour(2), pulledAt: hour(3), rows: 6 },
      ]);
      await store.usagePulls.note("prometheus:a", [{ hour: hour(2), pulledAt: hour(9), rows: 7 }]);
      await store.usagePulls.note("prometheus:b", [{ hour: hour(2), pulledAt: hour(4), rows: 1 }]);
      expect(await store.usagePulls.hours("prometheus:a", hours(0, 3))).toEqual([
        { hour: hour(1), pulledAt: hour(3), rows: 5 },
        { hour: hour(2), pulledAt: hour(9), rows: 7 },
      ]);
      expect(await store.usagePulls.hours("prometheus:a", hours(2, 3))).toHaveLength(1);
    });

    it("use no number of an origin up that is known", async () => {
      for (let time = 0; time < 5; time++)
        await store.usagePulls.note("prometheus:a", [{ hour: hour(1), pulledAt: hour(3), rows: 5 }]);
      await store.usagePulls.note("prometheus:b", [{ hour: hour(1), pulledAt: hour(3), rows: 5 }]);
      expect(await database.query("select origin_id::int as id from usage_origin order by id")).toEqual([
        { id: 1 },
        { id: 2 },
      ]);
    });
  });
});
