import {
  type AcceptedHour,
  basisText,
  type LatestMix,
  MIX_FUELS,
  type MixShares,
  type RegionHour,
} from "../core/intensity.ts";
import { ceilToHour, type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** What a projection did to the rows of one region. */
export interface HourChanges {
  readonly written: number;
  readonly revised: number;
  readonly unchanged: number;
  /** Hours that lost their last acceptable reading: a gap again. */
  readonly removed: number;
}

export interface HandMadeRow {
  readonly id: string;
  readonly region: string;
  readonly at: Instant;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  /** Percent by fuel, as far as the row says. */
  readonly shares: Partial<MixShares>;
  /** When the row was last written. */
  readonly writtenAt: Instant;
}

export interface Gaps {
  readonly region: string;
  /** Whole hours without a row, ascending. */
  readonly hours: readonly Instant[];
}

export interface Freshness {
  readonly region: string;
  /** The newest hour that has begun; null when none is known. */
  readonly newest: RegionHour | null;
}

/** `co2e_emissions`: the accepted average per region and hour, derived from the evidence. */
export type Intensity = ReturnType<typeof intensityTable>;

export function intensityTable(queries: Queries) {
  return {
    /** Makes the rows of `region` for exactly `hours` say what was accepted: rows appear, change or go. */
    async project(
      region: string,
      zone: string,
      hours: readonly Instant[],
      accepted: ReadonlyMap<Instant, AcceptedHour>,
      mixes: ReadonlyMap<Instant, LatestMix>,
    ): Promise<HourChanges> {
      const rows = [...accepted.values()].map((hour) => toRow(region, zone, hour, mixes.get(hour.hour)));
      const [upserted] = await queries.query<{ written: number; revised: number }>(UPSERT_HOURS, [
        jsonRows(rows),
      ]);
      const gaps = hours.filter((hour) => !accepted.has(hour)).map(toIso);
      const [deleted] =
        gaps.length === 0
          ? []
          : await queries.query<{ removed: number }>(DELETE_HOURS, [region, JSON.stringify(gaps)]);
      const written = upserted?.written ?? 0;
      const revised = upserted?.revised ?? 0;
      const unchanged = accepted.size - written - revised;
      return { written, revised, unchanged, removed: deleted?.removed ?? 0 };
    },

    /** The known hours of `region` that touch `interval`, in order, one row an hour. A row that a person put at 10:17
     *  stands for 10:00, unless that hour has a row of its own. */
    async hours(region: string, interval: Interval): Promise<RegionHour[]> {
      const rows = await queries.query<HourRow>(
        `select distinct on (date_trunc('hour', timestamp, 'UTC')) ${HOUR_COLUMNS} from co2e_emissions
         where region = $1 and timestamp >= date_trunc('hour', $2::timestamptz, 'UTC') and timestamp < $3::timestamptz
         order by date_trunc('hour', timestamp, 'UTC'), timestamp`,
        [region, toIso(interval.start), toIso(ceilToHour(interval.end))],
      );
      return rows.map(toRegionHour);
    },

    /** The newest known hour of `region` that starts before `before`. */
    async newestHour(region: string, before: Instant): Promise<RegionHour | undefined> {
      const rows = await queries.query<HourRow>(
        // By its newest row alone: sorting by the hour would read all that the region has.
        `select ${HOUR_COLUMNS} from co2e_emissions
         where region = $1 and timestamp < $2::timestamptz and timestamp >= date_trunc('hour', (
           select max(timestamp) from co2e_emissions where region = $1 and timestamp < $2::timestamptz), 'UTC')
         order by timestamp limit 1`,
        [region, toIso(before)],
      );
      return rows.map(toRegionHour)[0];
    },

    /** The whole hours of `interval` that each region has no row for, in the order of `regions`. */
    async gaps(regions: readonly string[], interval: Interval): Promise<Gaps[]> {
      const rows = await queries.query<{ region: string; ms: number[] }>(GAPS, [
        JSON.stringify(regions),
        toIso(ceilToHour(interval.start)),
        toIso(interval.end),
      ]);
      return rows.map(({ region, ms }) => ({ region, hours: ms.map(instant) }));
    },

    /** The newest hour of each region that began before `now`, in the order of `regions`. */
    async freshness(regions: readonly string[], now: Instant): Promise<Freshness[]> {
      const rows = await queries.query<{ name: string } & (HourRow | { ms: null })>(
        `select x.name, newest.*
         from jsonb_array_elements_text($1::jsonb) with ordinality as x(name, position)
         left join lateral (
           select ${HOUR_COLUMNS} from co2e_emissions
           where region = x.name and timestamp < $2::timestamptz and timestamp >= date_trunc('hour', (
             select max(timestamp) from co2e_emissions where region = x.name and timestamp < $2::timestamptz), 'UTC')
           order by timestamp limit 1) newest on true
         order by x.position`,
        [JSON.stringify(regions), toIso(now)],
      );
      return rows.map((row) => ({ region: row.name, newest: row.ms === null ? null : toRegionHour(row) }));
    },

    /** Rows that a person put there, or that an adopted database brought along: they name no reading. */
    async handMadeRows(regions: readonly string[]): Promise<HandMadeRow[]> {
      const rows = await queries.query<HandMadeRecord>(
        `select id::text as id, region, source, gco2_per_kwh::float8 as g, (extract(epoch from timestamp) * 1000)::float8 as ms,
                (extract(epoch from coalesce(updated_at, created_at, now())) * 1000)::float8 as written_ms,
                jsonb_strip_nulls(jsonb_build_object(${MIX_FUELS.map((fuel) => `'${fuel}', energy_mix_${fuel}`).join(", ")})) as shares
         from co2e_emissions
         where not (metadata ? 'reading_ids')
           and region = any (array(select jsonb_array_elements_text($1::jsonb)))
         order by region, timestamp`,
        [JSON.stringify(regions)],
      );
      return rows.map((row) => ({
        id: row.id,
        region: row.region,
        at: instant(row.ms),
        gCO2ePerKWh: row.g,
        source: row.source,
        shares: row.shares,
        writtenAt: instant(Math.round(row.written_ms)),
      }));
    },

    /** From here on the row is derived: a projection may change it. Its id, its time of creation and what its metadata
     *  said (under `adopted`) stay. */
    async releaseRows(rows: readonly { readonly id: string }[]): Promise<void> {
      await queries.query(
        `update co2e_emissions
         set metadata = case when metadata = '{}' then '{}' else jsonb_build_object('adopted', metadata) end
                        || '{"reading_ids": []}'
         where id in (select x::uuid from jsonb_array_elements_text($1::jsonb) as x)`,
        [JSON.stringify(rows.map((row) => row.id))],
      );
    },

    async deleteRows(rows: readonly { readonly id: string }[]): Promise<void> {
      await queries.query(
        "delete from co2e_emissions where id in (select x::uuid from jsonb_array_elements_text($1::jsonb) as x)",
        [JSON.stringify(rows.map((row) => row.id))],
      );
    },
  };
}

function toRow(region: string, zone: string, accepted: AcceptedHour, mix: LatestMix | undefined) {
  return {
    region,
    timestamp: toIso(accepted.hour),
    g: accepted.gCO2ePerKWh,
    ...mix?.shares,
    source: accepted.source,
    // An estimate is still open to revision by its source; everything else is final until the source says otherwise.
    data_quality: accepted.kind === "estimated" ? "real_time" : "historical",
    confidence: accepted.confidence,
    // Every entry costs an index entry: what is as usual is left out.
    metadata: {
      zone,
      signal: accepted.basis.signal,
      factor_type: accepted.basis.factorType,
      boundary: accepted.basis.boundary,
      kind: accepted.kind,
      rule: accepted.rule,
      reading_ids: accepted.readingIds,
      ...(mix === undefined ? {} : { mix_reading_id: mix.mixReadingId }),
      ...(accepted.isOwnBasis ? {} : { basis: basisText(accepted.basis) }),
      ...(accepted.method === null ? {} : { method: accepted.method }),
      ...(accepted.coverage === 1 ? {} : { coverage: accepted.coverage }),
      ...(accepted.approved ? { approved: true } : {}),
    },
  };
}

const MIX_COLUMNS = MIX_FUELS.map((fuel) => `energy_mix_${fuel}`).join(", ");

/** What a row said of itself before it was adopted outlives every revision. */
const ADOPTED = `case when co2e_emissions.metadata ? 'adopted'
  then jsonb_build_object('adopted', co2e_emissions.metadata->'adopted') else '{}' end`;

const UPSERT_HOURS = `
with changed as (
  insert into co2e_emissions (region, timestamp, gCO2_per_kWh, ${MIX_COLUMNS}, source, data_quality, confidence_score, metadata)
  select x.region, x.timestamp, x.g, ${MIX_FUELS.map((fuel) => `x.${fuel}`).join(", ")}, x.source, x.data_quality, x.confidence, x.metadata
  from jsonb_to_recordset($1::jsonb) as x(region text, timestamp timestamptz, g float8,
    ${MIX_FUELS.map((fuel) => `${fuel} decimal(5,2)`).join(", ")},
    source text, data_quality text, confidence decimal(3,2), metadata jsonb)
  on conflict (region, timestamp) do update set
    gCO2_per_kWh = excluded.gCO2_per_kWh, ${MIX_FUELS.map((fuel) => `energy_mix_${fuel} = excluded.energy_mix_${fuel}`).join(", ")},
    source = excluded.source, data_quality = excluded.data_quality, confidence_score = excluded.confidence_score,
    metadata = excluded.metadata || ${ADOPTED}, updated_at = clock_timestamp()
  where (co2e_emissions.gCO2_per_kWh, co2e_emissions.source, co2e_emissions.metadata - 'adopted')
    is distinct from (excluded.gCO2_per_kWh, excluded.source, excluded.metadata)
    -- What a person typed stays until it is evidence itself.
    and co2e_emissions.metadata ? 'reading_ids'
  returning xmax = 0 as is_new)
select count(*) filter (where is_new)::int as written, count(*) filter (where not is_new)::int as revised from changed`;

const DELETE_HOURS = `
with gone as (
  delete from co2e_emissions
  where region = $1 and metadata ? 'reading_ids'
    and timestamp in (select x::timestamptz from jsonb_array_elements_text($2::jsonb) as x)
  returning 1)
select count(*)::int as removed from gone`;

// A row beside the full hour stands for its hour.
const GAPS = `
select x.region, coalesce(array_agg((extract(epoch from h.hour) * 1000)::float8 order by h.hour)
                            filter (where h.hour is not null), '{}') as ms
from jsonb_array_elements_text($1::jsonb) with ordinality as x(region, position)
left join generate_series($2::timestamptz, $3::timestamptz - interval '1 hour', interval '1 hour') as h(hour)
  on not exists (
    select from co2e_emissions c
    where c.region = x.region and c.timestamp >= h.hour and c.timestamp < h.hour + interval '1 hour')
group by x.region, x.position
order by x.position`;

const HOUR_COLUMNS = `(extract(epoch from date_trunc('hour', timestamp, 'UTC')) * 1000)::float8 as ms, gco2_per_kwh::float8 as g, source,
  metadata->>'kind' as kind, metadata->>'zone' as zone, metadata->>'signal' as signal,
  metadata->>'factor_type' as factor_type, metadata->>'boundary' as boundary, coalesce(confidence_score, 0)::float8 as confidence`;

interface HandMadeRecord {
  id: string;
  region: string;
  ms: number;
  g: number;
  source: string;
  written_ms: number;
  shares: Partial<MixShares>;
}

interface HourRow {
  ms: number;
  g: number;
  source: string;
  kind: RegionHour["kind"];
  zone: string | null;
  signal: string | null;
  factor_type: string | null;
  boundary: string | null;
  confidence: number;
}

const toRegionHour = (row: HourRow): RegionHour => ({
  hour: instant(row.ms),
  gCO2ePerKWh: row.g,
  source: row.source,
  kind: row.kind,
  zone: row.zone,
  basis: row.signal === null ? null : `${row.signal}/${row.factor_type}/${row.boundary}`,
  confidence: row.confidence,
});
