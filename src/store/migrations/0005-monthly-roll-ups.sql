-- 0005: sums of months, and the factor sets behind the sums of days and months.
-- A month is worked out again as a whole from its days, whenever one of them changes, and never patched.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0005-monthly-roll-ups.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (5, 'monthly-roll-ups');

-- Those of its cells, in order. Null: not known, the cells were removed before this was kept.
alter table emission_day add column factor_sets int[];

update emission_day d set factor_sets = c.factor_sets
from (select series_id, day, array_agg(distinct factor_set_id order by factor_set_id) as factor_sets
      from emission_cell group by series_id, day) c
where d.series_id = c.series_id and d.day = c.day;

-- Sums of days.
create table emission_month (
  series_id     int not null references usage_series,
  month         date not null check (extract(day from month) = 1),   -- its first day, of the accounting time zone
  requests      double precision,
  -- Of each day in proportion to its energy: these cannot be worked out from the sums of a month.
  requests_calculated double precision,
  requests_estimated  double precision,
  kwh           double precision not null,
  covered_kwh   double precision not null,
  estimated_kwh double precision not null,
  kwh_measured  double precision not null,
  kwh_modelled  double precision not null,
  kwh_profile   double precision not null,
  kwh_guess     double precision not null,
  kwh_intensity_measured  double precision not null,
  kwh_intensity_estimated double precision not null,
  kwh_intensity_modelled  double precision not null,
  kwh_intensity_sample    double precision not null,
  kwh_intensity_unstated  double precision not null,
  kwh_uniform   double precision not null,
  g_co2e        double precision,
  g_estimated   double precision not null,
  g_embodied    double precision,
  g_low         double precision,
  g_high        double precision,
  min_g_per_kwh double precision,
  max_g_per_kwh double precision,
  cost          double precision,
  units         jsonb,
  cells         int not null,
  factor_sets   int[],                              -- of all days; a null among them: not known of some day
  primary key (series_id, month)
);
create index emission_month_month on emission_month (month);

-- Makes each of these months of series the sum of its days, which are added in their order, so that the same days give the
-- same sum to the last digit. A month without days goes.
create function co2e_sum_up_months(series_ids int[], months date[]) returns void language sql as $$
  with touched as materialized (
    select distinct t.series_id, t.month from unnest(series_ids, months) as t(series_id, month)
  ),
  total as materialized (
    select t.series_id, t.month, d.*, u.units, f.factor_sets
    from touched t
    cross join lateral (
      select sum(requests) as requests,
        sum(requests * case when kwh = 0 then 1 else covered_kwh / kwh end) as requests_calculated,
        sum(requests * case when kwh = 0 then 0 else estimated_kwh / kwh end) as requests_estimated,
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
  insert into emission_month (series_id, month, requests, requests_calculated, requests_estimated, kwh, covered_kwh,
    estimated_kwh, kwh_measured, kwh_modelled, kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated,
    kwh_intensity_modelled, kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, g_embodied,
    g_low, g_high, min_g_per_kwh, max_g_per_kwh, cost, cells, units, factor_sets)
  select * from total
  on conflict (series_id, month) do update set
    requests = excluded.requests, requests_calculated = excluded.requests_calculated,
    requests_estimated = excluded.requests_estimated, kwh = excluded.kwh, covered_kwh = excluded.covered_kwh,
    estimated_kwh = excluded.estimated_kwh, kwh_measured = excluded.kwh_measured, kwh_modelled = excluded.kwh_modelled,
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

select co2e_sum_up_months(array_agg(series_id), array_agg(month))
from (select distinct series_id, date_trunc('month', day::timestamp)::date as month from emission_day) m;

-- Whoever changes a day: a flow, a person with psql. A clean-up of hours does not: it changes no sum. A recalculation may insert,
-- update and delete days of one month in one statement, and would have it summed up three times; it says so in
-- co2e.sums_up_months and calls co2e_sum_up_months itself (store/emission-days.ts).
create function co2e_sum_up_months_of_days() returns trigger language plpgsql as $$
declare
  series_ids int[];
  months date[];
begin
  if current_setting('co2e.cleaning_up', true) = 'on' or current_setting('co2e.sums_up_months', true) = 'on' then
    return null;
  end if;
  if tg_op = 'INSERT' then
    select array_agg(m.series_id), array_agg(m.month) into series_ids, months
    from (select distinct r.series_id, date_trunc('month', r.day::timestamp)::date as month from new_row r) m;
  elsif tg_op = 'DELETE' then
    select array_agg(m.series_id), array_agg(m.month) into series_ids, months
    from (select distinct r.series_id, date_trunc('month', r.day::timestamp)::date as month from old_row r) m;
  else
    -- A row may be given another day by hand.
    select array_agg(m.series_id), array_agg(m.month) into series_ids, months
    from (select r.series_id, date_trunc('month', r.day::timestamp)::date as month from old_row r
          union
          select r.series_id, date_trunc('month', r.day::timestamp)::date from new_row r) m;
  end if;
  if series_ids is not null then
    perform co2e_sum_up_months(series_ids, months);
  end if;
  return null;
end $$;
create trigger emission_day_inserted after insert on emission_day
  referencing new table as new_row for each statement execute function co2e_sum_up_months_of_days();
create trigger emission_day_updated after update on emission_day
  referencing old table as old_row new table as new_row
  for each statement execute function co2e_sum_up_months_of_days();
create trigger emission_day_deleted after delete on emission_day
  referencing old table as old_row for each statement execute function co2e_sum_up_months_of_days();
commit;
