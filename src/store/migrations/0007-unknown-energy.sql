-- 0007: requests whose energy is not known. An unknown energy is no energy of 0: sums must tell the two apart.
-- Days that have such requests go into the queue; `co2e recalculate` works them out again. Of days whose cells were removed
-- nobody can tell any more; they stay as they are.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0007-unknown-energy.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (7, 'unknown-energy');

-- Of `requests`: nobody gives their energy; another origin gives it, under other labels only.
alter table emission_cell
  add column requests_without_energy double precision not null default 0,
  add column requests_elsewhere      double precision not null default 0;
alter table emission_day
  add column requests_without_energy double precision not null default 0,
  add column requests_elsewhere      double precision not null default 0;
alter table emission_month
  add column requests_without_energy double precision not null default 0,
  add column requests_elsewhere      double precision not null default 0;

-- Makes each of these months of series the sum of its days, which are added in their order, so that the same days give the
-- same sum to the last digit. A month without days goes.
create or replace function co2e_sum_up_months(series_ids int[], months date[]) returns void language sql as $$
  with touched as materialized (
    select distinct t.series_id, t.month from unnest(series_ids, months) as t(series_id, month)
  ),
  total as materialized (
    select t.series_id, t.month, d.*, u.units, f.factor_sets
    from touched t
    cross join lateral (
      select sum(requests) as requests,
        sum((requests - requests_without_energy) * case when kwh = 0 then 1 else covered_kwh / kwh end)
          as requests_calculated,
        sum((requests - requests_without_energy) * case when kwh = 0 then 0 else estimated_kwh / kwh end)
          as requests_estimated,
        sum(requests_without_energy) as requests_without_energy, sum(requests_elsewhere) as requests_elsewhere,
        sum(kwh) as kwh, sum(covered_kwh) as covered_kwh, sum(estimated_kwh) as estimated_kwh,
        sum(kwh_measured) as kwh_measured, sum(kwh_modelled) as kwh_modelled, sum(kwh_profile) as kwh_profile,
        sum(kwh_guess) as kwh_guess, sum(kwh_intensity_measured) as kwh_intensity_measured,
        sum(kwh_intensity_estimated) as kwh_intensity_estimated, sum(kwh_intensity_modelled) as kwh_intensity_modelled,
        sum(kwh_intensity_sample) as kwh_intensity_sample, sum(kwh_intensity_unstated) as kwh_intensity_unstated,
        sum(kwh_uniform) as kwh_uniform, sum(g_co2e) as g_co2e, sum(g_estimated) as g_estimated,
        sum(g_embodied) as g_embodied, sum(g_low) as g_low, sum(g_high) as g_high, min(min_g_per_kwh) as min_g_per_kwh,
        max(max_g_per_kwh) as max_g_per_kwh, sum(cost) as cost, sum(cells)::int as cells
      from (
        select * from emission_day
        where series_id = t.series_id and day >= t.month and day < (t.month + interval '1 month')::date
        order by day) of_month
    ) d
    cross join lateral (
      select jsonb_object_agg(key, amount) as units
      from (
        select e.key, sum(e.value::float8 order by day) as amount
        from emission_day cross join lateral jsonb_each_text(emission_day.units) e
        where series_id = t.series_id and day >= t.month and day < (t.month + interval '1 month')::date
          and emission_day.units is not null
        group by e.key) of_key
    ) u
    cross join lateral (
      select array_agg(factor_set order by factor_set) as factor_sets
      from (
        select distinct unnest(coalesce(factor_sets, array[null::int])) as factor_set from emission_day
        where series_id = t.series_id and day >= t.month and day < (t.month + interval '1 month')::date) of_day
    ) f
    where d.cells is not null
  ),
  gone as (
    delete from emission_month m using touched t
    where m.series_id = t.series_id and m.month = t.month
      and not exists (select from total where total.series_id = t.series_id and total.month = t.month)
  )
  insert into emission_month (series_id, month, requests, requests_calculated, requests_estimated,
    requests_without_energy, requests_elsewhere, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled, kwh_profile,
    kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled, kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, g_embodied,
    g_low, g_high, min_g_per_kwh, max_g_per_kwh, cost, cells, units, factor_sets)
  select * from total
  on conflict (series_id, month) do update set
    requests = excluded.requests, requests_calculated = excluded.requests_calculated,
    requests_estimated = excluded.requests_estimated,
    requests_without_energy = excluded.requests_without_energy, requests_elsewhere = excluded.requests_elsewhere,
    kwh = excluded.kwh, covered_kwh = excluded.covered_kwh, estimated_kwh = excluded.estimated_kwh, kwh_measured = excluded.kwh_measured, kwh_modelled = excluded.kwh_modelled,
    kwh_profile = excluded.kwh_profile, kwh_guess = excluded.kwh_guess,
    kwh_intensity_measured = excluded.kwh_intensity_measured,
    kwh_intensity_estimated = excluded.kwh_intensity_estimated,
    kwh_intensity_modelled = excluded.kwh_intensity_modelled, kwh_intensity_sample = excluded.kwh_intensity_sample,
    kwh_intensity_unstated = excluded.kwh_intensity_unstated, kwh_uniform = excluded.kwh_uniform,
    g_co2e = excluded.g_co2e, g_estimated = excluded.g_estimated, g_embodied = excluded.g_embodied,
    g_low = excluded.g_low, g_high = excluded.g_high, min_g_per_kwh = excluded.min_g_per_kwh,
    max_g_per_kwh = excluded.max_g_per_kwh, cost = excluded.cost, cells = excluded.cells, units = excluded.units,
    factor_sets = excluded.factor_sets
$$;

-- A day of nothing but cells without energy has no emissions of 0. Its month follows by the trigger.
update emission_day d set g_co2e = null
where d.kwh = 0 and d.has_cells
  and not exists (
    select from emission_cell c
    where c.series_id = d.series_id and c.day = d.day and c.tier is not null
      and c.cell_start >= d.day::timestamp at time zone 'UTC' - interval '14 hours'
      and c.cell_start < d.day::timestamp at time zone 'UTC' + interval '38 hours');

insert into recalc_day (region, utc_day, reason)
select distinct s.region, (c.cell_start at time zone 'UTC')::date, 'usage'
from emission_cell c join usage_series s using (series_id)
where c.tier is null;
commit;
