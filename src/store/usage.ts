import { RefusedError } from "../core/errors.ts";
import { DAY_MS, type Interval, instant, toIso, toText } from "../core/time.ts";
import { labelsKey, type UsageRow } from "../core/usage.ts";
import { useCurrency } from "./accounting.ts";
import { arrayText, type Queries, quotedArrayText } from "./database.ts";
import { usageNames } from "./usage-series.ts";

export interface RecordOptions {
  /** The configured currency, for rows that state a cost; null: none is configured. */
  readonly currency?: string | null;
}

export interface RecordedUsage {
  readonly new: number;
  /** Rows that said something else before: what it was is in `usage_row_log`. */
  readonly changed: number;
  readonly unchanged: number;
}

/** Large enough that a statement costs little beside its rows. */
const BATCH_ROWS = 5_000;

/** `usage_row`: what services used, as each origin says. Writing queues the days to be worked out again. */
export type Usage = ReturnType<typeof usageTable>;

export function usageTable(queries: Queries) {
  const names = usageNames(queries);
  return {
    /** Keeps rows. The same row again does nothing; one with other values replaces the one of its series, origin and
     *  interval, whose values go to `usage_row_log`. Throws RefusedError when a row shares time with another one of its
     *  series and origin. Inside a transaction: writers of one origin then go one after the other, and a refusal leaves
     *  nothing. */
    async record(rows: readonly UsageRow[], options: RecordOptions = {}): Promise<RecordedUsage> {
      const counts = { new: 0, changed: 0, unchanged: 0 };
      if (rows.length === 0) return counts;
      for (const row of rows) requirePossible(row);
      if (rows.some(({ cost }) => cost !== null)) await useCurrency(queries, options.currency ?? null);
      const origins = [...new Set(rows.map(({ origin }) => origin))].sort();
      for (const origin of origins)
        await queries.query("select pg_advisory_xact_lock(20147, hashtext($1))", [origin]);
      const originIds = await names.originIds(origins);
      for (let from = 0; from < rows.length; from += BATCH_ROWS) {
        const batch = rows.slice(from, from + BATCH_ROWS);
        const seriesIds = await names.seriesIds(batch);
        const numbered = batch.map((row, index) => ({
          row,
          seriesId: seriesIds[index] ?? 0,
          originId: originIds.get(row.origin) ?? 0,
        }));
        const apart = withoutRepetitions(numbered);
        const result = await write(queries, apart);
        counts.new += result.new;
        counts.changed += result.changed;
        counts.unchanged += batch.length - result.new - result.changed;
      }
      return counts;
    },

    /** The rows of one series and origin that share time with `interval` without being of the very same interval. */
    async overlapping(
      series: Pick<UsageRow, "service" | "region" | "labels" | "origin">,
      interval: Interval,
    ): Promise<(Interval & { readonly requests: number | null })[]> {
      const rows = await queries.query<PeriodRow & { requests: number | null }>(
        `select ${PERIOD}, u.requests from usage_row u
         where ${OF_SERIES} and u.starts_at < $6::timestamptz and u.ends_at > $5::timestamptz
           and not (u.starts_at = $5::timestamptz and u.ends_at = $6::timestamptz)
         order by u.starts_at`,
        [...seriesParams(series), toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({ ...periodOf(row), requests: row.requests }));
    },

    /** Removes rows of one series and origin; what they said goes to `usage_row_log`. */
    async remove(
      series: Pick<UsageRow, "service" | "region" | "labels" | "origin">,
      periods: readonly Interval[],
    ): Promise<void> {
      for (const { start, end } of periods) {
        await queries.query(
          `with gone as (
             delete from usage_row u where ${OF_SERIES} and u.starts_at = $5::timestamptz and u.ends_at = $6::timestamptz
             returning ${ROW_COLUMNS})
           insert into usage_row_log (${ROW_COLUMNS}) select ${ROW_COLUMNS} from gone`,
          [...seriesParams(series), toIso(start), toIso(end)],
        );
      }
    },

    /** Whether anything was ever recorded: nothing is to be worked out where nothing was. */
    async exists(): Promise<boolean> {
      const [row] = await queries.query<{ found: boolean }>(
        "select exists (select from usage_series) as found",
      );
      return row?.found ?? false;
    },
  };
}

interface NumberedRow {
  readonly row: UsageRow;
  readonly seriesId: number;
  readonly originId: number;
}

/** The table refuses these too; here the row is named. */
function requirePossible(row: UsageRow): void {
  const { start, end, requests, energy, cost } = row;
  const refuse = (what: string): never => {
    throw new RefusedError(`Not recorded: ${nameOf(row)} ${periodText(row)}: ${what}.`);
  };
  if (!(end > start && end - start <= 366 * DAY_MS))
    refuse("a row ends after it begins, at most 366 days later");
  if (requests !== null && !(requests >= 0 && requests < 1e16)) refuse(`${requests} requests cannot be`);
  if (energy !== null && !(energy.kWh >= 0 && energy.kWh < 1e15)) refuse(`${energy.kWh} kWh cannot be`);
  if (cost !== null && !(Math.abs(cost) < 1e15)) refuse(`a cost of ${cost} cannot be`);
}

/** One row per identity, in the order of the index. Throws RefusedError for two rows that share time. */
function withoutRepetitions(rows: readonly NumberedRow[]): NumberedRow[] {
  const sorted = [...rows].sort(
    (a, b) =>
      a.seriesId - b.seriesId ||
      a.originId - b.originId ||
      a.row.start - b.row.start ||
      a.row.end - b.row.end,
  );
  const kept: NumberedRow[] = [];
  for (const one of sorted) {
    const before = kept.at(-1);
    if (before?.seriesId === one.seriesId && before.originId === one.originId) {
      if (before.row.start === one.row.start && before.row.end === one.row.end) {
        if (JSON.stringify(valuesOf(before.row)) === JSON.stringify(valuesOf(one.row))) continue;
        throw new RefusedError(
          `Not recorded: ${nameOf(one.row)} is stated twice for ${periodText(one.row)}, with different values.`,
        );
      }
      if (before.row.end > one.row.start) throw overlapError(one.row, one.row, before.row);
    }
    kept.push(one);
  }
  return kept;
}

const overlapError = (row: UsageRow, one: Interval, other: Interval): RefusedError =>
  new RefusedError(
    `Not recorded: of ${nameOf(row)} the periods ${periodText(one)} and ${periodText(other)} overlap, and what lies in ` +
      "both would count twice. Correct one of them, or state it under another origin.",
  );

const nameOf = ({ service, region, labels, origin }: UsageRow): string => {
  const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `${service} in ${region}${named.length === 0 ? "" : ` (${named.join(", ")})`}, origin ${origin},`;
};

const periodText = ({ start, end }: Interval): string => `${toText(start)} – ${toText(end)}`;

const valuesOf = ({ requests, energy, quantities, cost }: UsageRow) => ({
  requests,
  energy_kwh: energy?.kWh ?? null,
  boundary: energy?.boundary ?? null,
  tier: energy?.tier ?? null,
  quantities:
    quantities === null
      ? null
      : Object.fromEntries(Object.entries(quantities).sort(([a], [b]) => (a < b ? -1 : 1))),
  cost,
});

async function write(
  queries: Queries,
  rows: readonly NumberedRow[],
): Promise<{ new: number; changed: number }> {
  const values = rows.map(({ row }) => valuesOf(row));
  const [result] = await queries.query<WriteResult>(RECORD, [
    arrayText(rows.map(({ seriesId }) => seriesId)),
    arrayText(rows.map(({ originId }) => originId)),
    arrayText(rows.map(({ row }) => row.start)),
    arrayText(rows.map(({ row }) => row.end)),
    arrayText(values.map(({ requests }) => requests)),
    arrayText(values.map(({ energy_kwh }) => energy_kwh)),
    arrayText(values.map(({ boundary }) => boundary)),
    arrayText(values.map(({ tier }) => tier)),
    quotedArrayText(
      values.map(({ quantities }) => (quantities === null ? null : JSON.stringify(quantities))),
    ),
    arrayText(values.map(({ cost }) => cost)),
  ]);
  const clash = result?.clash ?? null;
  const row = rows[(clash?.i ?? 0) - 1]?.row;
  if (clash !== null && row !== undefined)
    throw overlapError(row, row, { start: instant(clash.start_ms), end: instant(clash.end_ms) });
  return { new: result?.new ?? 0, changed: result?.changed ?? 0 };
}

interface WriteResult {
  new: number;
  changed: number;
  clash: { i: number; start_ms: number; end_ms: number } | null;
}

interface PeriodRow {
  start_ms: number;
  end_ms: number;
}

const PERIOD = `(extract(epoch from u.starts_at) * 1000)::float8 as start_ms,
  (extract(epoch from u.ends_at) * 1000)::float8 as end_ms`;
const periodOf = (row: PeriodRow): Interval => ({ start: instant(row.start_ms), end: instant(row.end_ms) });

const OF_SERIES = `u.series_id = (select series_id from usage_series
    where service_name = $1 and region = $2 and labels_key = $3)
  and u.origin_id = (select origin_id from usage_origin where origin = $4)`;
const seriesParams = ({
  service,
  region,
  labels,
  origin,
}: Pick<UsageRow, "service" | "region" | "labels" | "origin">): string[] => [
  service,
  region,
  labelsKey(labels),
  origin,
];

const ROW_COLUMNS =
  "series_id, origin_id, starts_at, ends_at, requests, energy_kwh, boundary, tier, quantities, cost, recorded_at, revision";
const VALUES = (of: string): string =>
  ["requests", "energy_kwh", "boundary", "tier", "quantities", "cost"]
    .map((name) => `${of}.${name}`)
    .join(", ");

// Rows of one series and origin lie side by side without overlapping, so the nearest one on either side shows an overlap.
// All parts see the table as it was before: the overlap is with what was stored, the log takes what is replaced.
const RECORD = `
with x as materialized (
  select i, series_id, origin_id, to_timestamp(start_ms / 1000) as starts_at, to_timestamp(end_ms / 1000) as ends_at,
         requests, energy_kwh, boundary, tier, quantities::jsonb as quantities, cost
  from unnest($1::text::int[], $2::text::smallint[], $3::text::float8[], $4::text::float8[], $5::text::float8[],
    $6::text::float8[], $7::text::text[], $8::text::text[], $9::text::text[], $10::text::float8[]) with ordinality
    as x(series_id, origin_id, start_ms, end_ms, requests, energy_kwh, boundary, tier, quantities, cost, i)),
clash as (
  select x.i, o.starts_at, o.ends_at
  from x cross join lateral (
    (select u.starts_at, u.ends_at from usage_row u
     where u.series_id = x.series_id and u.origin_id = x.origin_id
       and (u.starts_at, u.ends_at) < (x.starts_at, x.ends_at)
     order by u.starts_at desc, u.ends_at desc limit 1)
    union all
    (select u.starts_at, u.ends_at from usage_row u
     where u.series_id = x.series_id and u.origin_id = x.origin_id
       and (u.starts_at, u.ends_at) > (x.starts_at, x.ends_at)
     order by u.starts_at, u.ends_at limit 1)) o
  where o.starts_at < x.ends_at and o.ends_at > x.starts_at
  order by x.i, o.starts_at limit 1),
logged as (
  insert into usage_row_log (${ROW_COLUMNS})
  select u.series_id, u.origin_id, u.starts_at, u.ends_at, ${VALUES("u")}, u.recorded_at, u.revision
  from x join usage_row u using (series_id, origin_id, starts_at, ends_at)
  where (${VALUES("u")}) is distinct from (${VALUES("x")})),
written as (
  insert into usage_row as u (series_id, origin_id, starts_at, ends_at, requests, energy_kwh, boundary, tier, quantities, cost)
  select series_id, origin_id, starts_at, ends_at, requests, energy_kwh, boundary, tier, quantities, cost from x
  -- So that it is looked for before anything is written: rows of this very statement would be in its way.
  where not exists (select from clash)
  on conflict (series_id, origin_id, starts_at, ends_at) do update set requests = excluded.requests,
    energy_kwh = excluded.energy_kwh, boundary = excluded.boundary, tier = excluded.tier,
    quantities = excluded.quantities, cost = excluded.cost, recorded_at = clock_timestamp(), revision = u.revision + 1
  where (${VALUES("u")}) is distinct from (${VALUES("excluded")})
  returning xmax = 0 as is_new)
select count(*) filter (where is_new)::int as new, count(*) filter (where not is_new)::int as changed,
  (select jsonb_build_object('i', i, 'start_ms', extract(epoch from starts_at) * 1000,
     'end_ms', extract(epoch from ends_at) * 1000) from clash) as clash
from written`;
