import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { instant } from "../core/time.ts";
import { type FileOptions, type ParsedLine, readIntensityFile } from "./intensity-file.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));

async function read(
  content: string | Buffer,
  options: Partial<FileOptions> = {},
  name = "file.csv",
): Promise<ParsedLine[]> {
  const bytes = Buffer.from(content);
  // Small chunks, as a slow pipe would give them; the first of a single byte.
  const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 40), bytes.subarray(40)].filter(
    (part) => part.length > 0,
  );
  const lines: ParsedLine[] = [];
  const file = { name, stream: Readable.from(chunks), totalBytes: null };
  for await (const line of readIntensityFile(file, {
    zone: "DE",
    unit: "g/kWh",
    factorType: "lifecycle",
    resolutionMinutes: 60,
    assumeUtc: false,
    now: NOW,
    zoneOf: (zone, column) => (column === "zone" ? zone : zone === "eu-central-1" ? "DE" : undefined),
    ...options,
  })) {
    lines.push(line);
  }
  return lines;
}
const values = (lines: ParsedLine[]) =>
  lines.map((line) => ("reading" in line ? line.reading.gCO2ePerKWh : line.problem));

const CSV = "timestamp,g_per_kwh\n2023-06-01T00:00Z,300.5\n2023-06-01T03:00+02:00,310\n";

describe("a CSV file", () => {
  it("gives readings of source manual, with the line they came from", async () => {
    const lines = await read(CSV);
    expect(lines).toMatchObject([
      {
        line: 2,
        reading: {
          zone: "DE",
          start: Date.UTC(2023, 5, 1),
          end: Date.UTC(2023, 5, 1, 1),
          signal: "average",
          factorType: "lifecycle",
          boundary: "consumption",
          source: "manual",
          kind: "measured",
          rawValue: 300.5,
          rawUnit: "g/kWh",
          gCO2ePerKWh: 300.5,
        },
      },
      { line: 3, reading: { start: Date.UTC(2023, 5, 1, 1), gCO2ePerKWh: 310 } },
    ]);
  });

  it("is unpacked when it is gzip, whatever it is called", async () => {
    expect(values(await read(gzipSync(CSV)))).toEqual([300.5, 310]);
  });

  it("takes the column of the factor type asked for", async () => {
    const both = "ts_utc,ci_direct,ci_lifecycle\n2023-06-01T00:00,200,300\n";
    expect(values(await read(both))).toEqual([300]);
    expect(values(await read(both, { factorType: "direct" }))).toEqual([200]);
  });

  it("takes times without an offset only where they are said to be UTC", async () => {
    const bare = "time,intensity\n2023-06-01T00:00,300\n";
    expect(values(await read(bare))).toEqual([expect.stringMatching(/no offset: add one, or say --utc/)]);
    expect(values(await read(bare, { assumeUtc: true }))).toEqual([300]);
  });

  it("converts units once: 1 t/MWh is 1000 g/kWh, 1000 lb/MWh is 453.59237 g/kWh", async () => {
    const one = "timestamp,intensity\n2023-06-01T00:00Z,1\n";
    expect(values(await read(one, { unit: "t/MWh" }))).toEqual([1000]);
    const [line] = await read(one.replace(",1\n", ",1000\n"), { unit: "lb/MWh" });
    expect(line).toMatchObject({ reading: { rawValue: 1000, rawUnit: "lb/MWh" } });
    expect(values(line ? [line] : [])[0]).toBeCloseTo(453.592_37, 8);
  });

  it("marks estimates and keeps an empty cell as a null, not as 0", async () => {
    const lines = await read(
      "timestamp,intensity,estimated\n2023-06-01T00:00Z,300,1\n2023-06-01T01:00Z,,0\n",
    );
    expect(lines).toMatchObject([
      { reading: { kind: "estimated", gCO2ePerKWh: 300 } },
      { reading: { kind: "measured", gCO2ePerKWh: null } },
    ]);
  });

  it.each([
    ["a blank", " ", null],
    ["a hexadecimal number", "0x10", "problem"],
    ["an infinite one", "Infinity", "problem"],
    ["a number with a thousands separator", '"1,000"', "problem"],
    ["a small one in scientific writing", "1.5e2", 150],
  ])("%s is never taken for something else", async (_name, text, expected) => {
    const [line] = await read(`timestamp,intensity,note\n2023-06-01T00:00Z,${text},x\n`);
    if (expected === "problem")
      expect(line).toMatchObject({ problem: expect.stringContaining("is no number") });
    else expect(line).toMatchObject({ reading: { gCO2ePerKWh: expected } });
  });

  it("refuses a row about another zone than the one said", async () => {
    const lines = await read("zone,timestamp,intensity\nDE,2023-06-01T00:00Z,1\nFR,2023-06-01T01:00Z,20\n");
    expect(lines).toMatchObject([{ reading: { zone: "DE" } }, { problem: "is about zone FR, not DE" }]);
  });

  it("refuses a column of the other factor type", async () => {
    const csv = "ts_utc,ci_direct,ci_lifecycle\n2023-06-01T00:00,200,300\n";
    await expect(read(csv, { valueColumn: "ci_direct" })).rejects.toThrow(
      /holds direct factors: say --factor-type direct/,
    );
  });

  it("names each bad line and goes on", async () => {
    const lines = await read(
      "timestamp,intensity\nyesterday,1\n2023-02-30T00:00Z,1\n2023-06-01T00:00Z,lots\n2023-06-01T01:00Z,7\n",
    );
    expect(lines.map((line) => [line.line, "problem" in line])).toEqual([
      [2, true],
      [3, true],
      [4, true],
      [5, false],
    ]);
  });

  it("names a line with more values than the header has columns, and reads semicolons and tabs too", async () => {
    expect(await read(`${CSV}2023-06-01T02:00Z,1,2,3\n2023-06-01T03:00Z,7\n`)).toMatchObject([
      { line: 2 },
      { line: 3 },
      { line: 4, problem: "has 4 values, the header names 2 columns" },
      { line: 5, reading: { gCO2ePerKWh: 7 } },
    ]);
    expect(values(await read(CSV.replaceAll(",", ";")))).toEqual([300.5, 310]);
    expect(values(await read(CSV.replaceAll(",", "\t")))).toEqual([300.5, 310]);
  });

  it("reads the columns of an Electricity Maps export", async () => {
    const header =
      '"Datetime (UTC)","Country","Zone name","Zone id","Carbon intensity gCO₂eq/kWh (direct)","Carbon intensity gCO₂eq/kWh (Life cycle)","Data source","Data estimated"';
    const lines = await read(`${header}\n2023-06-01 00:00:00,Germany,Germany,DE,200.5,300.5,x,true\n`, {
      zone: undefined,
    });
    expect(lines).toMatchObject([{ reading: { zone: "DE", gCO2ePerKWh: 300.5, kind: "estimated" } }]);
  });

  it("finds the zone of a region column by exact name", async () => {
    const csv =
      "region,timestamp,intensity\neu-central-1,2023-06-01T00:00Z,1\nEU-CENTRAL-1,2023-06-01T00:00Z,1\n";
    expect(await read(csv, { zone: undefined })).toMatchObject([
      { reading: { zone: "DE" } },
      { problem: expect.stringContaining('"EU-CENTRAL-1" is no known region') },
    ]);
  });

  it.each([
    ["no time column", "when,intensity\n1,2\n", /Which column .* is the time\? .*it has: when, intensity/],
    ["no value column", "timestamp,strength\n1,2\n", /Which column .* is the lifecycle intensity/],
    ["broken gzip", gzipSync(CSV).subarray(0, 40), /cannot be read to its end: the gzip is damaged or cut/],
  ])("with %s is refused with a reason", async (_name, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it("without a zone anywhere asks for one", async () => {
    await expect(read(CSV, { zone: undefined })).rejects.toThrow(/--zone DE or --region/);
  });
});

describe("a JSON file", () => {
  const row = { datetime: "2023-06-01T00:00:00.000Z", carbonIntensity: 300, isEstimated: true };

  it("may be an answer of Electricity Maps as it came, a list, or a row a line", async () => {
    const expected = [{ reading: { zone: "FR", gCO2ePerKWh: 300, kind: "estimated" } }];
    const options = { zone: undefined };
    expect(await read(JSON.stringify({ zone: "FR", history: [row] }), options, "x.json")).toMatchObject(
      expected,
    );
    expect(await read(JSON.stringify([{ ...row, zone: "FR" }]), options, "x.json")).toMatchObject(expected);
    expect(await read(`${JSON.stringify({ ...row, zone: "FR" })}\n\n`, options, "x.jsonl.gz")).toMatchObject(
      expected,
    );
  });

  it("refuses rows of the other factor type, sandbox rows and values that are no numbers", async () => {
    const rows = [
      { ...row, emissionFactorType: "direct" },
      { ...row, estimationMethod: "SANDBOX_MODE_DATA" },
      { ...row, carbonIntensity: [] },
      { ...row, carbonIntensity: " " },
    ];
    expect(await read(JSON.stringify({ zone: "DE", history: rows }), {}, "x.json")).toMatchObject([
      { problem: expect.stringContaining("holds direct factors") },
      { problem: expect.stringContaining("sandbox") },
      { problem: expect.stringContaining("is no number") },
      { reading: { gCO2ePerKWh: null } },
    ]);
  });

  it("with a broken line names the line", async () => {
    const lines = await read(`${JSON.stringify({ ...row, zone: "FR" })}\n{"dat\n`, {}, "x.jsonl");
    expect(lines).toMatchObject([{ line: 1 }, { line: 2, problem: "is no row of named values" }]);
  });

  it("that is no list of rows is refused", async () => {
    await expect(read('{"a":1}', {}, "x.json")).rejects.toThrow(/no array of rows/);
    await expect(read('{"a":', {}, "x.json")).rejects.toThrow(/no readable json/);
  });
});
