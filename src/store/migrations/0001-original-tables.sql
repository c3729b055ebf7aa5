-- 0001: the two tables of the original design, their indexes, views and clean-up function.
--
-- On a database that already carries the original migration (0014_add_co2e_table.sql) the tables are adopted in place:
-- every row is kept, calculated columns become double precision (DECIMAL(12,6) overflows at one GWh, and rounding breaks
-- audits), and the tables' own checks are replaced by the ones below, which new rows must meet.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0001-original-tables.sql
begin;
select pg_advisory_xact_lock(20142, 1);   -- one migrator at a time
create table if not exists co2e_migration (
  version    int primary key,
  name       text not null,
  applied_at timestamptz not null default now()
);
insert into co2e_migration (version, name) values (1, 'original-tables');

-- Views first: PostgreSQL refuses to change the type of a column that a view shows.
drop view if exists v_latest_co2e_by_region;
drop view if exists v_co2e_24h_hourly_avg;
drop view if exists v_clean_energy_windows;

-- The accepted average grid intensity per region and hour. Derived from intensity_reading (0002).
create table if not exists co2e_emissions (
  id                 uuid primary key default gen_random_uuid(),
  region             varchar(50) not null,
  timestamp          timestamptz not null,          -- start of the hour, UTC
  gCO2_per_kWh       double precision not null,
  energy_mix_solar   decimal(5,2),                  -- percent of the electricity consumed
  energy_mix_wind    decimal(5,2),
  energy_mix_hydro   decimal(5,2),
  energy_mix_nuclear decimal(5,2),
  energy_mix_coal    decimal(5,2),
  energy_mix_gas     decimal(5,2),
  energy_mix_oil     decimal(5,2),
  energy_mix_other   decimal(5,2),
  source             varchar(50) not null default 'manual',
  data_quality       varchar(20) not null default 'historical',
  confidence_score   decimal(3,2) default 1.00,
  metadata           jsonb not null default '{}',
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  unique (region, timestamp)
);

-- Calculated emissions per service, region and period.
create table if not exists workload_emissions (
  id                    uuid primary key default gen_random_uuid(),
  service_name          varchar(100) not null,
  region                varchar(50) not null,
  period_start          timestamptz not null,
  period_end            timestamptz not null,
  request_count         bigint not null,
  total_kWh             double precision not null,
  avg_kWh_per_request   double precision,
  total_gCO2e           double precision,           -- null: the intensity is not known. Never 0 for that.
  gCO2e_per_1k_requests double precision,
  avg_grid_gCO2_per_kWh double precision,
  min_grid_gCO2_per_kWh double precision,
  max_grid_gCO2_per_kWh double precision,
  calculation_method    varchar(50) not null default 'manual',
  assumptions           jsonb not null default '{}',
  metadata              jsonb not null default '{}',
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  unique (service_name, region, period_start, period_end)
);

-- Adoption. On tables created just above, none of this changes anything.
do $$
declare own_check record;
begin
  for own_check in
    select conrelid::regclass as tbl, conname from pg_constraint
    where contype = 'c' and conrelid in ('co2e_emissions'::regclass, 'workload_emissions'::regclass)
  loop
    execute format('alter table %s drop constraint %I', own_check.tbl, own_check.conname);
  end loop;
end $$;
update co2e_emissions set metadata = '{}' where metadata is null;
alter table co2e_emissions
  alter column gCO2_per_kWh type double precision,
  alter column id set default gen_random_uuid(),
  alter column source set default 'manual',
  alter column data_quality set default 'historical',
  alter column metadata set default '{}',
  alter column metadata set not null,
  alter column created_at set default now(),
  alter column updated_at set default now();
alter table workload_emissions
  alter column total_kWh type double precision,
  alter column avg_kWh_per_request type double precision,
  alter column total_gCO2e type double precision,
  alter column gCO2e_per_1k_requests type double precision,
  alter column avg_grid_gCO2_per_kWh type double precision,
  alter column min_grid_gCO2_per_kWh type double precision,
  alter column max_grid_gCO2_per_kWh type double precision,
  alter column avg_kWh_per_request drop not null,
  alter column total_gCO2e drop not null,
  alter column gCO2e_per_1k_requests drop not null,
  alter column avg_grid_gCO2_per_kWh drop not null,
  alter column id set default gen_random_uuid(),
  alter column calculation_method set default 'manual',
  alter column assumptions set default '{}',
  alter column metadata set default '{}',
  alter column created_at set default now(),
  alter column updated_at set default now();

-- What cannot be is refused. NOT VALID: rows adopted from before are kept as they are. NaN sorts above every number in
-- PostgreSQL, so each upper bound also keeps NaN out.
alter table co2e_emissions
  add constraint co2e_intensity_possible check (gCO2_per_kWh >= 0 and gCO2_per_kWh < 5000) not valid,
  add constraint co2e_mix_possible check (
    energy_mix_solar between 0 and 100 and energy_mix_wind between 0 and 100
    and energy_mix_hydro between 0 and 100 and energy_mix_nuclear between 0 and 100
    and energy_mix_coal between 0 and 100 and energy_mix_gas between 0 and 100
    and energy_mix_oil between 0 and 100 and energy_mix_other between 0 and 100) not valid,
  add constraint co2e_mix_at_most_100 check (
    coalesce(energy_mix_solar, 0) + coalesce(energy_mix_wind, 0) + coalesce(energy_mix_hydro, 0)
    + coalesce(energy_mix_nuclear, 0) + coalesce(energy_mix_coal, 0) + coalesce(energy_mix_gas, 0)
    + coalesce(energy_mix_oil, 0) + coalesce(energy_mix_other, 0) <= 100.05) not valid,
  add constraint co2e_quality_known check (data_quality in ('real_time', 'forecast', 'historical')) not valid,
  add constraint co2e_confidence_possible check (confidence_score between 0 and 1) not valid;
alter table workload_emissions
  add constraint workload_period_forward check (period_end > period_start) not valid,
  add constraint workload_requests_possible check (request_count >= 0) not valid,
  add constraint workload_energy_possible check (
    total_kWh >= 0 and total_kWh < 'Infinity' and avg_kWh_per_request >= 0 and avg_kWh_per_request < 'Infinity') not valid,
  add constraint workload_emissions_possible check (
    total_gCO2e >= 0 and total_gCO2e < 'Infinity'
    and gCO2e_per_1k_requests >= 0 and gCO2e_per_1k_requests < 'Infinity') not valid,
  add constraint workload_intensity_possible check (
    avg_grid_gCO2_per_kWh >= 0 and avg_grid_gCO2_per_kWh < 5000
    and min_grid_gCO2_per_kWh >= 0 and min_grid_gCO2_per_kWh < 5000
    and max_grid_gCO2_per_kWh < 5000 and min_grid_gCO2_per_kWh <= max_grid_gCO2_per_kWh) not valid;

create index if not exists idx_co2e_region_timestamp on co2e_emissions (region, timestamp desc);
create index if not exists idx_co2e_high_intensity on co2e_emissions (gCO2_per_kWh desc, timestamp) where gCO2_per_kWh > 400;
create index if not exists idx_co2e_clean_periods on co2e_emissions (gCO2_per_kWh, timestamp) where gCO2_per_kWh < 100;
create index if not exists idx_co2e_metadata_gin on co2e_emissions using gin (metadata);
create index if not exists idx_workload_service_period on workload_emissions (service_name, period_start desc);
create index if not exists idx_workload_high_emissions on workload_emissions (total_gCO2e desc);

-- The most recent hour of each region.
create view v_latest_co2e_by_region as
  select distinct on (region) * from co2e_emissions order by region, timestamp desc;

-- Hourly averages of the last 24 hours, for trends.
create view v_co2e_24h_hourly_avg as
  select region,
         date_trunc('hour', timestamp, 'UTC') as hour,
         avg(gCO2_per_kWh) as avg_gCO2_per_kWh,
         min(gCO2_per_kWh) as min_gCO2_per_kWh,
         max(gCO2_per_kWh) as max_gCO2_per_kWh,
         count(*) as samples
  from co2e_emissions
  where timestamp >= now() - interval '24 hours'
  group by region, date_trunc('hour', timestamp, 'UTC');

-- Hours of the last 7 days that suit work which can wait: below 100 g/kWh (the original's threshold), or in the cleanest
-- quarter of their own region, because a fixed threshold means nothing across grids.
create view v_clean_energy_windows as
  select region, timestamp, gCO2_per_kWh, energy_mix_solar, energy_mix_wind, energy_mix_hydro, source,
         gCO2_per_kWh < 100 as is_below_100,
         share_of_hours_as_clean <= 0.25 as is_cleanest_quarter
  from (
    select *, cume_dist() over (partition by region order by gCO2_per_kWh) as share_of_hours_as_clean
    from co2e_emissions
    where timestamp >= now() - interval '7 days'
  ) recent
  where gCO2_per_kWh < 100 or share_of_hours_as_clean <= 0.25;

-- Called as  SELECT cleanup_old_co2e_data();  every day. Rows of workload_emissions that ended more than 90 days ago are
-- merged into one row per service, region and UTC day, so that reports of old periods keep their totals. Days with a row
-- that has no emissions figure, that reaches into another day, or that could not be (adopted from before), stay as they
-- are. Grid intensity is kept: it is 8,760 rows a year and region, and audits need it. Returns the number of rows removed.
drop function if exists cleanup_old_co2e_data();
drop function if exists cleanup_old_co2e_data(int);
create function cleanup_old_co2e_data(retention_days int default 90) returns int
language sql set timezone = 'UTC' as $$   -- a day is 24 hours, whatever the caller's time zone does
  with old_row as (
    select *, date_trunc('day', period_start, 'UTC') as day
    from workload_emissions
    where period_start < date_trunc('day', now(), 'UTC') - make_interval(days => greatest(retention_days, 0))
  ),
  mergeable_day as (
    select service_name, region, day
    from old_row
    group by service_name, region, day
    having count(*) > 1
       and bool_and(total_gCO2e is not null)
       and bool_and(period_end <= day + interval '1 day' and period_end > period_start)
       and bool_and(request_count >= 0 and total_kWh >= 0 and total_kWh < 'Infinity'
             and total_gCO2e >= 0 and total_gCO2e < 'Infinity')
       and coalesce(bool_and(min_grid_gCO2_per_kWh >= 0 and min_grid_gCO2_per_kWh < 5000), true)
       and coalesce(bool_and(max_grid_gCO2_per_kWh < 5000), true)
       and coalesce(min(min_grid_gCO2_per_kWh) <= max(max_grid_gCO2_per_kWh), true)
       and coalesce(sum(total_gCO2e) / nullif(sum(total_kWh), 0) < 5000, true)
       and not exists (
         select 1 from workload_emissions reaching_in
         where reaching_in.service_name = old_row.service_name and reaching_in.region = old_row.region
           and reaching_in.period_start < old_row.day and reaching_in.period_end > old_row.day)
  ),
  removed as (
    delete from workload_emissions w using mergeable_day d
    where w.service_name = d.service_name and w.region = d.region
      and w.period_start >= d.day and w.period_start < d.day + interval '1 day'
    returning w.*, d.day
  ),
  merged as (
    insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh,
      avg_kWh_per_request, total_gCO2e, gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh, min_grid_gCO2_per_kWh,
      max_grid_gCO2_per_kWh, calculation_method, metadata)
    select service_name, region, day, day + interval '1 day', sum(request_count), sum(total_kWh),
           sum(total_kWh) / nullif(sum(request_count), 0), sum(total_gCO2e),
           sum(total_gCO2e) / nullif(sum(request_count), 0) * 1000, sum(total_gCO2e) / nullif(sum(total_kWh), 0),
           min(min_grid_gCO2_per_kWh), max(max_grid_gCO2_per_kWh), 'daily-sum',
           jsonb_strip_nulls(jsonb_build_object('merged_rows', count(*),
             'methods', jsonb_agg(distinct calculation_method),
             'hours_with_load', sum(extract(epoch from period_end - period_start))::float8 / 3600,
             'coverage', min(case when jsonb_typeof(metadata->'coverage') = 'number'
                             then (metadata->>'coverage')::float8 end),
             'sample', nullif(bool_or(metadata->'sample' = 'true'), false),
             'assumptions', jsonb_agg(distinct assumptions)))
    from removed
    group by service_name, region, day
  )
  select count(*)::int from removed
$$;
commit;
