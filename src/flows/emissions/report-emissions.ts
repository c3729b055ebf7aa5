import { type Calendar, calendarOf } from "../../core/calendar.ts";
import { addSums, type EmissionPart, NOTHING } from "../../core/emission-sum.ts";
import { ConfigError } from "../../core/errors.ts";
import type { FactorType } from "../../core/intensity.ts";
import { type Interval, toIso } from "../../core/time.ts";
import type { Labels } from "../../core/usage.ts";
import { allocate, type MarketSettings, vintageDays } from "../../emissions/market.ts";
import type { EmissionsReport } from "../../emissions/report/emissions-report.ts";
import { type Dimension, detailOf } from "../../emissions/report/grouping.ts";
import type { ReportMarket } from "../../emissions/report/market-report.ts";
import { emissionsReport, type ReportData } from "../../emissions/report/report.ts";
import { slicesOf } from "../../emissions/report/slices.ts";
import type { StatedParts } from "../../emissions/report/stated-rows.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../parts.ts";
import { countStatedRows } from "./count-stated-rows.ts";

export interface ReportParts {
  readonly store: Pick<Store, "emissionReports">;
  /** Whom to thank for readings of a source; nobody for files and rows of one's own. */
  readonly attributionOf?: (source: string) => string | undefined;
  /** Whom to thank for the mean of a year that stands in where no hour of a zone is known. */
  readonly annualAttributionOf?: (zone: string) => Promise<string | undefined>;
  readonly regions?: readonly ReportRegion[];
  readonly clock?: Clock;
  readonly version?: string;
}

export interface ReportRegion {
  readonly name: string;
  readonly zone: string | null;
  /** GHG Protocol: 3 for a cloud, 2 for an own site. */
  readonly scope: 2 | 3;
}

export interface ReportOptions {
  readonly by?: readonly Dimension[];
  readonly service?: string | null;
  readonly region?: string | null;
  readonly labels?: Labels;
  readonly withEstimate?: boolean;
  readonly unit?: string | null;
  /** To compare with; null: nothing. */
  readonly previous?: { readonly name: string; readonly period: Interval } | null;
  /** Null: no market-based figures. */
  readonly market?: MarketSettings | null;
  /** Sums by day too. */
  readonly daily?: boolean;
}

/** The calendar of the store's accounting days; UTC until something was worked out. */
export async function accountingCalendar({ store }: Pick<ReportParts, "store">): Promise<Calendar> {
  const { timeZone } = await store.emissionReports.settings();
  const calendar = calendarOf(timeZone ?? "UTC");
  if (calendar) return calendar;
  throw new ConfigError(`This computer does not know the accounting time zone of the store, ${timeZone}.`);
}

/** What was emitted in `period`, by service and region unless said otherwise. `name` is what the period is shown as. */
export async function reportEmissions(
  parts: ReportParts,
  name: string,
  period: Interval,
  options: ReportOptions = {},
): Promise<EmissionsReport> {
  const { store, regions = [] } = parts;
  const calendar = await accountingCalendar(parts);
  const { factorType, currency } = await store.emissionReports.settings();
  const request = {
    name,
    period,
    by: options.by ?? (["service", "region"] as const),
    service: options.service ?? null,
    region: options.region ?? null,
    labels: options.labels ?? {},
    withEstimate: options.withEstimate ?? true,
    unit: options.unit ?? null,
    daily: options.daily ?? false,
  };
  const market = options.market ?? null;
  const query: Query = {
    filter: { service: request.service, region: request.region, labels: request.labels },
    unit: request.unit,
    detail: detailOf(request.by, market !== null || request.daily),
  };
  const current = await readPeriod(parts, calendar, period, query);
  const previous = options.previous ?? null;
  const before = previous && (await readPeriod(parts, calendar, previous.period, query));
  const sources = await store.emissionReports.sourceHours(regionsOf(current.usage), period);
  const factorSets = await store.emissionReports.factorSets(slicesOf(calendar, period), query.filter);
  const scopes = new Map(regions.map((region) => [region.name, region.scope]));
  const data: ReportData = {
    current: { name, period, parts: current.parts },
    previous: previous && before && { ...previous, parts: before.parts },
    counted: current.stated.counted,
    replacedRows: current.stated.replaced,
    usage: current.usage.reduce((sum, part) => addSums(sum, part.sum), NOTHING),
    hasSharedDays: current.hasSharedDays,
    hasUnknownFactorSets: factorSets.hasUnknown,
    pendingDays: await store.emissionReports.pendingDays(period, request.region),
    sources,
    attributions: await attributions(parts, current.usage, sources, request.withEstimate),
    scopeOf: (region) => scopes.get(region) ?? null,
    market: market && (await readMarket(parts, calendar, market)),
    inputs: {
      generatedAt: toIso(parts.clock?.() ?? period.end),
      version: parts.version ?? "",
      factorType: factorType as FactorType | null,
      factorSets: factorSets.known.map(({ sha256, since }) => ({ sha256, since: toIso(since) })),
      currency,
    },
  };
  return emissionsReport(request, data, calendar.timeZone);
}

const regionsOf = (parts: readonly EmissionPart[]): string[] => [
  ...new Set(parts.map(({ region }) => region)),
];

type Query = Parameters<Store["emissionReports"]["ofDays"]>[1];

interface ReadPeriod {
  /** Usage and stated rows. */
  readonly parts: readonly EmissionPart[];
  readonly usage: readonly EmissionPart[];
  readonly stated: StatedParts;
  readonly hasSharedDays: boolean;
}

/** Everything that a report of `period` adds up. */
export async function readPeriod(
  { store }: Pick<ReportParts, "store">,
  calendar: Calendar,
  period: Interval,
  query: Query,
): Promise<ReadPeriod> {
  const { emissionReports } = store;
  const slices = slicesOf(calendar, period);
  const days = slices.days === null ? [] : await emissionReports.ofDays(slices.days, query);
  const cells = await emissionReports.ofCells(slices.cells, query);
  const sharedDays = await emissionReports.ofEdgeDays(slices.edgeDays, query);
  const usage = [...days, ...cells, ...sharedDays];
  // Rows state no labels: a report of some label has none of them, one of what lacks a label has all.
  const isLabelled = Object.values(query.filter.labels).some((value) => value !== "");
  const rows = isLabelled ? [] : await emissionReports.statedRows(period, query.filter);
  const stated = await countStatedRows(emissionReports, calendar, period, rows, query.detail);
  return { parts: [...usage, ...stated.parts], usage, stated, hasSharedDays: sharedDays.length > 0 };
}

/** The consumption of every service over all vintages decides what instruments give, whatever the report is of. */
async function readMarket(
  { store, regions = [] }: ReportParts,
  calendar: Calendar,
  settings: MarketSettings,
): Promise<ReportMarket> {
  const { emissionReports } = store;
  const zones = new Map(regions.map(({ name, zone }) => [name, zone]));
  const zoneOf = (region: string): string | null => zones.get(region) ?? null;
  const days = vintageDays(settings.instruments);
  if (days === null) return { settings, zoneOf, allocation: allocate([], [], zoneOf) };
  const period = { start: calendar.startOf(days.from), end: calendar.startOf(days.until) };
  const rows = await emissionReports.statedRows(period, { service: null, region: null });
  const detail = { service: false, day: true, labels: [] };
  const stated = await countStatedRows(emissionReports, calendar, period, rows, detail);
  const consumption = [
    ...(await emissionReports.consumption(days)),
    ...stated.parts.map(({ region, day, sum }) => ({ region, day: day ?? "", kWh: sum.kWh })),
  ];
  return { settings, zoneOf, allocation: allocate(settings.instruments, consumption, zoneOf) };
}

async function attributions(
  { attributionOf, annualAttributionOf, regions = [] }: ReportParts,
  usage: readonly EmissionPart[],
  sources: readonly { readonly source: string }[],
  withEstimate: boolean,
): Promise<string[]> {
  if (usage.length === 0) return [];
  const estimated = new Set(regionsOf(usage.filter(({ sum }) => withEstimate && sum.estimatedKWh > 0)));
  const zones = regions.flatMap(({ name, zone }) => (estimated.has(name) && zone !== null ? [zone] : []));
  // An estimate rests on other hours of the zone or, where there are none, on a mean of a year.
  const annual = await Promise.all(zones.map((zone) => annualAttributionOf?.(zone)));
  return [...sources.map(({ source }) => attributionOf?.(source)), ...annual].filter(
    (text) => text !== undefined,
  );
}
