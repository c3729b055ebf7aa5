import type { Database } from "../../src/store/database.ts";
import { ADDED_COLUMNS } from "../../src/store/emission-columns.ts";

const share = (of: string, ofNothing: number): string =>
  `sum(requests * case when kwh = 0 then ${ofNothing} else ${of} / kwh end order by day)`;

/** Months of series that are not the sum of their days to the last digit, of which there are none. */
export const monthsApart = (database: Database): Promise<unknown[]> =>
  database.query(`
    with of_days as (
      select series_id, to_char(day, 'YYYY-MM') as name,
        array[${ADDED_COLUMNS.map((column) => `sum(${column} order by day)`).join(", ")}, ${share("covered_kwh", 1)},
          ${share("estimated_kwh", 0)}, min(min_g_per_kwh), max(max_g_per_kwh), sum(cells)] as figures
      from emission_day group by 1, 2),
    units as (
      select series_id, name, jsonb_object_agg(key, amount) as units
      from (select series_id, to_char(day, 'YYYY-MM') as name, u.key, sum(u.value::float8 order by day) as amount
            from emission_day cross join lateral jsonb_each_text(units) u group by 1, 2, 3) u
      group by 1, 2),
    sets as (
      select series_id, name, array_agg(factor_set order by factor_set) as sets
      from (select distinct series_id, to_char(day, 'YYYY-MM') as name,
              unnest(case when factor_sets is null then array[null::int] else factor_sets end) as factor_set
            from emission_day) s
      group by 1, 2),
    of_months as (
      select *, to_char(month, 'YYYY-MM') as name,
        array[${ADDED_COLUMNS.join(", ")}, requests_calculated, requests_estimated, min_g_per_kwh, max_g_per_kwh, cells]
          as figures
      from emission_month)
    select m.series_id as month_of, d.series_id as days_of, m.name, m.figures, d.figures as sums
    from of_months m full join (of_days left join units using (series_id, name) join sets using (series_id, name)) d
      using (series_id, name)
    where m.figures is distinct from d.figures or m.units is distinct from d.units or m.factor_sets is distinct from d.sets`);
