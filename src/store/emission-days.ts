import { type Interval, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import type { TouchedDay } from "./emission-cells.ts";
import { ADDED_COLUMNS } from "./emission-columns.ts";

/** A day of a service that is never worked out again, because what it was worked out from is gone. */
export interface FrozenDay {
  readonly service: string;
  /** Date of the accounting time zone. */
  readonly day: string;
}

export interface DayChanges {
  /** Days of series that were written, changed or removed. */
  readonly days: number;
  /** Of those that had a figure before. */
  readonly diffs: number;
  /** Calculated and estimated emissions of these, g CO2e, before and after. */
  readonly gBefore: number;
  readonly gAfter: number;
}

/** `emission_day`: sums of cells, `emission_month`: sums of days, `recalc_run` and `recalc_diff`: what a recalculation
 *  changed. */
export type EmissionDays = ReturnType<typeof emissionDaysTable>;

export function emissionDaysTable(queries: Queries) {
  return {
    async startRun(codeVersion: string): Promise<string> {
      const [row] = await queries.query<{ id: string }>(
        "insert into recalc_run (code_version) values ($1) returning recalc_id::text as id",
        [codeVersion],
      );
      return row?.id ?? "0";
    },

    /** The days from `firstDay` to `lastDay` that stay as they are: their cells were removed, or the hours of intensity
     *  that they rest on were (a UTC day of `utcDays` is over for the region). */
    async frozen(region: string, firstDay: string, lastDay: string, timeZone: string): Promise<FrozenDay[]> {
      return queries.query<FrozenDay>(
        `select distinct s.service_name as service, d.day::text as day
         from usage_series s join emission_day d using (series_id)
         where s.region = $1 and d.day >= $2::date and d.day <= $3::date
           and (not d.has_cells or exists (
             select from co2e_emissions_daily i
             where i.region = $1
               and i.day >= (d.day::timestamp at time zone $4 at time zone 'UTC')::date
               and i.day <= (((d.day + 1)::timestamp at time zone $4 - interval '1 microsecond') at time zone 'UTC')::date))
         order by 1, 2`,
        [region, firstDay, lastDay, timeZone],
      );
    },

    /** Makes each of `touched` the sum of its cells, as a whole, never by a difference, and then their months the sums of
     *  days. A day without cells goes. What had a figure before this run is noted in `recalc_diff`. */
    async sumUp(runId: string, touched: readonly TouchedDay[], reason: string): Promise<DayChanges> {
      if (touched.length === 0) return { days: 0, diffs: 0, gBefore: 0, gAfter: 0 };
      const days = jsonRows(touched.map(({ seriesId, day }) => ({ s: seriesId, d: day })));
      const [row] = await queries.query<{ days: number; diffs: number; before: number; after: number }>(
        SUM_UP,
        [days, runId, reason],
      );
      await queries.query(SUM_UP_MONTHS, [days]);
      return {
        days: row?.days ?? 0,
        diffs: row?.diffs ?? 0,
        gBefore: row?.before ?? 0,
        gAfter: row?.after ?? 0,
      };
    },

    /** Notes days that would have changed and stay. */
    async noteUnapplied(
      runId: string,
      region: string,
      frozen: readonly FrozenDay[],
      reason: string,
    ): Promise<number> {
      if (frozen.length === 0) return 0;
      const rows = await queries.query(
        `insert into recalc_diff (recalc_id, series_id, day, reason, kwh_before, g_before, applied)
         select $1::bigint, d.series_id, d.day, $4, d.kwh, ${G("d")}, false
         from jsonb_to_recordset($3::jsonb) as f(service text, day date)
         join usage_series s on s.service_name = f.service and s.region = $2
         join emission_day d on d.series_id = s.series_id and d.day = f.day
         on conflict (recalc_id, series_id, day) do nothing returning 1`,
        [runId, region, jsonRows(frozen), reason],
      );
      return rows.length;
    },

    /** The days of the accounting time zone whose cells were removed; none of them could follow a change of the zone. */
    async countWithoutCells(): Promise<number> {
      const [row] = await queries.query<{ days: number }>(
        "select count(distinct day)::int as days from emission_day where not has_cells",
      );
      return row?.days ?? 0;
    },

    /** Dates that have a figure, of the series of `region`, in `window`. */
    async daysOf(region: string, window: Interval): Promise<string[]> {
      const rows = await queries.query<{ day: string }>(
        `select distinct d.day::text as day from emission_day d join usage_series s using (series_id)
         where s.region = $1 and d.day >= ($2::timestamptz at time zone 'UTC')::date - 1
           and d.day <= ($3::timestamptz at time zone 'UTC')::date order by day`,
        [region, toIso(window.start), toIso(window.end)],
      );
      return rows.map(({ day }) => day);
    },
  };
}

/** Calculated and estimated emissions; null: none of the energy has any. */
const G = (of: string): string =>
  `case when ${of}.g_co2e is not null or ${of}.estimated_kwh > 0 then coalesce(${of}.g_co2e, 0) + ${of}.g_estimated end`;

const DAY_COLUMNS = [...ADDED_COLUMNS, "min_g_per_kwh", "max_g_per_kwh", "units", "cells", "factor_sets"];
const columns = (of: string): string => DAY_COLUMNS.map((name) => `${of}.${name}`).join(", ");
const sumWhere = (amount: string, condition: string): string =>
  `coalesce(sum(${amount}) filter (where ${condition}), 0)`;

// Cells are added in the order of hours and names, so that the same usage gives the same sum to the last digit. A day of
// any time zone lies within 14 hours of the UTC day of the same date. Days of one month may be inserted, changed and removed
// here, and each of these triggers would sum the month up; the setting says that we do it, once.
const SUM_UP = `
with touched as materialized (
  select s as series_id, d as day from jsonb_to_recordset($1::jsonb) as x(s int, d date) group by s, d),
span as materialized (
  select series_id, min(day)::timestamp at time zone 'UTC' - interval '14 hours' as from_time,
         max(day)::timestamp at time zone 'UTC' + interval '38 hours' as to_time
  from touched group by series_id),
origin as materialized (
  select origin_id, row_number() over (order by origin collate "C") as place from usage_origin),
cell as (
  select c.* from span s join emission_cell c
    on c.series_id = s.series_id and c.cell_start >= s.from_time and c.cell_start < s.to_time
  join touched t on t.series_id = c.series_id and t.day = c.day
  join origin o on o.origin_id = c.origin_id
  order by c.series_id, c.day, c.cell_start, o.place),
unit_sum as (
  select series_id, day, jsonb_object_agg(key, amount) as units
  from (select series_id, day, u.key, sum(u.value::float8) as amount
        from cell cross join lateral jsonb_each_text(cell.units) u where cell.units is not null
        group by series_id, day, u.key) u
  group by series_id, day),
total as materialized (
  select series_id, day, sum(requests) as requests,
    sum(requests_without_energy) as requests_without_energy, sum(requests_elsewhere) as requests_elsewhere,
    sum(kwh) as kwh, sum(covered_kwh) as covered_kwh,
    sum(estimated_kwh) as estimated_kwh,
    ${sumWhere("kwh", "tier = 'measured'")} as kwh_measured, ${sumWhere("kwh", "tier = 'modelled'")} as kwh_modelled,
    ${sumWhere("kwh", "tier = 'profile'")} as kwh_profile, ${sumWhere("kwh", "tier = 'guess'")} as kwh_guess,
    ${sumWhere("covered_kwh", "intensity_kind = 'measured'")} as kwh_intensity_measured,
    ${sumWhere("covered_kwh", "intensity_kind = 'estimated'")} as kwh_intensity_estimated,
    ${sumWhere("covered_kwh", "intensity_kind = 'modelled'")} as kwh_intensity_modelled,
    ${sumWhere("covered_kwh", "intensity_kind = 'sample'")} as kwh_intensity_sample,
    ${sumWhere("covered_kwh", "intensity_kind = 'unstated'")} as kwh_intensity_unstated,
    ${sumWhere("kwh", "method = 'uniform-over-period'")} as kwh_uniform,
    -- Cells that say nothing of energy have none; a cell that says 0 kWh has 0.
    case when sum(covered_kwh) > 0 or sum(kwh) = 0 then sum(g_co2e) end as g_co2e,
    sum(g_estimated) as g_estimated, sum(g_embodied) as g_embodied, sum(g_low) as g_low, sum(g_high) as g_high,
    min(g_per_kwh) as min_g_per_kwh, max(g_per_kwh) as max_g_per_kwh, sum(cost) as cost, count(*)::int as cells,
    array_agg(distinct factor_set_id order by factor_set_id) as factor_sets
  from cell group by series_id, day),
summed as (select t.*, u.units from total t left join unit_sum u using (series_id, day)),
before as materialized (select d.* from emission_day d join touched using (series_id, day)),
gone as (
  delete from emission_day d using before b
  where d.series_id = b.series_id and d.day = b.day
    and not exists (select from total t where t.series_id = b.series_id and t.day = b.day)
  returning d.series_id, d.day),
written as (
  insert into emission_day as d (series_id, day, ${DAY_COLUMNS.join(", ")}, created_in)
  select series_id, day, ${DAY_COLUMNS.join(", ")}, $2::bigint from summed
  on conflict (series_id, day) do update set
    ${DAY_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}
  where (${columns("d")}) is distinct from (${columns("excluded")})
  returning d.series_id, d.day, d.kwh, ${G("d")} as g),
changed as (
  select series_id, day, kwh, g from written
  union all
  select series_id, day, null, null from gone),
diff as (
  insert into recalc_diff as r (recalc_id, series_id, day, reason, kwh_before, kwh_after, g_before, g_after, applied)
  select $2::bigint, c.series_id, c.day, $3, b.kwh, c.kwh, ${G("b")}, c.g, true
  from changed c join before b using (series_id, day)
  -- A day that this run began and goes on with had no figure before.
  where b.created_in <> $2::bigint
  on conflict (recalc_id, series_id, day) do update set kwh_after = excluded.kwh_after, g_after = excluded.g_after
  returning g_before, g_after)
select (select count(*)::int from changed) as days, (select count(*)::int from diff) as diffs,
  (select coalesce(sum(g_before), 0) from diff) as before, (select coalesce(sum(g_after), 0) from diff) as after,
  set_config('co2e.sums_up_months', 'on', true)`;

const SUM_UP_MONTHS = `
select set_config('co2e.sums_up_months', 'off', true), co2e_sum_up_months(array_agg(series_id), array_agg(month))
from (select distinct s as series_id, date_trunc('month', d::timestamp)::date as month
      from jsonb_to_recordset($1::jsonb) as x(s int, d date)) m`;
