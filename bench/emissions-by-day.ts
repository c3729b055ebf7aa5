// Emissions by day, service and region: our accumulation and that of Cloud Carbon Footprint, of the same rows.
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Instant, instant, toIso } from "../src/core/time.ts";
import type { EmissionCell } from "../src/emissions/cell.ts";
import { SeriesSums } from "../src/emissions/series-sums.ts";
import { energyKWh, firstHourMs, gridGPerKWh, HOUR_MS, REGIONS, requestCount } from "./emissions-data.ts";

/** Half a year of a company with thousands of services, of four usage types each: what is found by looking through a list gets slow. */
const SERVICES = 2000;
const DAYS = 180;
const ROWS_A_DAY = 4;

/** What their index.d.ts says of it, as far as it is used. */
interface CloudCarbonFootprint {
  appendOrAccumulateEstimatesByDay(
    results: { serviceEstimates: { kilowattHours: number; co2e: number }[] }[],
    row: object,
    estimate: { timestamp: Date; kilowattHours: number; co2e: number },
    grouping: string,
    tagNames: readonly string[],
  ): void;
}

export interface Rates {
  readonly rows: number;
  /** Rows per second: accumulation alone, of estimates that are there already. */
  readonly ours: number;
  readonly theirs: number;
}

/** `folder` has Cloud Carbon Footprint in its node_modules. */
export function accumulationRates(folder: string): Rates {
  const theirs = createRequire(join(folder, "package.json"))(
    "@cloud-carbon-footprint/core",
  ) as CloudCarbonFootprint;
  const their: Parameters<CloudCarbonFootprint["appendOrAccumulateEstimatesByDay"]>[0] = [];
  const sums = new SeriesSums(DETAIL, () => null);
  const rates = {
    ours: rowsPerSecond(estimatesOn, (rows) => {
      for (const { row, cell } of rows) sums.entry(row).on(cell.day).add(cell, null);
    }),
    theirs: rowsPerSecond(billingOn, (rows) => {
      for (const { row, estimate } of rows)
        theirs.appendOrAccumulateEstimatesByDay(their, row, estimate, "day", []);
    }),
  };
  const estimates = their.flatMap(({ serviceEstimates }) => serviceEstimates);
  const g = estimates.reduce((sum, { co2e }) => sum + co2e * 1e6, 0);
  const parts = sums.parts();
  const own = parts.reduce((sum, part) => sum + (part.sum.gCO2e ?? 0), 0);
  if (parts.length !== estimates.length || Math.abs(own - g) / g > 1e-9)
    throw new Error(`${parts.length} sums of ${own} g, theirs ${estimates.length} of ${g} g`);
  return { rows: SERVICES * DAYS * ROWS_A_DAY, ...rates };
}

/** Rows are made day by day and not counted in: a year of them in memory would be a test of the garbage collector. */
function rowsPerSecond<Row>(
  rowsOn: (day: number) => readonly Row[],
  work: (rows: readonly Row[]) => void,
): number {
  let ms = 0;
  for (let day = 0; day < DAYS; day++) {
    const rows = rowsOn(day);
    const startedMs = performance.now();
    work(rows);
    ms += performance.now() - startedMs;
  }
  return (SERVICES * DAYS * ROWS_A_DAY) / (ms / 1000);
}

const DETAIL = { service: true, day: true, labels: [] };

const hourAt = (hour: number): Instant => instant(firstHourMs + hour * HOUR_MS);

const NAMES = Array.from({ length: SERVICES }, (_, service) => `service-${service}`);
const NO_LABELS = {};

/** Hour by hour, all services: as a billing export is sorted. */
const inOrder = <Row>(day: number, rowOf: (service: number, hour: number) => Row): Row[] =>
  Array.from({ length: ROWS_A_DAY * SERVICES }, (_, index) =>
    rowOf(index % SERVICES, day * 24 + Math.floor(index / SERVICES)),
  );

const namesOf = (service: number) => ({
  service: NAMES[service] ?? "",
  region: REGIONS[service % 2] ?? "",
  labels: NO_LABELS,
});

const gramsOf = (service: number, hour: number): number =>
  energyKWh(service, hour) * gridGPerKWh(service % 2, hour);

const estimatesOn = (day: number): { row: ReturnType<typeof namesOf>; cell: EmissionCell }[] => {
  const date = toIso(hourAt(day * 24)).slice(0, 10);
  return inOrder(day, (service, hour) => {
    const kWh = energyKWh(service, hour);
    const gCO2e = gramsOf(service, hour);
    return {
      row: namesOf(service),
      cell: {
        start: hourAt(hour),
        day: date,
        requests: requestCount(service, hour),
        requestsWithoutEnergy: 0,
        requestsElsewhere: 0,
        statedKWh: kWh,
        pue: 1,
        kWh,
        coveredKWh: kWh,
        estimatedKWh: 0,
        gCO2e,
        estimatedGCO2e: 0,
        embodiedGCO2e: 1.19,
        lowGCO2e: gCO2e * 0.9,
        highGCO2e: gCO2e * 1.1,
        tier: "measured",
        gCO2ePerKWh: gCO2e / kWh,
        kind: "measured",
        estimate: null,
        method: "hourly",
        cost: null,
        units: null,
      },
    };
  });
};

function billingOn(day: number) {
  const timestamp = new Date(hourAt(day * 24));
  return inOrder(day, (service, hour) => ({
    row: {
      cloudProvider: "AWS",
      accountId: "1",
      accountName: "one",
      serviceName: NAMES[service],
      region: REGIONS[service % 2],
      timestamp,
      cost: 0,
      tags: {},
    },
    estimate: {
      timestamp,
      kilowattHours: energyKWh(service, hour),
      // Tonnes.
      co2e: gramsOf(service, hour) / 1e6,
      usesAverageCPUConstant: false,
    },
  }));
}
