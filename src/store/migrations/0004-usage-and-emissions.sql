-- 0004: what services used, and the emissions worked out from it.
-- Usage is evidence: a changed row keeps what it said before in usage_row_log. Emissions are derived: they are worked out
-- again as a whole for each day that something changed in, never patched.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0004-usage-and-emissions.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (4, 'usage-and-emissions');

-- A label set of a service in a region.
create table usage_series (
  series_id    int generated always as identity primary key,
  service_name varchar(100) not null,
  region       varchar(50) not null,
  labels       jsonb not null default '{}',
  labels_key   text not null,                       -- the labels in one way of writing, for comparison
  unique (service_name, region, labels_key)
);
create index usage_series_region on usage_series (region);

-- Who states usage. Of several origins that speak of one load, the better tier counts, then the lower rank.
create table usage_origin (
  origin_id smallint generated always as identity primary key,
  origin    varchar(100) not null unique,           -- 'import:billing', 'prometheus:kepler', 'calculate'
  rank      smallint not null default 100
);

-- Each import, by the hash of its content: a file that was imported before is known.
create table usage_import (
  import_id   bigint generated always as identity primary key,
  origin_id   smallint not null references usage_origin,
  file_name   text not null,
  sha256      text not null,
  rows        bigint not null,
  imported_at timestamptz not null default clock_timestamp(),
  unique (origin_id, sha256)
);

-- Without foreign keys, as emission_cell: looking up both for every row takes longer than writing it.
create table usage_row (
  series_id   int not null,                         -- usage_series
  origin_id   smallint not null,                    -- usage_origin
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,                 -- exclusive
  -- The bounds keep NaN out, and sums within what a double can hold.
  requests    double precision check (requests >= 0 and requests < 1e16),
  energy_kwh  double precision check (energy_kwh >= 0 and energy_kwh < 1e15),
  boundary    text check (boundary in ('it', 'facility')),
  tier        text check (tier in ('measured', 'modelled', 'profile', 'guess')),
  quantities  jsonb,
  cost        double precision check (cost > -1e15 and cost < 1e15),
  recorded_at timestamptz not null default clock_timestamp(),
  revision    int not null default 1,
  primary key (series_id, origin_id, starts_at, ends_at),
  check (ends_at > starts_at and ends_at - starts_at <= interval '366 days'),
  check ((energy_kwh is null) = (boundary is null) and (energy_kwh is null) = (tier is null))
);
-- Rows longer than a day are few, and are looked for apart.
create index usage_row_long on usage_row (series_id, starts_at) where ends_at - starts_at > interval '1 day';

-- What a row said before it was replaced or removed.
create table usage_row_log (
  like usage_row,
  replaced_at timestamptz not null default clock_timestamp()
);

-- Energy per request of a service from a date on, as `co2e profile measure` derives it.
create table service_profile (
  service_name   varchar(100) not null,
  valid_from     timestamptz not null,
  wh_per_request double precision not null check (wh_per_request >= 0 and wh_per_request < 'Infinity'),
  wh_low         double precision not null,
  wh_high        double precision not null,
  boundary       text not null check (boundary in ('it', 'facility')),
  evidence       jsonb not null,                    -- period, energy, requests, origins: what it was derived from
  created_at     timestamptz not null default clock_timestamp(),
  primary key (service_name, valid_from),
  check (wh_low <= wh_per_request and wh_per_request <= wh_high)
);

-- PUE, coefficients, profiles and so on, as they were at a calculation. Never changed.
create table factor_set (
  factor_set_id int generated always as identity primary key,
  sha256        text not null unique,
  body          jsonb not null,
  created_at    timestamptz not null default clock_timestamp()
);

-- Emissions of a series, as one origin states its usage, in one UTC hour (cut again at an accounting midnight within it).
create table emission_cell (
  series_id      int not null,
  origin_id      smallint not null,
  cell_start     timestamptz not null,
  day            date not null,                     -- of the accounting time zone
  requests       double precision,
  stated_kwh     double precision not null,
  pue            double precision not null,
  kwh            double precision not null,         -- stated_kwh × pue
  covered_kwh    double precision not null,
  estimated_kwh  double precision not null,
  g_co2e         double precision,                  -- location-based, of covered_kwh; null: nothing is covered
  g_estimated    double precision not null,         -- of estimated_kwh
  g_embodied     double precision,
  g_low          double precision,
  g_high         double precision,
  tier           text,
  g_per_kwh      double precision,
  intensity_kind text,
  estimate       text,
  method         text not null,
  cost           double precision,
  units          jsonb,
  factor_set_id  int not null,
  primary key (series_id, cell_start, origin_id),   -- the hours of a series side by side, whatever their origin
  check (covered_kwh + estimated_kwh <= kwh * (1 + 1e-9)),
  check (kwh >= 0 and kwh < 'Infinity' and pue >= 1 and pue < 100)
);
-- Hours whose intensity was estimated are worked out again when an hour in the weeks around them becomes known.
create index emission_cell_estimated on emission_cell (cell_start) where estimated_kwh > 0 or covered_kwh < kwh;

-- Sums of cells. Only what can be added up, and least and greatest.
create table emission_day (
  series_id     int not null references usage_series,
  day           date not null,
  requests      double precision,
  kwh           double precision not null,
  covered_kwh   double precision not null,
  estimated_kwh double precision not null,
  kwh_measured  double precision not null,          -- by evidence tier; these four add up to kwh
  kwh_modelled  double precision not null,
  kwh_profile   double precision not null,
  kwh_guess     double precision not null,
  kwh_intensity_measured  double precision not null, -- by kind of intensity; these five add up to covered_kwh
  kwh_intensity_estimated double precision not null,
  kwh_intensity_modelled  double precision not null,
  kwh_intensity_sample    double precision not null,
  kwh_intensity_unstated  double precision not null,
  kwh_uniform   double precision not null,          -- of it, spread evenly over a row longer than an hour
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
  has_cells     boolean not null default true,      -- false: the cells were removed, the day is never worked out again
  created_in    bigint not null,                    -- recalc_run that first wrote it
  primary key (series_id, day)
);
create index emission_day_day on emission_day (day);

-- The only queue: days of regions to be worked out again. Rows are added and removed, never updated, so that no writer waits
-- for another; a day may be in it more than once.
create table recalc_day (
  queue_id bigint generated always as identity primary key,
  region   text not null,
  utc_day  date not null,
  reason   text not null                            -- 'usage', 'intensity', 'estimates', 'factors', 'time-zone', 'requested'
);
create index recalc_day_region on recalc_day (region, utc_day);

create table recalc_run (
  recalc_id    bigint generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  code_version text not null
);
-- What a recalculation changed of days that had a figure before.
create table recalc_diff (
  recalc_id bigint not null references recalc_run,
  series_id int not null references usage_series,
  day       date not null,
  reason    text not null,                          -- those of the queue, in alphabetical order: 'intensity, usage'
  kwh_before double precision,
  kwh_after  double precision,
  g_before  double precision,                       -- calculated and estimated
  g_after   double precision,
  applied   boolean not null,                       -- false: the cells of that day are gone, the figure stays
  primary key (recalc_id, series_id, day)
);

-- Closed months: a copy of what was published, and what was learnt of it later.
create table closed_month (
  month        date primary key,                    -- its first day, of the accounting time zone
  time_zone    text not null,
  closed_at    timestamptz not null default clock_timestamp(),
  closed_by    text not null,
  manifest     jsonb not null,                      -- code version, factor sets, share of final hours, …
  sha256       text not null,                       -- of lines, manifest and the month before
  previous_sha256 text
);
create table closed_line (
  month         date not null references closed_month,
  series_id     int not null references usage_series,
  requests      double precision,
  kwh           double precision not null,
  covered_kwh   double precision not null,
  estimated_kwh double precision not null,
  g_co2e        double precision,
  g_estimated   double precision not null,
  g_embodied    double precision,
  g_low         double precision,
  g_high        double precision,
  primary key (month, series_id)
);
create table month_adjustment (
  month         date not null references closed_month,
  series_id     int not null references usage_series,
  booked_in     date not null,
  g_co2e        double precision not null,          -- difference of calculated and estimated emissions, may be negative
  kwh           double precision not null,
  reason        text not null,
  booked_at     timestamptz not null default clock_timestamp(),
  primary key (month, series_id, booked_in)
);

-- What of an origin was fetched: whole hours.
create table usage_pull (
  origin_id smallint not null references usage_origin,
  hour      timestamptz not null,
  pulled_at timestamptz not null default clock_timestamp(),
  rows      int not null,
  primary key (origin_id, hour)
);

-- A store may hold usage before it holds any reading.
alter table co2e_store
  alter column data drop not null,
  add column accounting_time_zone text,             -- of emission_cell.day; null: nothing was worked out yet
  add column currency text,
  add column factor_set_id int references factor_set;

-- A revised hour queues its day, whoever revises it: a flow, a person with psql, a clean-up of hours does not (the daily row
-- says that the day is over).
create function co2e_queue_intensity_days() returns trigger language plpgsql as $$
begin
  insert into recalc_day (region, utc_day, reason)
  select distinct c.region, (c.timestamp at time zone 'UTC')::date, 'intensity'
  from changed_row c
  where exists (select from usage_series s where s.region = c.region)
    and not exists (select from co2e_emissions_daily d
                    where d.region = c.region and d.day = (c.timestamp at time zone 'UTC')::date);
  return null;
end $$;
create trigger co2e_queue_inserted after insert on co2e_emissions
  referencing new table as changed_row for each statement execute function co2e_queue_intensity_days();
create trigger co2e_queue_updated after update on co2e_emissions
  referencing new table as changed_row for each statement execute function co2e_queue_intensity_days();
create trigger co2e_queue_deleted after delete on co2e_emissions
  referencing old table as changed_row for each statement execute function co2e_queue_intensity_days();

create function co2e_queue_usage_days() returns trigger language plpgsql as $$
begin
  -- A clean-up leaves the figures of what it removes.
  if current_setting('co2e.cleaning_up', true) = 'on' then
    return null;
  end if;
  insert into recalc_day (region, utc_day, reason)
  select day.region, day.utc_day, 'usage'
  from (
    select distinct s.region, d.utc_day::date
    from (select distinct series_id, date_trunc('day', starts_at, 'UTC') as first_day,
                 date_trunc('day', ends_at - interval '1 microsecond', 'UTC') as last_day from changed_row) c
    join usage_series s using (series_id)
    cross join lateral
      generate_series(c.first_day at time zone 'UTC', c.last_day at time zone 'UTC', interval '1 day') as d(utc_day)
  ) day
  -- What this transaction queued already nobody else has seen yet: an import of many statements queues a day once.
  where not exists (
    select from recalc_day q
    where q.region = day.region and q.utc_day = day.utc_day and q.reason = 'usage'
      and q.xmin = pg_current_xact_id()::xid);
  return null;
end $$;
create trigger usage_queue_inserted after insert on usage_row
  referencing new table as changed_row for each statement execute function co2e_queue_usage_days();
create trigger usage_queue_updated after update on usage_row
  referencing new table as changed_row for each statement execute function co2e_queue_usage_days();
create trigger usage_queue_deleted after delete on usage_row
  referencing old table as changed_row for each statement execute function co2e_queue_usage_days();

-- As in 0001, but for rows that are sums of cells: they are merged into a row that is a sum of cells too, and a day that has
-- both these and stated ones stays as it is.
create or replace function cleanup_old_co2e_data(retention_days int default 90) returns int
language sql strict set timezone = 'UTC' as $$   -- a day is 24 hours, whatever the caller's time zone does
  -- No recalculation meanwhile: it would write hours of a day that is being merged. The lock is that of
  -- store/recalc-queue.ts.
  select pg_advisory_xact_lock(20146, 0);

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
       -- Sums of cells are worked out again one day, stated rows never: they do not become one row.
       and (bool_and(metadata ? 'cells') or not bool_or(metadata ? 'cells'))
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
             'cells', nullif(bool_or(metadata ? 'cells'), false),
             'sample', nullif(bool_or(metadata->'sample' = 'true'), false),
             'assumptions', jsonb_agg(distinct assumptions)))
    from removed
    group by service_name, region, day
  )
  select count(*)::int from removed
$$;

-- Deletes the rows of usage_row and usage_row_log, and the cells, of accounting days that ended that many days ago or
-- earlier. Their figures in emission_day stay and are never worked out again (has_cells is false). A day of a region stays
-- whole while one of its hours of intensity is still open to revision, or while it is in the queue. A row that reaches into
-- a day that stays, stays with it. `days` counts the days of series.
create function co2e_remove_old_usage_by_table(older_than_days int)
returns table (usage_rows int, log_rows int, cells int, days int)
language sql strict set timezone = 'UTC' set co2e.cleaning_up = 'on' as $$
  -- No recalculation meanwhile. The lock is that of store/recalc-queue.ts.
  select pg_advisory_xact_lock(20146, 0);

  with accounting as materialized (
    select accounting_time_zone as zone from co2e_store where accounting_time_zone is not null
  ),
  old_day as materialized (
    select region, day, day::timestamp at time zone zone as from_time, (day + 1)::timestamp at time zone zone as to_time
    from (
      select distinct s.region, d.day, a.zone
      from accounting a cross join emission_day d join usage_series s using (series_id)
      where d.has_cells and d.day < (now() at time zone a.zone)::date - greatest(older_than_days, 0)
    ) d
  ),
  going_day as materialized (
    select * from old_day o
    where not exists (
        select from co2e_emissions c
        where c.region = o.region and c.timestamp >= date_trunc('hour', o.from_time, 'UTC') and c.timestamp < o.to_time
          and c.data_quality is distinct from 'historical')
      and not exists (
        select from recalc_day q
        where q.region = o.region and q.utc_day >= (o.from_time at time zone 'UTC')::date
          and q.utc_day <= ((o.to_time - interval '1 microsecond') at time zone 'UTC')::date)
  ),
  gone_day as materialized (
    select region, day from going_day
    union
    select s.region, d.day from emission_day d join usage_series s using (series_id) where not d.has_cells
  ),

  -- A row goes when all of its days are gone.
  stated as (
    select u.series_id, u.origin_id, u.starts_at, u.ends_at, s.region,
           (u.starts_at at time zone a.zone)::date as first_day,
           ((u.ends_at - interval '1 microsecond') at time zone a.zone)::date as last_day
    from accounting a cross join (
      select series_id, origin_id, starts_at, ends_at from usage_row
      union
      select series_id, origin_id, starts_at, ends_at from usage_row_log
    ) u join usage_series s using (series_id)
    where u.ends_at <= (select max(to_time) from going_day)
  ),
  going_row as materialized (
    select r.* from stated r join gone_day g on g.region = r.region and g.day = r.first_day
    where r.first_day = r.last_day
    union all
    select r.* from stated r
    where r.first_day < r.last_day
      and (select count(*) from gone_day g
           where g.region = r.region and g.day >= r.first_day and g.day <= r.last_day) = r.last_day - r.first_day + 1
  ),
  removed_row as (
    delete from usage_row u using going_row g
    where u.series_id = g.series_id and u.origin_id = g.origin_id and u.starts_at = g.starts_at and u.ends_at = g.ends_at
    returning 1
  ),
  removed_log as (
    delete from usage_row_log u using going_row g
    where u.series_id = g.series_id and u.origin_id = g.origin_id and u.starts_at = g.starts_at and u.ends_at = g.ends_at
    returning 1
  ),
  removed_cell as (
    delete from emission_cell c using usage_series s, going_day g
    where s.region = g.region and c.series_id = s.series_id and c.day = g.day
      and c.cell_start >= g.from_time and c.cell_start < g.to_time
    returning 1
  ),
  kept_day as (
    update emission_day d set has_cells = false
    from usage_series s, going_day g
    where s.region = g.region and d.series_id = s.series_id and d.day = g.day
    returning 1
  )
  select (select count(*)::int from removed_row), (select count(*)::int from removed_log),
         (select count(*)::int from removed_cell), (select count(*)::int from kept_day)
$$;

-- The same; returns the number of rows removed.
create function co2e_remove_old_usage(older_than_days int) returns int
language sql strict as $$
  select usage_rows + log_rows + cells from co2e_remove_old_usage_by_table(older_than_days)
$$;
commit;
