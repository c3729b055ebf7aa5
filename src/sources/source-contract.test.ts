import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "../../test/fakes/electricity-maps.ts";
import type { Fault, FaultQueue } from "../../test/fakes/fake-server.ts";
import { type FakeWatttime, startFakeWatttime } from "../../test/fakes/watttime.ts";
import { SourceError } from "../core/errors.ts";
import { instant } from "../core/time.ts";
import { createElectricityMaps } from "./electricity-maps.ts";
import { createHttp } from "./http.ts";
import { createSampleGrid } from "./sample-grid.ts";
import type { IntensitySource, SourceRequest } from "./source.ts";
import { createWatttime } from "./watttime.ts";

// What source.ts promises, for every source there is.

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const SECRET = "s3cret-of-the-tests";
const http = createHttp({
  fetch,
  clock: () => instant(Date.now()),
  timeoutMs: 200,
  attempts: 3,
  retryDelayMs: 1,
});

let maps: FakeElectricityMaps;
let watttime: FakeWatttime;
beforeAll(async () => {
  maps = await startFakeElectricityMaps({
    keys: [SECRET],
    clock: () => NOW,
    zones: { DE: { intensity: () => 300 } },
  });
  watttime = await startFakeWatttime({
    username: "freddo",
    password: SECRET,
    clock: () => NOW,
    regions: { DE: { moerLbsPerMwh: () => 900, aoerLbsPerMwh: () => 600 } },
  });
});
afterAll(() => Promise.all([maps.close(), watttime.close()]));

interface Subject {
  readonly name: string;
  readonly build: () => IntensitySource;
  /** undefined for a source without a server. */
  readonly faults: () => FaultQueue | undefined;
}
const subjects: Subject[] = [
  {
    name: "electricity_maps",
    build: () =>
      createElectricityMaps({ http, baseUrl: maps.baseUrl(4), apiKey: SECRET, allowSandbox: false }),
    faults: () => maps.faults,
  },
  {
    name: "watttime",
    build: () =>
      createWatttime({ http, baseUrl: watttime.url, username: "freddo", password: SECRET, clock: () => NOW }),
    faults: () => watttime.faults,
  },
  { name: "sample", build: createSampleGrid, faults: () => undefined },
];

const ask = (signal: SourceRequest["signal"], factorType: SourceRequest["factorType"]): SourceRequest => ({
  zone: { key: "DE", wattTimeRegion: "DE" },
  signal,
  factorType,
  now: NOW,
});

describe.each(subjects)("$name", ({ name, build, faults }) => {
  it("is called by its own name and says whom to thank", () => {
    const source = build();
    expect(source.name).toBe(name);
    expect(source.attribution.length).toBeGreaterThan(5);
    expect(source.offers.length).toBeGreaterThan(0);
  });

  it("gives what it offers: the signal asked, on a basis it names, for the zone asked", async () => {
    const source = build();
    for (const basis of source.offers) {
      const readings = await source.fetchIntensity(ask(basis.signal, basis.factorType));
      expect(readings.length).toBeGreaterThan(0);
      for (const reading of readings) {
        expect(reading).toMatchObject({ ...basis, zone: "DE", source: name, fetchedAt: NOW });
        expect(reading.end).toBeGreaterThan(reading.start);
        expect(reading.start).toBeLessThanOrEqual(NOW);
        expect(reading.rawUnit).not.toBe("");
      }
      const starts = readings.map((reading) => reading.start);
      expect(new Set(starts).size).toBe(starts.length);
    }
  });

  it("asked twice, says the same", async () => {
    const [basis] = build().offers;
    if (!basis) throw new Error("offers nothing");
    const once = await build().fetchIntensity(ask(basis.signal, basis.factorType));
    expect(await build().fetchIntensity(ask(basis.signal, basis.factorType))).toEqual(once);
  });

  const broken: Fault[] = [
    { kind: "status", status: 500 },
    { kind: "status", status: 400, body: '{"error":"bad request"}' },
    { kind: "status", status: 401 },
    { kind: "status", status: 403, body: "<html>", headers: { "content-type": "text/html" } },
    { kind: "status", status: 404, body: '{"error":"not here"}' },
    { kind: "status", status: 200, body: "{}" },
    { kind: "status", status: 200, body: "null" },
    { kind: "status", status: 200, body: '[1,{"a":null}]' },
    { kind: "html" },
    { kind: "cut-json" },
    { kind: "truncated" },
    { kind: "reset" },
    { kind: "hang" },
  ];
  it.each(broken)("%o ends in a SourceError without a secret, never in data", async (fault) => {
    const queue = faults();
    if (!queue) return;
    queue.add({ fault, times: Number.POSITIVE_INFINITY });
    const error = await build()
      .fetchIntensity(ask("average", "lifecycle"))
      .catch((caught: unknown) => caught);
    queue.clear();
    expect(error).toBeInstanceOf(SourceError);
    const { message, stack, source } = error as SourceError;
    expect(source).toBe(name);
    expect(`${message} ${stack}`).not.toContain(SECRET);
    expect(`${message} ${stack}`).not.toContain(Buffer.from(`freddo:${SECRET}`).toString("base64"));
  });

  it("does not know a zone that does not exist, and says so", async () => {
    const request = {
      ...ask("average", "lifecycle"),
      zone: { key: "XX-NOWHERE", wattTimeRegion: "NOWHERE" },
    };
    await expect(build().fetchIntensity(request)).rejects.toBeInstanceOf(SourceError);
  });
});
