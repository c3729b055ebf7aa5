import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type RecordOptions, readRecords, usageFormat } from "./usage-file.ts";

async function read(
  content: string | Buffer,
  options: RecordOptions = {},
  name = "usage.csv",
  pieceBytes = 7,
) {
  const bytes = Buffer.from(content);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  const found = {
    columns: [] as (readonly string[])[],
    records: [] as unknown[],
    broken: [] as string[],
    texts: [] as string[],
  };
  for await (const batch of readRecords({ name, stream: Readable.from(pieces), totalBytes: null }, options)) {
    found.columns.push(batch.columns);
    for (const [index, record] of batch.records.entries())
      found.records.push([batch.lines[index], ...record]);
    for (const { line, reason } of batch.broken) found.broken.push(`${line}: ${reason}`);
    found.texts.push(...(batch.texts ?? []), ...batch.broken.map(({ text }) => text));
  }
  return found;
}

const PLAIN = "service,hour\napi,0\nweb,1\n";
const ROWS = [
  [2, "api", "0"],
  [3, "web", "1"],
];

describe("a CSV file of usage", () => {
  it.each([
    ["as it is", PLAIN],
    ["without an end of the last line", PLAIN.slice(0, -1)],
    ["with Windows line ends", PLAIN.replaceAll("\n", "\r\n")],
    ["with a byte order mark", `\uFEFF${PLAIN}`],
    ["with quotes", '"service","hour"\n"api",0\nweb,"1"\n'],
    ["between semicolons", PLAIN.replaceAll(",", ";")],
    ["between tabs", PLAIN.replaceAll(",", "\t")],
    ["packed", gzipSync(PLAIN)],
  ])("is read %s", async (_how, content) => {
    expect(await read(content)).toMatchObject({ records: ROWS, broken: [] });
  });

  it.each([1, 2, 3, 50, 1000])(
    "is the same in pieces of %i bytes, also where they cut a letter",
    async (bytes) => {
      const content = 'service,hour\nZürich,0\n"a ""b"", c\nd",1\n';
      expect((await read(content, { lineBreaks: true }, "usage.csv", bytes)).records).toEqual([
        [2, "Zürich", "0"],
        [3, 'a "b", c\nd', "1"],
      ]);
    },
  );

  it("reports lines with too few or too many values, and blank lines are none", async () => {
    const found = await read("service,hour\napi\n\nweb,1\nweb,1,2\n");
    expect(found).toMatchObject({
      records: [[4, "web", "1"]],
      broken: ["2: has 1 value, the header names 2 columns", "5: has 3 values, the header names 2 columns"],
    });
  });

  it.each([false, true])(
    "reports a quote that is never closed, and reads on in the line after it (%s)",
    async (lineBreaks) => {
      expect(await read('service,hour\n"api,0\nweb,1\n', { lineBreaks })).toMatchObject({
        records: [[3, "web", "1"]],
        broken: ["2: a quote is not closed"],
      });
      const long = Array.from({ length: 300 }, (_, index) => `web,${index}`).join("\n");
      const found = await read(`service,hour\n"api,0\n${long}\n`, { lineBreaks }, "usage.csv", 100);
      expect(found.broken).toEqual(["2: a quote is not closed"]);
      expect(found.records).toHaveLength(300);
    },
  );

  it("does not swallow lines between two stray quotes where no value goes over lines", async () => {
    expect(await read('service,hour\n"api,0\nweb,1\nweb,2\napi",3\n')).toMatchObject({
      records: [
        [3, "web", "1"],
        [4, "web", "2"],
        [5, 'api"', "3"],
      ],
      broken: ["2: a quote is not closed"],
    });
  });

  it("reports text after a closing quote", async () => {
    expect((await read('service,hour\n"api"x,0\n')).broken).toEqual([
      "2: a value goes on after its closing quote",
    ]);
  });

  it("keeps the text of lines where that is asked for", async () => {
    const content = 'service,hour\n"api",0\nweb\n';
    expect((await read(content, { withTexts: true })).texts).toEqual(['"api",0', "web"]);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ["nothing", "", /usage.csv is empty: it has not even a header/],
    ["JSON", '{"service":"api"}\n', /looks like JSON: say --format jsonl/],
    ["UTF-16", Buffer.from(`\uFEFF${PLAIN}`, "utf16le"), /is no UTF-8 text/],
    ["a zip file", Buffer.from("PK\u0003\u0004\u0000\u0000abcdef"), /is a zip file/],
    ["Parquet", Buffer.from("PAR1\u0000\u0000\u0000abc"), /is Parquet: say --format parquet/],
    ["a gzip that was cut", gzipSync(PLAIN.repeat(1000)).subarray(0, 60), /the gzip is damaged or cut/],
    ["one line without an end", "x".repeat(9 << 20), /line 1 is longer than/],
  ])("is refused when it holds %s", async (_what, content, message) => {
    await expect(read(content, {}, "usage.csv", 1 << 16)).rejects.toThrow(message);
  });

  it("with a header alone has no records", async () => {
    expect((await read("service,hour\n")).records).toEqual([]);
  });
});

describe("a file of JSON lines", () => {
  it("gives each line its own columns, those that are alike together", async () => {
    const content = '{"service":"api","hour":0}\n\n{"service":"web","hour":1}\n{"hour":2}\n';
    const found = await read(content, {}, "usage.jsonl", 1000);
    expect(found.columns).toEqual([["service", "hour"], ["hour"]]);
    expect(found.records).toEqual([
      [1, "api", 0],
      [3, "web", 1],
      [4, 2],
    ]);
  });

  it("reports lines that are no objects", async () => {
    const found = await read('{"service":\n[1]\n"x"\nnull\n{"hour":2}\n', { format: "jsonl" });
    expect(found.broken).toEqual([1, 2, 3, 4].map((line) => `${line}: is no JSON object`));
    expect(found.records).toEqual([[5, 2]]);
  });

  it("is refused when it holds nothing", async () => {
    await expect(read("\n\n", {}, "usage.ndjson")).rejects.toThrow(/is empty/);
  });
});

describe("a Parquet file", () => {
  it("gives numbers, texts and times; a time of no zone is a text without an offset", async () => {
    const found = await read("", {}, "test/fixtures/usage.parquet");
    expect(found.columns[0]).toEqual([
      "service",
      "region",
      "starts_at",
      "local_time",
      "requests",
      "energy_kwh",
    ]);
    expect(found.records.slice(0, 2)).toEqual([
      [1, "api", "us-east-1", new Date(Date.UTC(2026, 0, 1)), "2026-01-01T00:00:00.000", 1200n, 0.5],
      [2, "web", "eu-central-1", new Date(Date.UTC(2026, 0, 1, 1)), "2026-01-01T01:00:00.000", 800n, null],
    ]);
  });

  it("that is none is refused", async () => {
    await expect(read("", { format: "parquet" }, "package.json")).rejects.toThrow(/is no readable Parquet/);
  });
});

it("the name of a file tells its format; one JSON document is refused with what to do", () => {
  expect(["a.csv", "a.csv.gz", "a.txt", "a.jsonl.gz", "a.ndjson", "a.parquet"].map(usageFormat)).toEqual([
    "csv",
    "csv",
    "csv",
    "jsonl",
    "jsonl",
    "parquet",
  ]);
  expect(() => usageFormat("a.json")).toThrow(/JSON lines .*--format jsonl/);
});
