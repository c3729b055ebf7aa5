import { describe, expect, it } from "vitest";
import { configured } from "../../../test/support/configured.ts";
import { at, later, reading } from "../../../test/support/store-data.ts";
import { SourceError, type SourceErrorKind } from "../../core/errors.ts";
import type { IntensityReading } from "../../core/intensity.ts";
import { electricityMaps } from "../../sources/electricity-maps.ts";
import { energyCharts } from "../../sources/energy-charts.ts";
import type { IntensitySource, SourceModule, SourceRequest } from "../../sources/source.ts";
import { watttime } from "../../sources/watttime.ts";
import { checkSource, type SourceCheckRequest } from "./check-source.ts";

const NOW = at("2026-11-23T14:20Z");
const KEY = "em_live_s3cret";
const DE = { key: "DE", wattTimeRegion: "DE" };
const PJM = { key: "US-MIDA-PJM", wattTimeRegion: "PJM_DC" };

const request = (fields: Partial<SourceCheckRequest> = {}): SourceCheckRequest => ({
  zones: [PJM, DE],
  factorType: "lifecycle",
  basis: "fill",
  staleAfterHours: 3,
  isOffline: false,
  now: NOW,
  hide: (text) => text.replaceAll(KEY, "[secret]"),
  ...fields,
});

type Answer = IntensityReading[] | SourceError;

/** A source that answers by zone; each request is noted. */
function answering(
  module: SourceModule,
  byZone: Readonly<Record<string, Answer>>,
  access?: () => Promise<string[]>,
): { source: IntensitySource; asked: SourceRequest[] } {
  const asked: SourceRequest[] = [];
  const source: IntensitySource = {
    ...module.description,
    async fetchIntensity(wanted) {
      asked.push(wanted);
      const answer = byZone[wanted.zone.key] ?? [];
      if (answer instanceof SourceError) throw answer;
      return answer;
    },
    ...(access ? { describeAccess: access } : {}),
  };
  return { source, asked };
}

const refusal = (kind: SourceErrorKind, message = `it said ${kind}`): SourceError =>
  new SourceError(kind, "electricity_maps", message);
const inPjm = (hours: number, gCO2ePerKWh: number | null = 400 + hours) =>
  reading({ zone: "US-MIDA-PJM", start: later(at("2026-11-23T14:00Z"), -hours), gCO2ePerKWh });

describe("a source that answers", () => {
  it("shows its newest value with age and basis, and what its key may ask", async () => {
    const { source, asked } = answering(
      electricityMaps,
      { "US-MIDA-PJM": [inPjm(3), inPjm(1), inPjm(2)] },
      async () => ["last 24 hours: 2 zones"],
    );
    expect(await checkSource(configured(electricityMaps), source, request())).toEqual({
      name: "electricity_maps",
      area: "source",
      state: "ok",
      found: ["ELECTRICITY_MAPS_API_KEY set", "last 24 hours: 2 zones"],
      fix: null,
      answer: {
        zone: "US-MIDA-PJM",
        newestHour: "2026-11-23T13:00:00.000Z",
        ageHours: 80 / 60,
        gCO2ePerKWh: 401,
        basis: "average/lifecycle/consumption",
        kind: "measured",
      },
    });
    expect(asked).toHaveLength(1);
    // What every plan has: the last 24 hours.
    expect(asked[0]).toMatchObject({ signal: "average", interval: { start: later(NOW, -24), end: NOW } });
  });

  it("is judged by values that a grid can have: nulls and absurd ones are none", async () => {
    const { source } = answering(electricityMaps, {
      "US-MIDA-PJM": [inPjm(0, null), inPjm(1, 9999), inPjm(2)],
    });
    const { answer } = await checkSource(configured(electricityMaps), source, request());
    expect(answer).toMatchObject({ newestHour: "2026-11-23T12:00:00.000Z", gCO2ePerKWh: 402 });
  });

  it("late by more than its usual lag and the hours that make a region stale is a warning", async () => {
    // Lag 1 h, stale after 3 h: 4 h 20 min is older than that, 3 h 20 min is not.
    const late = answering(electricityMaps, { "US-MIDA-PJM": [inPjm(4)] }).source;
    expect(await checkSource(configured(electricityMaps), late, request())).toMatchObject({
      state: "warning",
      answer: { ageHours: expect.closeTo(4.333, 3) },
    });
    const usual = answering(electricityMaps, { "US-MIDA-PJM": [inPjm(3)] }).source;
    expect(await checkSource(configured(electricityMaps), usual, request())).toMatchObject({ state: "ok" });
  });

  it("for the second zone, because its plan lacks the first, is a warning that says so", async () => {
    const { source } = answering(electricityMaps, {
      "US-MIDA-PJM": refusal("not-covered"),
      DE: [reading({ start: at("2026-11-23T13:00Z"), gCO2ePerKWh: 300 })],
    });
    expect(await checkSource(configured(electricityMaps), source, request())).toMatchObject({
      state: "warning",
      found: ["ELECTRICITY_MAPS_API_KEY set", "it said not-covered"],
      fix: expect.stringContaining("Take a plan with your zones (https://portal.electricitymaps.com)"),
      answer: { zone: "DE" },
    });
  });

  it("is not failed because it cannot say what its key may ask", async () => {
    const { source } = answering(electricityMaps, { "US-MIDA-PJM": [inPjm(1)] }, async () => {
      throw refusal("unavailable");
    });
    expect(await checkSource(configured(electricityMaps), source, request())).toMatchObject({ state: "ok" });
  });
});

describe("a source that gives no value", () => {
  it.each([
    ["unauthorised", /Copy ELECTRICITY_MAPS_API_KEY again, or get a new one \(https/],
    ["unavailable", /reaches the provider \(proxy, firewall\) and ELECTRICITY_MAPS_BASE_URL/],
    ["rate-limited", /lower quota.electricity_maps.perMinute/],
    ["quota", /raise quota.electricity_maps/],
    ["malformed", /Check ELECTRICITY_MAPS_BASE_URL.*npm install co2e@latest/],
    ["wrong-zone", /npm install co2e@latest/],
    ["sandbox", /Use a live key/],
  ] as const)("%s: it failed, is asked no further, and the words say what to do", async (kind, fix) => {
    const { source, asked } = answering(electricityMaps, { "US-MIDA-PJM": refusal(kind) });
    const check = await checkSource(configured(electricityMaps), source, request());
    expect(check).toMatchObject({ state: "failed", answer: null, fix: expect.stringMatching(fix) });
    expect(check.found).toContain(`it said ${kind}`);
    expect(asked).toHaveLength(1);
  });

  it("in none of four zones is asked no fifth", async () => {
    const zones = ["AT", "BE", "CH", "CZ", "DE"].map((key) => ({ key, wattTimeRegion: null }));
    const byZone = Object.fromEntries(zones.map(({ key }) => [key, refusal("not-covered", `no ${key}`)]));
    const { source, asked } = answering(energyCharts, byZone);
    const check = await checkSource(configured(energyCharts), source, request({ zones }));
    expect(check.found).toEqual(["needs no key", "no AT", "no BE", "no CH", "no CZ"]);
    expect(asked).toHaveLength(4);
  });

  it("but an empty answer says that", async () => {
    const { source } = answering(electricityMaps, { "US-MIDA-PJM": [inPjm(1, null)] });
    const check = await checkSource(configured(electricityMaps), source, request({ zones: [PJM] }));
    expect(check).toMatchObject({
      state: "failed",
      found: ["ELECTRICITY_MAPS_API_KEY set", "no usable value of US-MIDA-PJM"],
    });
  });

  it("and repeats the key it was sent shows none of it", async () => {
    const echo = refusal("malformed", `answered 400: the token ${KEY} is odd`);
    const { source } = answering(electricityMaps, { "US-MIDA-PJM": echo }, async () => [`key ${KEY}`]);
    const check = await checkSource(configured(electricityMaps), source, request());
    expect(JSON.stringify(check)).not.toContain(KEY);
    expect(check.found).toContain("answered 400: the token [secret] is odd");
  });
});

describe("a source that is not asked", () => {
  const { source, asked } = answering(electricityMaps, {});

  it("for want of a key says which variable, and where the key is to be had", async () => {
    expect(await checkSource(configured(watttime, false), undefined, request())).toEqual({
      name: "watttime",
      area: "source",
      state: "ok",
      found: [
        "WATTTIME_USERNAME and WATTTIME_PASSWORD not set: it is not asked; it would cover US-MIDA-PJM, DE",
      ],
      fix: "To ask it, set WATTTIME_USERNAME and WATTTIME_PASSWORD (https://docs.watttime.org)",
    });
  });

  it("because it covers no configured zone, or because of --offline, is all right", async () => {
    const elsewhere = { key: "NZ", wattTimeRegion: null };
    expect(
      await checkSource(configured(energyCharts), source, request({ zones: [elsewhere] })),
    ).toMatchObject({
      state: "ok",
      found: ["covers none of the configured zones: it is not asked"],
    });
    expect(
      await checkSource(configured(electricityMaps), source, request({ isOffline: true })),
    ).toMatchObject({
      state: "ok",
      found: ["ELECTRICITY_MAPS_API_KEY set; not asked (--offline)"],
    });
    expect(asked).toEqual([]);
  });

  it("because basis: strict takes no value of its basis is a warning", async () => {
    const check = await checkSource(configured(energyCharts), source, request({ basis: "strict" }));
    expect(check).toMatchObject({ state: "warning", fix: expect.stringContaining("basis: fill") });
    expect(asked).toEqual([]);
  });
});
