import { addSums, type EmissionPart, type EmissionSum, NOTHING } from "../../core/emission-sum.ts";
import type { FactorType } from "../../core/intensity.ts";
import { type Interval, toIso } from "../../core/time.ts";
import type { Labels } from "../../core/usage.ts";
import { EQUIVALENCES, inUnitsOf } from "../equivalences.ts";
import type {
  Change,
  DailyLine,
  EmissionsReport,
  ReportInputs,
  ReportLine,
  SourceHours,
} from "./emissions-report.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { type Dimension, dimensionName, grouped } from "./grouping.ts";
import { marketReport, type ReportMarket } from "./market-report.ts";
import { notesOn } from "./notes.ts";
import { sortLines } from "./sort-lines.ts";
import type { CountedRow } from "./stated-rows.ts";

/** What is asked. */
export interface ReportRequest {
  /** The name that the period is shown under: "last-24h", "2026-10". */
  readonly name: string;
  readonly period: Interval;
  readonly by: readonly Dimension[];
  readonly service: string | null;
  readonly region: string | null;
  readonly labels: Labels;
  readonly withEstimate: boolean;
  /** Functional unit besides requests; null: requests alone. */
  readonly unit: string | null;
  /** Also sums by day and group, as for a chart. */
  readonly daily: boolean;
}

/** What was read of one period. */
export interface PeriodParts {
  readonly name: string;
  readonly period: Interval;
  /** Worked out from usage, and stated by rows. */
  readonly parts: readonly EmissionPart[];
}

export interface ReportData {
  readonly current: PeriodParts;
  /** Null: not asked for. */
  readonly previous: PeriodParts | null;
  readonly counted: readonly CountedRow[];
  readonly replacedRows: number;
  /** Worked out from usage: what of `current` no row states. */
  readonly usage: EmissionSum;
  readonly hasSharedDays: boolean;
  readonly hasUnknownFactorSets: boolean;
  readonly pendingDays: number;
  readonly sources: readonly SourceHours[];
  /** Of the sources of hours and of means of a year. */
  readonly attributions: readonly string[];
  /** GHG Protocol scope of a region's energy; null: not configured. */
  readonly scopeOf: (region: string) => 2 | 3 | null;
  /** Null: not asked for. */
  readonly market: ReportMarket | null;
  readonly inputs: Omit<ReportInputs, "sources" | "factorTypes"> & {
    readonly factorType: FactorType | null;
  };
}

const sumOf = (parts: readonly EmissionPart[]): EmissionSum =>
  parts.reduce((sum, part) => addSums(sum, part.sum), NOTHING);

/** Adds the parts up by the dimensions that were asked for, and says what is behind the sums. */
export function emissionsReport(request: ReportRequest, data: ReportData, timeZone: string): EmissionsReport {
  const { by, period } = request;
  const { parts } = data.current;
  const names = by.map(dimensionName);
  const totalSum = sumOf(parts);
  const total = figuresOf(totalSum, request);
  const before = data.previous && linesBefore(data.previous.parts, request);
  const market = data.market && marketReport(parts, by, data.market, request.withEstimate);
  const lines = grouped(parts, by).map(({ values, parts: own }): ReportLine => {
    const group = Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
    const figures = figuresOf(sumOf(own), request);
    const key = JSON.stringify(values);
    return {
      service: group.service ?? null,
      region: group.region ?? null,
      group,
      ...figures,
      // A day has no other day to be compared with that is as long ago as the period is long.
      change: before && !isByTime(by) ? changeOf(figures, before.get(key) ?? null) : null,
      marketGCO2e: market?.byGroup.get(key) ?? null,
    };
  });
  const origin = inputsOf(data);
  const withoutEstimate = request.withEstimate ? 0 : totalSum.estimatedGCO2e;
  return {
    period: request.name,
    ...bounds(period),
    timeZone,
    by: names,
    filter: { service: request.service, region: request.region, labels: request.labels },
    withEstimate: request.withEstimate,
    lines: sortLines(lines, names),
    total,
    previous: data.previous && {
      period: data.previous.name,
      ...bounds(data.previous.period),
      ...changeOf(total, figuresOf(sumOf(data.previous.parts), request)),
    },
    scopes: scopesOf(parts, data.scopeOf, request),
    market: market?.report ?? null,
    daily: request.daily ? dailyLines(parts, request) : null,
    closedMonths: [],
    bookings: [],
    equivalences: equivalencesOf(total.emissionsGCO2e),
    attributions: [...new Set([...data.attributions, ...attributionsOf(data.counted)])].sort(),
    notes: [
      ...notesOn({
        ...data,
        total,
        isByLabel: by.some((one) => typeof one !== "string") || Object.keys(request.labels).length > 0,
        omittedEstimateGCO2e: withoutEstimate,
        factorTypes: origin.factorTypes,
      }),
      ...(market?.report.notes ?? []),
    ],
    inputs: origin,
  };
}

const isByTime = (by: readonly Dimension[]): boolean => by.includes("day") || by.includes("month");

const bounds = ({ start, end }: Interval) => ({ periodStart: toIso(start), periodEnd: toIso(end) });

const linesBefore = (parts: readonly EmissionPart[], request: ReportRequest): Map<string, Figures> =>
  new Map(
    grouped(parts, request.by).map(({ values, parts: own }) => [
      JSON.stringify(values),
      figuresOf(sumOf(own), request),
    ]),
  );

function changeOf(now: Figures, before: Figures | null): Change {
  const previous = before?.emissionsGCO2e ?? null;
  const current = now.emissionsGCO2e;
  const difference = previous === null || current === null ? null : current - previous;
  return {
    previousGCO2e: previous,
    differenceGCO2e: difference,
    share: difference === null || previous === null || previous === 0 ? null : difference / previous,
  };
}

function scopesOf(
  parts: readonly EmissionPart[],
  scopeOf: ReportData["scopeOf"],
  request: ReportRequest,
): EmissionsReport["scopes"] {
  const scopes = ([2, 3, null] as const).map((scope) => ({
    scope,
    own: parts.filter(({ region }) => scopeOf(region) === scope),
  }));
  return scopes.flatMap(({ scope, own }) => {
    const g = own.length === 0 ? null : figuresOf(sumOf(own), request).emissionsGCO2e;
    return g === null ? [] : [{ scope, emissionsGCO2e: g }];
  });
}

function dailyLines(parts: readonly EmissionPart[], request: ReportRequest): DailyLine[] {
  const first = request.by.find((dimension) => dimension !== "day" && dimension !== "month");
  return grouped(parts, first === undefined ? ["day"] : ["day", first])
    .map(({ values: [day, group], parts: own }) => {
      const { emissionsGCO2e, estimatedGCO2e } = figuresOf(sumOf(own), request);
      return { day: day ?? "", group: group ?? null, emissionsGCO2e, estimatedGCO2e };
    })
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

const equivalencesOf = (g: number | null): EmissionsReport["equivalences"] =>
  g === null
    ? []
    : EQUIVALENCES.map((equivalence) => ({
        amount: inUnitsOf(equivalence, g),
        text: equivalence.text,
        decimals: equivalence.decimals,
        gCO2ePerUnit: equivalence.gCO2ePerUnit,
        source: equivalence.source,
        edition: equivalence.edition,
        url: equivalence.url,
      }));

const attributionsOf = (counted: readonly CountedRow[]): string[] =>
  counted.flatMap(({ row: { metadata } }) =>
    Array.isArray(metadata.attributions)
      ? metadata.attributions.filter((text) => typeof text === "string")
      : [],
  );

function inputsOf({ inputs, sources, counted, usage }: ReportData): ReportInputs {
  const { factorType, ...rest } = inputs;
  const stated = counted.flatMap(({ row: { metadata } }) =>
    typeof metadata.factor_type === "string" ? [metadata.factor_type] : [],
  );
  const used = usage.rows > 0 && factorType !== null ? [factorType, ...stated] : stated;
  return { ...rest, factorTypes: [...new Set(used)].sort(), sources };
}
