import type { ReadingKind } from "../core/intensity.ts";
import { DAY_MS, type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { EnergyBoundary, Labels, Tier, UsageRow } from "../core/usage.ts";
import { jsonRows, type Queries } from "./database.ts";
import { hasLabels } from "./label-filter.ts";
import { readStatedRows, type StatedEvidence } from "./stated-evidence.ts";

/** Which emissions are meant; null and {}: all. A series must have all of `labels`; an empty value: it has no such label. */
export interface EvidenceFilter {
  readonly service: string | null;
  readonly region: string | null;
  readonly labels: Labels;
}

/** A row of `emission_cell`. */
export interface EvidentCell {
  readonly seriesId: number;
  readonly origin: string;
  readonly factorSetId: number;
  readonly start: Instant;
  readonly day: string;
  readonly requests: number | null;
  readonly requestsWithoutEnergy: number;
  readonly requestsElsewhere: number;
  readonly statedKWh: number;
  readonly pue: number;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly embodiedGCO2e: number | null;
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
  readonly tier: Tier | null;
  readonly gCO2ePerKWh: number | null;
  readonly kind: string | null;
  readonly estimate: string | null;
  readonly method: string;
  readonly cost: number | null;
  readonly units: Readonly<Record<string, number>> | null;
}

/** A usage row as it is kept now, and how it came to be so. */
export interface StoredUsage extends UsageRow {
  readonly seriesId: number;
  readonly revision: number;
  readonly recordedAt: Instant;
}

/** An accepted hour with what its row says of where it comes from. */
export interface EvidentHour {
  readonly region: string;
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly confidence: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A reading with the latest word of a person and the values that its source gave before. */
export interface EvidentReading extends Interval {
  readonly readingId: string;
  readonly zone: string;
  readonly source: string;
  readonly basis: string;
  readonly kind: ReadingKind;
  readonly method: string | null;
  readonly rawValue: number | null;
  readonly rawUnit: string;
  readonly gCO2ePerKWh: number | null;
  readonly fetchedAt: Instant;
  readonly providerUpdatedAt: Instant | null;
  readonly revision: number;
  readonly suspect: readonly string[];
  readonly review: {
    readonly accept: boolean;
    readonly reviewer: string;
    readonly reason: string;
    readonly at: string;
  } | null;
  /** Other revisions of the same reading, oldest first. */
  readonly otherRevisions: readonly {
    readonly revision: number;
    readonly rawValue: number | null;
    readonly fetchedAt: string;
  }[];
}

/** Sums of a day as a report shows them, over the series that are meant. */
export interface ReportedDay {
  readonly day: string;
  readonly kWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly requests: number | null;
  /** False: the cells of some series were removed; the sum is all that is left. */
  readonly hasCells: boolean;
}

/** What emissions were worked out from, for people who ask. Changes nothing. */
export type EmissionEvidence = ReturnType<typeof emissionEvidenceTable>;

export function emissionEvidenceTable(queries: Queries) {
  return {
    async series(filter: EvidenceFilter): Promise<
      {
        readonly seriesId: number;
        readonly service: string;
        readonly region: string;
        readonly labels: Labels;
      }[]
    > {
      return queries.query(
        `select s.series_id as "seriesId", s.service_name as service, s.region, s.labels
         from usage_series s where ${MEANT} order by s.service_name, s.region, s.labels_key`,
        filterParams(filter),
      );
    },

    async countCells(filter: EvidenceFilter, interval: Interval): Promise<number> {
      const [row] = await queries.query<{ cells: number }>(
        `select count(*)::int as cells from emission_cell c join usage_series s using (series_id)
         where ${MEANT} and c.cell_start >= $4::timestamptz and c.cell_start < $5::timestamptz`,
        [...filterParams(filter), toIso(interval.start), toIso(interval.end)],
      );
      return row?.cells ?? 0;
    },

    /** Cells that begin within `interval`, in order of series, time and origin. */
    async cells(filter: EvidenceFilter, interval: Interval): Promise<EvidentCell[]> {
      const rows = await queries.query<Omit<EvidentCell, "start"> & { ms: number }>(
        `select c.series_id as "seriesId", o.origin, c.factor_set_id as "factorSetId", ${MS("c.cell_start")} as ms,
           c.day::text as day, c.requests, c.requests_without_energy as "requestsWithoutEnergy",
           c.requests_elsewhere as "requestsElsewhere", c.stated_kwh as "statedKWh", c.pue, c.kwh as "kWh",
           c.covered_kwh as "coveredKWh", c.estimated_kwh as "estimatedKWh", c.g_co2e as "gCO2e",
           c.g_estimated as "estimatedGCO2e", c.g_embodied as "embodiedGCO2e", c.g_low as "lowGCO2e",
           c.g_high as "highGCO2e", c.tier, c.g_per_kwh as "gCO2ePerKWh", c.intensity_kind as kind, c.estimate,
           c.method, c.cost, c.units
         from emission_cell c join usage_series s using (series_id) join usage_origin o using (origin_id)
         where ${MEANT} and c.cell_start >= $4::timestamptz and c.cell_start < $5::timestamptz
         order by c.series_id, c.cell_start, o.origin`,
        [...filterParams(filter), toIso(interval.start), toIso(interval.end)],
      );
      return rows.map(({ ms, ...row }) => ({ ...row, start: instant(ms) }));
    },

    /** Usage rows that share time with `interval`, in order of series, time and origin. */
    async usageRows(filter: EvidenceFilter, interval: Interval): Promise<StoredUsage[]> {
      const rows = await queries.query<UsageRecord>(
        `select u.series_id as "seriesId", s.service_name as service, s.region, s.labels, o.origin, u.requests,
           u.energy_kwh as "energyKWh", u.boundary, u.tier, u.quantities, u.cost, u.revision,
           ${MS("u.starts_at")} as start_ms, ${MS("u.ends_at")} as end_ms, ${MS("u.recorded_at")} as recorded_ms
         from usage_row u join usage_series s using (series_id) join usage_origin o using (origin_id)
         where ${MEANT} and u.starts_at < $5::timestamptz and u.ends_at > $4::timestamptz
           and (u.starts_at >= $6::timestamptz or u.ends_at - u.starts_at > interval '1 day')
         order by u.series_id, u.starts_at, o.origin`,
        [
          ...filterParams(filter),
          toIso(interval.start),
          toIso(interval.end),
          toIso(instant(interval.start - DAY_MS)),
        ],
      );
      return rows.map(({ energyKWh, boundary, tier, start_ms, end_ms, recorded_ms, ...row }) => ({
        ...row,
        start: instant(start_ms),
        end: instant(end_ms),
        recordedAt: instant(recorded_ms),
        energy:
          energyKWh === null || boundary === null || tier === null
            ? null
            : { kWh: energyKWh, boundary, tier },
      }));
    },

    /** Accepted hours of a region that begin within `interval`, one an hour, as calculations take them. */
    async hours(region: string, interval: Interval): Promise<EvidentHour[]> {
      const rows = await queries.query<Omit<EvidentHour, "hour" | "region"> & { ms: number }>(
        `select distinct on (date_trunc('hour', timestamp, 'UTC')) ${MS("date_trunc('hour', timestamp, 'UTC')")} as ms,
           gco2_per_kwh::float8 as "gCO2ePerKWh", source, coalesce(confidence_score, 0)::float8 as confidence, metadata
         from co2e_emissions
         where region = $1 and timestamp >= $2::timestamptz and timestamp < $3::timestamptz
         order by date_trunc('hour', timestamp, 'UTC'), timestamp`,
        [region, toIso(interval.start), toIso(interval.end)],
      );
      return rows.map(({ ms, ...row }) => ({ ...row, region, hour: instant(ms) }));
    },

    async readings(ids: readonly string[]): Promise<EvidentReading[]> {
      const rows = await queries.query<ReadingRecord>(READINGS, [JSON.stringify(ids)]);
      return rows.map(({ start_ms, end_ms, fetched_ms, updated_ms, ...row }) => ({
        ...row,
        start: instant(start_ms),
        end: instant(end_ms),
        fetchedAt: instant(fetched_ms),
        providerUpdatedAt: updated_ms === null ? null : instant(updated_ms),
      }));
    },

    async factorSets(
      ids: readonly number[],
    ): Promise<{ readonly id: number; readonly sha256: string; readonly body: unknown }[]> {
      return queries.query(
        `select factor_set_id as id, sha256, body from factor_set
         where factor_set_id in (select x.id from jsonb_to_recordset($1::jsonb) as x(id int)) order by factor_set_id`,
        [jsonRows(ids.map((id) => ({ id })))],
      );
    },

    /** Daily sums from `from` to `until` (not included), over the series that are meant. */
    async days(filter: EvidenceFilter, from: string, until: string): Promise<ReportedDay[]> {
      return queries.query(
        `select d.day::text as day, sum(d.kwh order by d.series_id)::float8 as "kWh",
           sum(d.g_co2e order by d.series_id)::float8 as "gCO2e",
           sum(d.g_estimated order by d.series_id)::float8 as "estimatedGCO2e",
           sum(d.requests order by d.series_id)::float8 as requests, bool_and(d.has_cells) as "hasCells"
         from emission_day d join usage_series s using (series_id)
         where ${MEANT} and d.day >= $4::date and d.day < $5::date
         group by d.day order by d.day`,
        [...filterParams(filter), from, until],
      );
    },

    /** Rows that share time with `interval` and name no cells, whole. They state no labels: of a label there are none. */
    statedRows: (filter: EvidenceFilter, interval: Interval): Promise<StatedEvidence[]> =>
      readStatedRows(queries, filter, interval),

    /** The last calculation of all; null: none. */
    async latestCalculation(): Promise<{ readonly at: string; readonly codeVersion: string } | null> {
      const [row] = await queries.query<{ ms: number; version: string }>(
        `select ${MS("at")} as ms, code_version as version from recalc_run order by recalc_id desc limit 1`,
      );
      return row === undefined ? null : { at: toIso(instant(row.ms)), codeVersion: row.version };
    },
  };
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

/** Of the series `s`, by the first three parameters. */
const MEANT = `($1::text is null or s.service_name = $1) and ($2::text is null or s.region = $2) and ${hasLabels("$3")}`;
const filterParams = ({ service, region, labels }: EvidenceFilter): (string | null)[] => [
  service,
  region,
  JSON.stringify(labels),
];

interface UsageRecord extends Omit<StoredUsage, "start" | "end" | "recordedAt" | "energy"> {
  energyKWh: number | null;
  boundary: EnergyBoundary | null;
  tier: Tier | null;
  start_ms: number;
  end_ms: number;
  recorded_ms: number;
}

interface ReadingRecord extends Omit<EvidentReading, "start" | "end" | "fetchedAt" | "providerUpdatedAt"> {
  start_ms: number;
  end_ms: number;
  fetched_ms: number;
  updated_ms: number | null;
}

const UTC = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const READINGS = `
select r.reading_id::text as "readingId", r.zone, r.source, r.signal || '/' || r.factor_type || '/' || r.boundary as basis,
  r.kind, r.method, r.raw_value as "rawValue", r.raw_unit as "rawUnit", r.g_per_kwh as "gCO2ePerKWh", r.revision, r.suspect,
  ${MS("r.starts_at")} as start_ms, ${MS("r.ends_at")} as end_ms, ${MS("r.fetched_at")} as fetched_ms,
  ${MS("r.provider_updated_at")} as updated_ms,
  (select jsonb_build_object('accept', w.accept, 'reviewer', w.reviewer, 'reason', w.reason, 'at', ${UTC("w.reviewed_at")})
   from intensity_review w where w.reading_id = r.reading_id order by w.reviewed_at desc limit 1) as review,
  coalesce((
    select jsonb_agg(jsonb_build_object('revision', e.revision, 'rawValue', e.raw_value, 'fetchedAt', ${UTC("e.fetched_at")})
                     order by e.revision)
    from intensity_reading e
    where e.zone = r.zone and e.starts_at = r.starts_at and e.ends_at = r.ends_at and e.source = r.source
      and e.signal = r.signal and e.factor_type = r.factor_type and e.boundary = r.boundary
      and e.revision <> r.revision), '[]') as "otherRevisions"
from intensity_reading r
where r.reading_id in (select x::bigint from jsonb_array_elements_text($1::jsonb) as x)
order by r.zone, r.starts_at, r.reading_id`;
