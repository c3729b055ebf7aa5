import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { closedText, figureText, listText } from "../src/cli/close.ts";
import { reportText } from "../src/cli/report-text.ts";
import { calendarOf } from "../src/core/calendar.ts";
import { RefusedError } from "../src/core/errors.ts";
import type { Interval } from "../src/core/time.ts";
import { closingText } from "../src/emissions/closing.ts";
import { closeMonth } from "../src/flows/emissions/close-month.ts";
import { bookAdjustment, closedFigures, verifyClosedMonths } from "../src/flows/emissions/closed-figures.ts";
import { withClosedMonths } from "../src/flows/emissions/closed-in-report.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import { reportCsv } from "../src/report/report-csv.ts";
import { reportHtml } from "../src/report/report-html.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const OCTOBER = at("2025-10-10T10:00Z");
const NOVEMBER = at("2025-11-10T10:00Z");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const closing = (store: Store, month: string, now = at("2026-01-01T00:00Z")) =>
  closeMonth({ store, clock: () => now, sha256, version: "test" }, { month, closedBy: "ann" });
const hourOf = (start: Interval["start"]) => ({ start, end: later(start, 1) });

onEachEngine((engine) => {
  /** 1,200 g in October and in November 2025: 2 kWh IT × 1.5 × 400 g. */
  const twoMonths = async () => {
    const { database, store } = await emptyStore(engine);
    for (const start of [OCTOBER, NOVEMBER]) {
      await putHours(database, "us-east-1", flatHours(hourOf(start)));
      await record(store, [usageRow({ start })]);
    }
    await runRecalc(store);
    return { database, store };
  };

  const UTC = calendarOf("UTC");
  if (!UTC) throw new Error("no UTC");
  const reportOf = async (
    store: Store,
    name: string,
    day: string,
    until: string,
    filter: { readonly service?: string } = {},
  ) => {
    const period = { start: UTC.startOf(day), end: UTC.startOf(until) };
    return withClosedMonths({ store }, UTC, period, await reportEmissions({ store }, name, period, filter));
  };

  /** October is closed at 1,200 g; 3 kWh × 420 g = 1,260 g now, and the 60 g are booked in November. */
  const bookedInNovember = async () => {
    const { database, store } = await twoMonths();
    await closing(store, "2025-10");
    await putHours(database, "us-east-1", [{ hour: OCTOBER, g: 420 }]);
    await runRecalc(store);
    await bookAdjustment({ store }, { month: "2025-10", bookedIn: "2025-11", reason: "revised" });
    return { database, store };
  };

  describe("the month that takes a booking", () => {
    it("shows it beside its emissions in every form of its report, and never in them", async () => {
      const { store } = await bookedInNovember();
      const report = await reportOf(store, "2025-11", "2025-11-01", "2025-12-01");
      expect(report.total.emissionsGCO2e).toBe(1200);
      expect(report.bookings).toEqual([
        { month: "2025-10", bookedIn: "2025-11", kWh: 0, gCO2e: expect.closeTo(60, 9), reason: "revised" },
      ]);
      expect(reportText(report)).toContain(
        "Booked here from closed months: +0.060 kg CO2e (2025-10): revised; not in the emissions above.",
      );
      const csv = reportCsv(report).split("\r\n");
      expect(csv[0]).toMatch(/,booked_from_month,booked_in_month,booked_kwh,booked_gco2e,booked_reason$/);
      expect(csv[1]).toMatch(/^q2q-ai,us-east-1,.*,,,,,$/);
      expect(csv[2]).toMatch(
        /^,,2025-11-01.*,2025-12-01.*,2025-10,2025-11,0,(60|59\.99)\d*(\.\d+)?,revised$/,
      );
      expect(reportHtml(report)).toContain(
        '<td>2025-11</td><td class="n">+0.000</td><td class="n">+0.060</td>',
      );
    });

    it("and a longer period with it names the month; a part of the month, or another service, has none", async () => {
      const { store } = await bookedInNovember();
      const year = await reportOf(store, "2025", "2025-01-01", "2026-01-01");
      // 1,260 g of October as known now, and 1,200 g: the 60 g are not added once more.
      expect(year.total.emissionsGCO2e).toBeCloseTo(2460, 9);
      expect(reportText(year)).toContain(
        "Booked in 2025-11 from closed months: +0.060 kg CO2e (2025-10): revised; not in the emissions above.",
      );
      expect((await reportOf(store, "x", "2025-11-01", "2025-11-30")).bookings).toEqual([]);
      expect((await reportOf(store, "x", "2025-11-01", "2025-12-01", { service: "other" })).bookings).toEqual(
        [],
      );
    });

    it("is listed while it is open, and has it in its manifest and text when it is closed", async () => {
      const { store } = await bookedInNovember();
      expect(listText(await closedFigures({ store })).slice(-2)).toEqual([
        "2025-11: not closed yet",
        "  booked here: +0.060 kg CO2e (2025-10): revised",
      ]);
      const november = await closing(store, "2025-11");
      expect(november).toMatchObject({ emissionsGCO2e: 1200, bookings: [{ month: "2025-10" }] });
      expect(november.manifest.bookings).toMatchObject([
        { month: "2025-10", bookedIn: "2025-11", service: "q2q-ai", region: "us-east-1", reason: "revised" },
      ]);
      expect(closedText(november)).toContain(
        "Booked here from closed months: +0.060 kg CO2e (2025-10): revised",
      );
      expect(listText(await closedFigures({ store }))).toContain(
        "  booked here: +0.060 kg CO2e (2025-10): revised",
      );
      expect(await verifyClosedMonths({ store, sha256 })).toEqual({ months: 2, problems: [] });
    });

    it.each([
      ["changed", "update month_adjustment set g_co2e = g_co2e + 1"],
      ["given another reason", "update month_adjustment set reason = 'nothing'"],
      ["removed", "delete from month_adjustment"],
    ])("notices when it is closed that a booking was %s", async (_, sql) => {
      const { database, store } = await bookedInNovember();
      await closing(store, "2025-11");
      await database.query(sql);
      expect((await verifyClosedMonths({ store, sha256 })).problems).toEqual([
        "2025-11: a booking that it takes was changed, removed or added after it was closed",
      ]);
    });

    it("notices a booking that was added later; a month closed before manifests held bookings says nothing", async () => {
      const { database, store } = await bookedInNovember();
      await database.query("delete from month_adjustment");
      await closing(store, "2025-11");
      await database.query(
        `insert into month_adjustment (month, series_id, booked_in, g_co2e, kwh, reason)
         select month, series_id, '2025-11-01', 7, 0, 'later' from closed_line where month = '2025-10-01'`,
      );
      expect((await verifyClosedMonths({ store, sha256 })).problems).toHaveLength(1);
      const { database: other, store: before } = await bookedInNovember();
      const closed = {
        month: "2025-11",
        timeZone: "UTC",
        closedBy: "ann",
        previousSha256: (await before.closedMonths.all())[0]?.sha256 ?? null,
        manifest: { codeVersion: "0.2.0" },
      };
      const lines = await before.closedMonths.liveLines("2025-11");
      await before.closedMonths.write(
        { ...closed, sha256: sha256(closingText({ ...closed, lines })) },
        lines,
      );
      await other.query("update month_adjustment set g_co2e = g_co2e + 1");
      expect(await verifyClosedMonths({ store: before, sha256 })).toEqual({ months: 2, problems: [] });
    });
  });

  describe("closing a month", () => {
    it("copies its sums with a manifest, and chains the months by their hashes", async () => {
      const { store } = await twoMonths();
      const october = await closing(store, "2025-10");
      expect(october).toMatchObject({
        emissionsGCO2e: 1200,
        kWh: 3,
        series: 1,
        previousSha256: null,
        leftOut: { rows: 0, kWh: 0, gCO2e: null },
        notes: [],
      });
      expect(october.manifest).toMatchObject({
        codeVersion: "test",
        usageRows: 1,
        hoursOfMonth: 744,
        hoursByKind: { measured: 1 },
        kWhByTier: { measured: 3, guess: 0 },
        coveredKWh: 3,
      });
      expect((await closing(store, "2025-11")).previousSha256).toBe(october.sha256);
      expect(await verifyClosedMonths({ store, sha256 })).toEqual({ months: 2, problems: [] });
    });

    it("is refused for a month that is not over, empty, closed, or waiting to be recalculated", async () => {
      const { store } = await twoMonths();
      await expect(closing(store, "2025-11", at("2025-11-30T23:59Z"))).rejects.toThrow("is not over");
      await expect(closing(store, "2025-09")).rejects.toThrow("has no emissions");
      await record(store, [usageRow({ start: later(OCTOBER, 1) })]);
      await expect(closing(store, "2025-10")).rejects.toThrow("1 day of a region waits in 2025-10");
      await runRecalc(store);
      await closing(store, "2025-10");
      await expect(closing(store, "2025-10")).rejects.toThrow("was closed by ann");
    });

    it("leaves out rows that state their own figures, and says how much they are", async () => {
      const { database, store } = await twoMonths();
      const state = (start: string, end: string, kWh: number, g: number | null) =>
        database.query(
          `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kwh, total_gco2e)
           values ('q2q-ai', 'us-east-1', $1, $2, 100, $3, $4)`,
          [start, end, kWh, g],
        );
      await state("2025-09-01T00:00Z", "2025-09-02T00:00Z", 9, 9);
      await expect(closing(store, "2025-09")).rejects.toThrow(
        "has no emissions that are worked out from usage. Left out: a row that states its own figures " +
          "(no stored usage is behind it), 9.000 kWh and 0.009 kg CO2e. Look with: co2e report --month 2025-09",
      );
      // 12 of its 24 hours lie in October: 4 kWh, 1,600 g. One hour of four has usage: 3 kWh, emissions unknown. The last
      // one has usage in all of its time.
      await state("2025-10-31T12:00Z", "2025-11-01T12:00Z", 8, 3200);
      await state("2025-10-10T08:00Z", "2025-10-10T12:00Z", 4, null);
      await state("2025-10-10T10:15Z", "2025-10-10T10:45Z", 7, 7000);
      const october = await closing(store, "2025-10");
      expect(october).toMatchObject({
        kWh: 3,
        emissionsGCO2e: 1200,
        leftOut: { rows: 2, kWh: 7, gCO2e: 1600 },
        manifest: { statedRowsLeftOut: 2, statedKWhLeftOut: 7, statedGCO2eLeftOut: 1600 },
      });
      const said =
        "Left out: 2 rows that state their own figures (no stored usage is behind them), 7.000 kWh and 1.600 kg CO2e: " +
        "a report of the month shows them too; what is closed does not hold them.";
      expect(october.notes).toEqual([said]);
      expect(closedText(october)).toContain(said);
      const figures = await closedFigures({ store });
      expect(figures).toMatchObject([{ closedKWh: 3, leftOut: { rows: 2, kWh: 7, gCO2e: 1600 } }]);
      expect(figures.flatMap(figureText)).toContain(
        "  not in it: 2 rows that state their own figures, 7.000 kWh, 1.600 kg CO2e",
      );
      expect(await verifyClosedMonths({ store, sha256 })).toEqual({ months: 1, problems: [] });
    });

    it("a month that was closed before manifests said how much, still follows and says nothing of it", async () => {
      const { store } = await twoMonths();
      const manifest = { codeVersion: "0.2.0", statedRowsLeftOut: 2 };
      const closed = { month: "2025-10", timeZone: "UTC", closedBy: "ann", previousSha256: null, manifest };
      const lines = await store.closedMonths.liveLines("2025-10");
      await store.closedMonths.write({ ...closed, sha256: sha256(closingText({ ...closed, lines })) }, lines);
      await closing(store, "2025-11");
      expect(await verifyClosedMonths({ store, sha256 })).toEqual({ months: 2, problems: [] });
      expect(await closedFigures({ store }, ["2025-10"])).toMatchObject([{ leftOut: null }]);
    });

    it("says that an earlier month is still open", async () => {
      const { store } = await twoMonths();
      expect((await closing(store, "2025-11")).notes).toEqual([
        "Open: earlier months have figures and are not closed: 2025-10.",
      ]);
    });

    it("takes days of the accounting time zone: 31 October 23:30 UTC is November in Berlin", async () => {
      const { database, store } = await emptyStore(engine);
      const late = at("2025-10-31T23:00Z");
      await putHours(database, "us-east-1", flatHours(hourOf(late)));
      await record(store, [usageRow({ start: late })]);
      await runRecalc(store, { timeZone: "Europe/Berlin" });
      await expect(closing(store, "2025-10")).rejects.toThrow("has no emissions");
      expect(await closing(store, "2025-11")).toMatchObject({
        timeZone: "Europe/Berlin",
        emissionsGCO2e: 1200,
      });
    });
  });

  describe("a closed month that is revised", () => {
    it("keeps its figure; the difference is open until it is booked, and can be booked once", async () => {
      const { database, store } = await twoMonths();
      await closing(store, "2025-10");
      // 3 kWh × 420 g = 1,260 g: 60 g more, exactly 5 %.
      await putHours(database, "us-east-1", [{ hour: OCTOBER, g: 420 }]);
      await runRecalc(store);
      expect(await closedFigures({ store })).toMatchObject([
        { month: "2025-10", closedGCO2e: 1200, bookedGCO2e: 0, isRestatement: false },
      ]);
      const book = () =>
        bookAdjustment({ store }, { month: "2025-10", bookedIn: "2025-11", reason: "revised" });
      const first = await book();
      expect(first.series).toBe(1);
      expect(first.gCO2e).toBeCloseTo(60, 9);
      expect(await book()).toMatchObject({ series: 0, gCO2e: 0 });
      const [figure] = await closedFigures({ store });
      expect(figure).toMatchObject({
        closedGCO2e: 1200,
        openGCO2e: 0,
        adjustments: [{ bookedIn: "2025-11", reason: "revised" }],
      });
      expect((await verifyClosedMonths({ store, sha256 })).problems).toEqual([]);
    });

    it("by more than 5 % is called a restatement, whether booked or not", async () => {
      const { database, store } = await twoMonths();
      await closing(store, "2025-10");
      await putHours(database, "us-east-1", [{ hour: OCTOBER, g: 200 }]);
      await runRecalc(store);
      expect(await closedFigures({ store })).toMatchObject([{ openGCO2e: -600, isRestatement: true }]);
      const october = await reportOf(store, "2025-10", "2025-10-01", "2025-11-01");
      expect(october.notes).toContain(
        "Closed: 2025-10 is closed at 1.200 kg for all services, open adjustment −0.600 kg: a restatement.",
      );
      expect(october.closedMonths).toMatchObject([
        { month: "2025-10", closedGCO2e: 1200, bookedGCO2e: 0, openGCO2e: -600, isRestatement: true },
      ]);
      const november = await reportOf(store, "2025-11", "2025-11-01", "2025-12-01");
      expect(november).toMatchObject({ closedMonths: [], bookings: [] });
      expect(november.notes.filter((note) => note.startsWith("Closed"))).toEqual([]);
      await bookAdjustment({ store }, { month: "2025-10", bookedIn: "2025-11", reason: "revised" });
      expect(await closedFigures({ store }, ["2025-10"])).toMatchObject([
        { openGCO2e: 0, bookedGCO2e: -600, isRestatement: true },
      ]);
    });

    it("is booked in a later, open month alone", async () => {
      const { store } = await twoMonths();
      const book = (month: string, bookedIn: string) =>
        bookAdjustment({ store }, { month, bookedIn, reason: "why" });
      await expect(book("2025-10", "2025-11")).rejects.toThrow("is not closed");
      await closing(store, "2025-10");
      await expect(book("2025-10", "2025-10")).rejects.toThrow(RefusedError);
      await closing(store, "2025-11");
      await expect(book("2025-10", "2025-11")).rejects.toThrow("is closed itself");
    });
  });

  describe("verifying", () => {
    it.each([
      ["a line", "update closed_line set g_co2e = g_co2e + 1 where month = '2025-10-01'"],
      [
        "a manifest",
        "update closed_month set manifest = manifest || '{\"usageRows\": 7}' where month = '2025-10-01'",
      ],
      ["who closed it", "update closed_month set closed_by = 'bob' where month = '2025-10-01'"],
    ])("tells that %s was changed", async (_, sql) => {
      const { database, store } = await twoMonths();
      await closing(store, "2025-10");
      await closing(store, "2025-11");
      await database.query(sql);
      expect((await verifyClosedMonths({ store, sha256 })).problems).toEqual([
        expect.stringContaining("2025-10: a line, the manifest or the hash was changed"),
      ]);
    });

    it("tells that a month was removed", async () => {
      const { database, store } = await twoMonths();
      await closing(store, "2025-10");
      await closing(store, "2025-11");
      await database.script(
        "delete from closed_line where month = '2025-10-01'; delete from closed_month where month = '2025-10-01'",
      );
      expect((await verifyClosedMonths({ store, sha256 })).problems).toEqual([
        expect.stringContaining("2025-11: does not follow"),
      ]);
    });
  });
});
