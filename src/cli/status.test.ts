import { expect, it } from "vitest";
import type { RegionStatus, SourceStatus, Status } from "../flows/health/read-status.ts";
import { statusText } from "./status.ts";

const RUNS = { runs: 24, succeeded: 24, interrupted: 0 };
const region = (fields: Partial<RegionStatus> = {}): RegionStatus => ({
  region: "eu-central-1",
  zone: "DE",
  freshness: "fresh",
  newestHour: "2026-11-23T13:00:00.000Z",
  ageHours: 1.4,
  gCO2ePerKWh: 300,
  source: "electricity_maps",
  missingHours: 0,
  missing: [],
  staleAfterHours: 3,
  knownHours: 167,
  otherBasisShare: 0,
  estimatedShare: 0.04,
  runsOf24Hours: RUNS,
  runsOf7Days: { runs: 168, succeeded: 167, interrupted: 0 },
  lastRun: {
    job: "ingest",
    startedAt: "2026-11-23T14:05:00.000Z",
    endedAt: "2026-11-23T14:05:02.000Z",
    outcome: "complete",
    hoursUnreachable: 0,
    error: null,
  },
  ...fields,
});
const EMPTY = region({
  region: "us-west-2",
  freshness: "none",
  newestHour: null,
  ageHours: null,
  gCO2ePerKWh: null,
  source: null,
  missingHours: 167,
  knownHours: 0,
  otherBasisShare: null,
  estimatedShare: null,
  runsOf24Hours: { runs: 0, succeeded: 0, interrupted: 0 },
  runsOf7Days: { runs: 0, succeeded: 0, interrupted: 0 },
  lastRun: null,
});
const source = (fields: Partial<SourceStatus> = {}): SourceStatus => ({
  source: "electricity_maps",
  isAtHand: true,
  regions: 1,
  callsToday: 1234,
  callsPerDay: 2000,
  callsPerMinute: 300,
  leftToday: 766,
  ...fields,
});
const status = (fields: Partial<Status> = {}): Status => ({
  at: "2026-11-23T14:20:00.000Z",
  data: "live",
  staleAfterHours: 3,
  regions: [region()],
  freshRegions: 1,
  missingHours: 0,
  suspectReadings: 0,
  sources: [],
  ...fields,
});

it("all is well: a verdict, a line per region, the last run", () => {
  expect(statusText(status())).toEqual([
    "1 of 1 region fresh; no missing hour in 7 days; no suspect reading",
    "",
    "Region        State  Newest hour       Age  Source            Missing  Estimated  Other basis  Runs 24 h   7 d",
    "eu-central-1  fresh  2026-11-23 13:00  1 h  electricity_maps        0        4 %          0 %      100 %  99 %",
    "",
    "Last run: ingest, 2026-11-23 14:05 UTC (15 min ago)",
  ]);
});

it("the verdict counts what is wrong and says which command helps", () => {
  const regions = [region(), region({ freshness: "stale", missingHours: 5 }), EMPTY];
  expect(statusText(status({ regions, missingHours: 5, suspectReadings: 1 }))[0]).toBe(
    "1 of 3 regions fresh; 1 without any hour: co2e ingest; 5 missing hours in 7 days; 1 suspect reading: co2e readings review",
  );
  expect(statusText(status({ regions: [EMPTY], freshRegions: 0 }))[0]).toBe(
    "0 of 1 region fresh; 1 without any hour: co2e ingest; no suspect reading",
  );
  expect(statusText(status({ data: "sample" }))[0]).toMatch(/^SAMPLE DATA, invented. 1 of 1 region fresh/);
});

it("a region without hours has empty cells, not zeros", () => {
  expect(statusText(status({ regions: [EMPTY] }))[3]).toMatch(/^us-west-2 +none +none +none$/);
});

it("missing hours stand as stretches, the first three of each region", () => {
  const stretch = (from: string, to: string) => ({ from: `${from}:00.000Z`, to: `${to}:00.000Z`, hours: 1 });
  const missing = [
    stretch("2026-11-20T03:00", "2026-11-20T06:00"),
    stretch("2026-11-20T23:00", "2026-11-21T01:00"),
    stretch("2026-11-22T03:00", "2026-11-22T04:00"),
    stretch("2026-11-22T05:00", "2026-11-22T06:00"),
    stretch("2026-11-22T07:00", "2026-11-22T08:00"),
  ];
  const text = statusText(status({ regions: [region({ missing, missingHours: 8 }), EMPTY] }));
  expect(
    text.slice(
      text.findIndex((line) => line.startsWith("Missing hours")),
      -2,
    ),
  ).toEqual([
    "Missing hours, UTC; co2e backfill fetches what sources still have:",
    "  eu-central-1: 2026-11-20 03:00 to 06:00, 2026-11-20 23:00 to 2026-11-21 01:00, 2026-11-22 03:00 to 04:00, and 2 more",
  ]);
});

it("of the last runs those are told that did not do all, regions with the same to say in one line", () => {
  const lastRun = region().lastRun;
  if (!lastRun) throw new Error("no run");
  const regions = [
    region(),
    region({ region: "a", lastRun: { ...lastRun, outcome: "failed", error: "it said 500" } }),
    region({ region: "b", lastRun: { ...lastRun, outcome: "failed", error: "it said 500" } }),
    region({ region: "c", lastRun: { ...lastRun, outcome: "partial", hoursUnreachable: 1 } }),
    region({
      region: "d",
      lastRun: { ...lastRun, startedAt: "2026-11-23T11:05:00.000Z", outcome: "interrupted" },
      runsOf7Days: { runs: 9, succeeded: 7, interrupted: 2 },
    }),
  ];
  const text = statusText(status({ regions }));
  expect(text.slice(text.findIndex((line) => line.startsWith("Last run")))).toEqual([
    "Last run: ingest, 2026-11-23 14:05 UTC (15 min ago)",
    "  a, b: failed: it said 500",
    "  c: partial: 1 hour that no source could give",
    "  d: interrupted 3 h ago",
    "  d: 2 runs of 7 days stopped half way",
  ]);
  expect(statusText(status({ regions: [EMPTY] }))).toContain("Last run: none");
});

it("budgets stand for sources that can be asked for these regions, or were asked today", () => {
  const text = statusText(
    status({
      sources: [
        source(),
        source({ source: "unused", regions: 0, callsToday: 0 }),
        source({ source: "no-key", isAtHand: false, callsToday: 0 }),
        source({
          source: "asked",
          isAtHand: false,
          callsToday: 3,
          callsPerDay: null,
          leftToday: null,
          callsPerMinute: null,
        }),
      ],
    }),
  );
  expect(text.slice(-3)).toEqual([
    "Source            Calls today  Limit a day  Left now  Limit a minute",
    "electricity_maps        1,234        2,000       766             300",
    "asked                       3         none                      none",
  ]);
});

it("a line fits into 120 columns with names as long as most", () => {
  const [, , ...lines] = statusText(
    status({ regions: [region({ region: "germanywestcentral", ageHours: 0.9 })] }),
  );
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);
});
