import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  type ImportUsageRequest,
  type ImportUsageResult,
  importUsage,
} from "../src/flows/usage/import-usage.ts";
import { type BadLine, readUsageFile } from "../src/flows/usage/read-usage.ts";
import { type UsageFileSettings, usageReaders } from "../src/flows/usage/usage-readers.ts";
import { readRecords, type UsageFormat } from "../src/sources/usage-file.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { isBadLine, usageFile, usageLine } from "./support/usage-lines.ts";

const SETTINGS: UsageFileSettings = {
  originName: "file",
  regionOf: (name) =>
    ["us-east-1", "eu-central-1"].includes(name.replace(/^aws:/, ""))
      ? { name: name.replace(/^aws:/, ""), problem: null }
      : { name: "", problem: `region "${name}" is not configured` },
  labels: ["team", "environment", "namespace"],
  resolutionMinutes: 60,
  assumeUtc: false,
  sum: false,
  currency: null,
  serviceFrom: "product",
};

interface Given extends Partial<Omit<ImportUsageRequest, "readers" | "batches">> {
  readonly settings?: Partial<UsageFileSettings>;
  readonly format?: UsageFormat;
}

async function importText(
  database: Database,
  content: string | Iterable<Buffer>,
  { settings = {}, format, ...request }: Given = {},
): Promise<ImportUsageResult> {
  const sum = settings.sum ?? settings.preset !== undefined;
  const readers = usageReaders({ ...SETTINGS, ...settings, sum });
  const pieces = typeof content === "string" ? [Buffer.from(content)] : content;
  const hash = createHash("sha256");
  const stream = Readable.from(
    (function* () {
      for (const piece of pieces) {
        hash.update(piece);
        yield piece;
      }
    })(),
  );
  return importUsage(createStore(database), {
    fileName: "usage.csv",
    batches: readUsageFile(
      readRecords({ name: "usage.csv", stream, totalBytes: null }, { format }),
      readers.readerOf,
    ),
    readers,
    sum,
    replace: false,
    skipBad: false,
    dryRun: false,
    currency: null,
    sha256: () => hash.digest("hex"),
    ...request,
  });
}

const rowsOf = (database: Database, table = "usage_row") =>
  database.query<Record<string, unknown>>(
    `select s.service_name as service, s.region, s.labels, o.origin, u.starts_at::text as starts_at,
       u.ends_at::text as ends_at, u.requests, u.energy_kwh, u.boundary, u.tier, u.quantities, u.cost, u.revision
     from ${table} u join usage_series s using (series_id) join usage_origin o using (origin_id)
     order by 1, 2, 3::text, 4, 5, 6, 13`,
  );
const HEADER = "service,region,hour,requests,team\n";
const line = (hour: number, requests: number | string, team = "", service = "api"): string =>
  `${service},us-east-1,2026-01-01T${String(hour).padStart(2, "0")}:00Z,${requests},${team}\n`;
const reasons = ({ problems }: ImportUsageResult): string[] =>
  problems.map(({ line: number, reason }) => `${number}: ${reason}`);

onEachEngine((engine) => {
  const emptyStore = async (): Promise<Database> => {
    const database = await engine.emptyDatabase();
    await migrate(database);
    return database;
  };

  describe("importing usage", () => {
    it("keeps rows of services, regions and label sets, and queues their days", async () => {
      const database = await emptyStore();
      const result = await importText(
        database,
        HEADER + line(0, 100, "search") + line(1, 200, "search") + line(1, 5),
      );
      expect(result).toMatchObject({
        kept: true,
        origin: "import:file",
        lines: 3,
        badLines: 0,
        new: 3,
        changed: 0,
        unchanged: 0,
        series: 2,
        from: "2026-01-01T00:00:00.000Z",
        to: "2026-01-01T02:00:00.000Z",
        importedBefore: null,
      });
      expect(await rowsOf(database)).toMatchObject([
        { service: "api", region: "us-east-1", labels: { team: "search" }, requests: 100, revision: 1 },
        { labels: { team: "search" }, requests: 200 },
        { labels: {}, requests: 5, energy_kwh: null, origin: "import:file" },
      ]);
      expect(await database.query("select distinct region, utc_day::text, reason from recalc_day")).toEqual([
        { region: "us-east-1", utc_day: "2026-01-01", reason: "usage" },
      ]);
    });

    it("twice is importing once; a changed line replaces its row and leaves what it said in the log", async () => {
      const database = await emptyStore();
      await importText(database, HEADER + line(0, 100) + line(1, 200));
      await database.query("delete from recalc_day");
      expect(await importText(database, HEADER + line(0, 100) + line(1, 200))).toMatchObject({
        new: 0,
        changed: 0,
        unchanged: 2,
        importedBefore: expect.stringMatching(/^20/),
      });
      expect(await database.query("select from recalc_day")).toEqual([]);
      expect(await importText(database, HEADER + line(0, 100) + line(1, 201) + line(2, 300))).toMatchObject({
        new: 1,
        changed: 1,
        unchanged: 1,
        importedBefore: null,
      });
      expect((await rowsOf(database)).map(({ requests, revision }) => [requests, revision])).toEqual([
        [100, 1],
        [201, 2],
        [300, 1],
      ]);
      expect(await rowsOf(database, "usage_row_log")).toMatchObject([{ requests: 200, revision: 1 }]);
    });

    it("is all or nothing: a single bad line, and nothing is kept", async () => {
      const database = await emptyStore();
      const result = await importText(database, HEADER + line(0, 100) + line(1, "many") + line(2, 3));
      expect(result).toMatchObject({ kept: false, lines: 3, badLines: 1, new: 0 });
      expect(reasons(result)).toEqual(['3: requests "many" is no number from 0']);
      expect(await database.query("select from usage_series")).toEqual([]);
      expect(await database.query("select from usage_import")).toEqual([]);
    });

    it("leaves bad lines out where that is asked for, and hands them on in order", async () => {
      const database = await emptyStore();
      const bad: BadLine[] = [];
      const result = await importText(database, HEADER + line(5, "x") + line(0, 100) + line(4, "y"), {
        skipBad: true,
        writeRejects: async (lines) => {
          for await (const one of lines) bad.push(one);
        },
      });
      expect(result).toMatchObject({ kept: true, badLines: 2, new: 1 });
      expect(bad.map(({ line: number }) => number)).toEqual([2, 4]);
      expect(bad).toEqual(result.problems);
    });

    it("a dry run counts and keeps nothing", async () => {
      const database = await emptyStore();
      expect(await importText(database, HEADER + line(0, 100), { dryRun: true })).toMatchObject({
        kept: true,
        new: 1,
      });
      expect(await rowsOf(database)).toEqual([]);
    });

    it("refuses a file without lines", async () => {
      await expect(importText(await emptyStore(), HEADER)).rejects.toThrow(/holds no lines of usage/);
    });

    it("takes a line that repeats another one once; both of two that contradict each other are bad", async () => {
      const database = await emptyStore();
      expect(await importText(database, HEADER + line(0, 100) + line(0, 100))).toMatchObject({
        new: 1,
        mergedLines: 1,
      });
      const result = await importText(database, HEADER + line(0, 100) + line(1, 7) + line(0, 101), {
        skipBad: true,
      });
      expect(result).toMatchObject({ badLines: 2, new: 1, unchanged: 0 });
      expect(reasons(result)).toEqual([
        expect.stringMatching(/^2: says something else than line 4 .*say --sum/),
        expect.stringMatching(/^4: says something else than line 2 /),
      ]);
    });

    it("finds lines that share time with one another, with a stored row, and with a line further back", async () => {
      const database = await emptyStore();
      const header = "service,region,start,end,requests\n";
      const span = (from: string, to: string) => `api,us-east-1,2026-01-${from}:00Z,2026-01-${to}:00Z,1\n`;
      const day = span("01T00", "02T00");
      expect(
        reasons(await importText(database, header + day + span("01T01", "01T02") + span("01T03", "01T04"))),
      ).toEqual([
        expect.stringMatching(/^2: shares time with line 3 /),
        expect.stringMatching(/^3: shares time with line 2 /),
        expect.stringMatching(/^4: shares time with an earlier line /),
      ]);
      await importText(database, header + day);
      const overlapping = span("01T23", "02T01");
      expect(reasons(await importText(database, header + day + overlapping))).toHaveLength(2);
      expect(reasons(await importText(database, header + overlapping + span("02T01", "02T02")))).toEqual([
        expect.stringMatching(/^2: shares time with a stored row of another interval/),
      ]);
      // Of another origin it is another word on the same load.
      expect(
        await importText(database, header + overlapping, { settings: { originName: "meter" } }),
      ).toMatchObject({
        kept: true,
      });
    });

    it("adds up lines of one identity, in any order the same: 0.1 + 0.2 + 0.3 kWh", async () => {
      const header = "service,region,hour,energy_kwh,tier,boundary,requests,vcpu_hours,unit:orders\n";
      const parts = ["0.1,measured,it,1,2,", "0.3,measured,it,,,4", "0.2,measured,it,5,1,1"].map(
        (values) => `api,us-east-1,2026-01-01T00:00Z,${values}\n`,
      );
      const orders = [parts, [...parts].reverse()];
      const found = [];
      for (const order of orders) {
        const database = await emptyStore();
        expect(
          await importText(database, header + order.join(""), { settings: { sum: true } }),
        ).toMatchObject({
          new: 1,
          mergedLines: 2,
        });
        found.push(await rowsOf(database));
      }
      expect(found[0]).toEqual(found[1]);
      expect(found[0]).toMatchObject([
        { energy_kwh: 0.1 + 0.2 + 0.3, requests: 6, quantities: { vcpu_hours: 3, "unit:orders": 5 } },
      ]);
    });

    it("does not add up energy of two tiers, nor stated energy and quantities", async () => {
      const database = await emptyStore();
      const header = "service,region,hour,energy_kwh,tier,boundary,vcpu_hours\n";
      const at = (values: string, hour = "00") => `api,us-east-1,2026-01-01T${hour}:00Z,${values}\n`;
      const content =
        header + at("1,measured,it,") + at("1,guess,it,") + at("1,measured,it,", "01") + at(",,,4", "01");
      expect(reasons(await importText(database, content, { settings: { sum: true } }))).toEqual([
        expect.stringMatching(/^2: cannot be added to line 3: their energy has another tier or boundary/),
        expect.stringMatching(/^3: cannot be added to line 2/),
        expect.stringMatching(
          /^4: cannot be added to line 5: one states energy and the other only quantities/,
        ),
        expect.stringMatching(/^5: cannot be added to line 4/),
      ]);
    });

    it("replaces what an origin said of the time of the file, where that is asked for", async () => {
      const database = await emptyStore();
      await importText(database, HEADER + line(0, 1) + line(1, 2) + line(2, 3) + line(1, 9, "", "web"));
      await importText(database, HEADER + line(1, 8), { settings: { originName: "meter" } });
      const again = HEADER + line(1, 2) + line(2, 4);
      expect(await importText(database, again, { replace: true })).toMatchObject({
        removed: 1,
        changed: 1,
        unchanged: 1,
      });
      expect((await rowsOf(database)).map(({ requests }) => requests)).toEqual([1, 2, 4, 8]);
      expect((await rowsOf(database, "usage_row_log")).map(({ requests }) => requests).sort()).toEqual([
        3, 9,
      ]);
    });

    it("of costs needs a currency, and keeps to it", async () => {
      const database = await emptyStore();
      const content = "service,region,hour,cost,currency\napi,us-east-1,2026-01-01T00:00Z,1.5,EUR\n";
      await expect(importText(database, content)).rejects.toThrow(/no currency is set/);
      expect(await importText(database, content, { currency: "EUR" })).toMatchObject({
        new: 1,
        currency: "EUR",
      });
      await expect(importText(database, content, { currency: "USD" })).rejects.toThrow(
        /costs in this store are in EUR/,
      );
    });

    it("of JSON lines reports a line with an unknown key, and the others are good", async () => {
      const row = { service: "api", region: "us-east-1", start: "2026-01-01T00:00Z", requests: 5 };
      const content = [row, { ...row, start: "2026-01-01T01:00Z", reqests: 3 }].map(
        (one) => `${JSON.stringify(one)}\n`,
      );
      const result = await importText(await emptyStore(), content.join(""), {
        format: "jsonl",
        skipBad: true,
      });
      expect(result).toMatchObject({ new: 1, badLines: 1 });
      expect(reasons(result)).toEqual([expect.stringMatching(/^2: column "reqests" is not known/)]);
    });

    it("of an AWS bill adds up the lines of an hour, and keeps a fee of the month with the first use in it", async () => {
      const database = await emptyStore();
      const bill = readFileSync("test/fixtures/billing/aws-cur2.csv", "utf8");
      const result = await importText(database, bill, { settings: { preset: "aws-cur2" }, currency: "USD" });
      expect(result).toMatchObject({ kept: true, lines: 7, new: 2, currency: "USD" });
      // The tax is about no region; the negation, the fee and the load balancer are money alone.
      expect(result.withoutRegion).toEqual([{ kind: "Tax", lines: 1, cost: 4.2 }]);
      expect(result.notModelled.map(({ kind, lines }) => [kind, lines])).toEqual([
        ["Fee", 1],
        ["EUC1-LoadBalancerUsage", 1],
        ["SavingsPlanNegation", 1],
      ]);
      const [balancer, instances] = await rowsOf(database);
      expect(balancer).toMatchObject({ service: "AWSELB", cost: 0.027, quantities: null });
      expect(instances).toMatchObject({
        service: "AmazonEC2",
        labels: { team: "search" },
        starts_at: expect.stringMatching(/^2026-02-01 00:00:00/),
        ends_at: expect.stringMatching(/^2026-02-01 01:00:00/),
        // Two instances; 672 hours of February × 1.073741824 GB ÷ 1000.
        quantities: {
          vcpu_hours: 4,
          memory_gb_hours: 16 * 1.073741824,
          ssd_tb_hours: (672 * 1.073741824) / 1000,
        },
      });
      // 0.115 + 0.115 − 0.115 + 0.0001 + 7.3
      expect(instances?.cost).toBeCloseTo(7.4151, 9);
      expect(
        await importText(database, bill, { settings: { preset: "aws-cur2" }, currency: "USD" }),
      ).toMatchObject({
        unchanged: 2,
        new: 0,
        changed: 0,
      });
    });

    it.each([
      ["focus", "EUR", 2],
      ["gcp-billing", "USD", 2],
    ] as const)("of a %s bill keeps what it is about", async (preset, currency, rows) => {
      const bill = readFileSync(`test/fixtures/billing/${preset}.csv`, "utf8");
      const regionOf = (text: string) => ({ name: text.replace(/^\w+:/, ""), problem: null });
      const result = await importText(await emptyStore(), bill, { settings: { preset, regionOf }, currency });
      expect(result).toMatchObject({ kept: true, badLines: 0, new: rows });
      expect(result.withoutRegion).toHaveLength(1);
      expect(result.notModelled).toHaveLength(1);
    });

    it("joins costs that share time where nothing else is known of a service", async () => {
      const database = await emptyStore();
      const header = "service,region,start,end,cost,currency\n";
      const cost = (from: string, to: string, amount: number) =>
        `dns,us-east-1,${from}T00:00Z,${to}T00:00Z,${amount},USD\n`;
      const content =
        header +
        cost("2026-02-01", "2026-03-01", 5) +
        cost("2026-02-03", "2026-02-04", 1) +
        cost("2026-03-01", "2026-03-02", 2);
      expect(await importText(database, content, { settings: { sum: true }, currency: "USD" })).toMatchObject(
        { new: 2 },
      );
      expect((await rowsOf(database)).map((row) => row.cost)).toEqual([6, 2]);
    });

    it("does not depend on the order of lines, nor on how they are cut into files and pieces", async () => {
      const lines = Array.from({ length: 600 }, (_, index) => `${usageLine(index, 0)}\n`);
      const header = "service,region,hour,team,requests,energy_kwh,tier,boundary,vcpu_hours\n";
      const whole = await emptyStore();
      await importText(whole, header + lines.join(""));
      const parts = await emptyStore();
      const shuffled = lines
        .map((text, index) => ({ text, at: (index * 7919) % 600 }))
        .sort((a, b) => a.at - b.at);
      const texts = shuffled.map(({ text }) => text);
      for (const part of [texts.slice(0, 100), texts.slice(50, 333), texts.slice(300)]) {
        const bytes = Buffer.from(header + part.join(""));
        const pieces = Array.from({ length: 40 }, (_, index) =>
          bytes.subarray(index * 1000, (index + 1) * 1000),
        );
        await importText(
          parts,
          pieces.filter((piece) => piece.length > 0),
        );
      }
      expect(await rowsOf(parts)).toEqual(await rowsOf(whole));
    });
  });

  // The embedded engine is several times slower: it takes a tenth.
  const lines = engine.name === "PGlite" ? 10_000 : 100_000;
  it(`${lines} lines with one bad in a hundred: each reported, nothing half-written, the good ones kept`, async () => {
    const database = await emptyStore();
    const badOneIn = 100;
    const wanted = Array.from({ length: lines }, (_, index) => index).filter((index) =>
      isBadLine(index, badOneIn),
    );
    const refused = await importText(database, usageFile({ lines, badOneIn }));
    expect(refused).toMatchObject({ kept: false, lines, badLines: wanted.length });
    expect(await rowsOf(database)).toEqual([]);
    const numbers: number[] = [];
    const kept = await importText(database, usageFile({ lines, badOneIn }), {
      skipBad: true,
      writeRejects: async (bad) => {
        for await (const { line: number } of bad) numbers.push(number);
      },
    });
    expect(numbers).toEqual(wanted.map((index) => index + 2));
    expect(kept).toMatchObject({ kept: true, new: lines - wanted.length, badLines: wanted.length });
    const [stored] = await database.query(
      "select count(*)::int as rows, sum(requests)::float8 as requests from usage_row",
    );
    let requests = 0;
    for (let index = 0; index < lines; index++)
      if (!isBadLine(index, badOneIn)) requests += Number(usageLine(index, 0).split(",")[4]);
    expect(stored).toEqual({ rows: lines - wanted.length, requests });
  });
});
