import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HOUR_MS, instant, toIso } from "../core/time.ts";
import { parseGeneration } from "./entsoe-document.ts";

const FR = "10YFR-RTE------C";
const START = Date.UTC(2024, 0, 1);
const TOKEN = "0f00b4f2-t0ken";
const fixture = (name: string): string =>
  readFileSync(new URL(`../../test/fixtures/entsoe/${name}`, import.meta.url), "utf8");

/** By hour of the day and type, MWh. */
async function parsed(xml: string, hours = 6): Promise<Record<string, Record<string, number | null>>> {
  const window = { start: instant(START), end: instant(START + hours * HOUR_MS) };
  const found = await parseGeneration(xml, { biddingZone: FR, window, token: TOKEN });
  return Object.fromEntries(
    [...found].map(([start, fuels]) => [toIso(start).slice(11, 13), Object.fromEntries(fuels)]),
  );
}

interface SeriesParts {
  type?: string;
  domain?: string;
  unit?: string;
  curve?: string;
  start?: string;
  end?: string;
  resolution?: string;
  points?: readonly (readonly [position: number, quantity: number | string])[];
}
function series(parts: SeriesParts): string {
  const { type = "B14", unit = "MAW", curve = "<curveType>A03</curveType>", points = [[1, 100]] } = parts;
  const { domain = `<inBiddingZone_Domain.mRID codingScheme="A01">${FR}</inBiddingZone_Domain.mRID>` } =
    parts;
  const { start = "00:00Z", end = "04:00Z", resolution = "PT60M" } = parts;
  const point = ([at, mw]: readonly [number, number | string]): string =>
    `<Point><position>${at}</position><quantity>${mw}</quantity></Point>`;
  return (
    `<TimeSeries>${domain}<quantity_Measure_Unit.name>${unit}</quantity_Measure_Unit.name>${curve}` +
    `<MktPSRType><psrType>${type}</psrType></MktPSRType><Period><timeInterval>` +
    `<start>2024-01-01T${start}</start><end>2024-01-01T${end}</end></timeInterval>` +
    `<resolution>${resolution}</resolution>${points.map(point).join("")}</Period></TimeSeries>`
  );
}
const document = (...all: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><GL_MarketDocument xmlns="urn:x"><mRID>1</mRID>${all.join("")}</GL_MarketDocument>`;

describe("a generation document", () => {
  it("that is printed in the contract: the position that is left out repeats the one before", async () => {
    expect(await parsed(fixture("generation.xml"))).toEqual({ "00": { B14: 41000 }, "01": { B14: 41000 } });
  });

  it("on curve A03 repeats up to the end of the period, whatever the order of its points", async () => {
    const points = [
      [3, 80],
      [1, 100],
    ] as const;
    expect(await parsed(document(series({ points })))).toEqual({
      "00": { B14: 100 },
      "01": { B14: 100 },
      "02": { B14: 80 },
      "03": { B14: 80 },
    });
  });

  it.each([
    ["A01", "<curveType>A01</curveType>"],
    ["none", ""],
  ])("on curve %s does not know a position that is left out", async (_name, curve) => {
    const points = [
      [1, 100],
      [3, 80],
    ] as const;
    expect(await parsed(document(series({ points, curve })))).toEqual({
      "00": { B14: 100 },
      "02": { B14: 80 },
    });
  });

  it("on curve A03 does not know what comes before the first point", async () => {
    expect(Object.keys(await parsed(document(series({ points: [[3, 80]] }))))).toEqual(["02", "03"]);
  });

  it("in quarter and half hours is the mean of the hour; an hour that is not whole is absent", async () => {
    const quarters = { resolution: "PT15M", end: "01:45Z", curve: "<curveType>A01</curveType>" };
    const points = [100, 200, 300, 400, 500, 500, 500].map((mw, index) => [index + 1, mw] as const);
    const halves = { type: "B19", resolution: "PT30M", end: "01:00Z" };
    const xml = document(
      series({ ...quarters, points }),
      series({
        ...halves,
        points: [
          [1, 10],
          [2, 30],
        ],
      }),
    );
    // (100 + 200 + 300 + 400) ÷ 4 = 250; (10 + 30) ÷ 2 = 20
    expect(await parsed(xml)).toEqual({ "00": { B14: 250, B19: 20 } });
  });

  it("with several series of one type adds them, and joins those that follow one another", async () => {
    const xml = document(
      series({ end: "02:00Z", points: [[1, 100]] }),
      series({ end: "02:00Z", points: [[1, 7]] }),
      series({ start: "02:00Z", end: "03:00Z", points: [[1, 50]] }),
    );
    expect(await parsed(xml)).toEqual({ "00": { B14: 107 }, "01": { B14: 107 }, "02": { B14: 50 } });
  });

  it("leaves out what is consumed, of whatever type", async () => {
    const domain = `<outBiddingZone_Domain.mRID codingScheme="A01">${FR}</outBiddingZone_Domain.mRID>`;
    const xml = document(
      series({ end: "01:00Z" }),
      series({ end: "01:00Z", domain }),
      series({ type: "B10", end: "01:00Z", domain }),
    );
    expect(await parsed(xml)).toEqual({ "00": { B14: 100 } });
  });

  it("with a namespace prefix is the same", async () => {
    const xml = fixture("generation.xml").replaceAll(/<(\/?)(?=[A-Za-z])/g, "<$1ns:");
    expect(Object.keys(await parsed(xml))).toEqual(["00", "01"]);
  });

  it("without any series holds nothing", async () => {
    expect(await parsed(document())).toEqual({});
  });

  it("keeps negative values: they are a plant's own use", async () => {
    expect(await parsed(document(series({ end: "01:00Z", points: [[1, -3.5]] })))).toEqual({
      "00": { B14: -3.5 },
    });
  });

  it("that says more than was asked for is cut to it, however long", async () => {
    const long = series({})
      .replace("2024-01-01T00:00Z", "1924-01-01T00:00Z")
      .replace("-01T04:00Z", "-31T00:00Z");
    expect(Object.keys(await parsed(document(long), 2))).toEqual(["00", "01"]);
  });
});

describe("what is not taken for data", () => {
  const kindOf = (xml: string): Promise<unknown> =>
    parsed(xml).then(
      () => "data",
      (error: unknown) => (error as { kind: string }).kind,
    );

  it("an acknowledgement that there is none", async () => {
    expect(await kindOf(fixture("no-matching-data.xml"))).toBe("no-data");
  });

  it("an acknowledgement of anything else, though its code is the same; the token is not repeated", async () => {
    const xml = fixture("no-matching-data.xml").replace(
      "No matching data found",
      `The amount of requested data exceeds allowed limit, token ${TOKEN}`,
    );
    await expect(parsed(xml)).rejects.toMatchObject({
      kind: "malformed",
      message: `ENTSO-E answered for ${FR}: 999 The amount of requested data exceeds allowed limit, token …`,
    });
  });

  it.each([
    ["another zone", "<inBiddingZone_Domain.mRID>10YBE----------2</inBiddingZone_Domain.mRID>"],
    [
      "another zone that consumes",
      "<outBiddingZone_Domain.mRID>10YBE----------2</outBiddingZone_Domain.mRID>",
    ],
    ["no zone", ""],
  ])("a series of %s", async (_name, domain) => {
    expect(await kindOf(document(series({}), series({ domain })))).toBe("wrong-zone");
  });

  it.each([
    ["another unit", series({ unit: "MWH" })],
    ["days", series({ resolution: "P1D" })],
    ["a resolution that is a word of JavaScript", series({ resolution: "constructor" })],
    ["a period that ends between steps", series({ end: "03:30Z" })],
    ["a period that ends before it begins", series({ start: "05:00Z" })],
    ["a period that begins between quarter-hours", series({ start: "00:05Z", end: "01:05Z" })],
    [
      "a position twice",
      series({
        points: [
          [1, 1],
          [1, 2],
        ],
      }),
    ],
    ["a position after the end", series({ points: [[5, 1]] })],
    ["a position of 0", series({ points: [[0, 1]] })],
    ["a text for a number", series({ points: [[1, "many"]] })],
    ["a time without an offset", series({ start: "00:00" })],
    ["no type", series({}).replace(/<MktPSRType>.*<\/MktPSRType>/, "")],
  ])("%s", async (_name, xml) => {
    expect(await kindOf(document(xml))).toBe("malformed");
  });

  it.each([
    ["half a document", document(series({}), series({})).slice(0, 700)],
    ["a document cut between two series", document(series({})).replace("</GL_MarketDocument>", "")],
    ["another document", "<Publication_MarketDocument></Publication_MarketDocument>"],
    ["a page", "<html><body>Bad gateway</body></html>"],
    ["JSON", "{}"],
    ["nothing", ""],
    ["entities", `<!DOCTYPE a [<!ENTITY x "y">]>${document(series({}))}`],
    ["a deep nest", "<a>".repeat(50_000) + "</a>".repeat(50_000)],
    ["too many characters", `${document()}${" ".repeat(64_000_001)}`],
  ])("%s", async (_name, xml) => {
    expect(await kindOf(xml)).toBe("malformed");
  });
});
