-- 0003: what the program notes of its own work (runs, leases, calls), what it learnt on the way, and retention.
-- Run by `co2e migrate`, or by hand:  psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f 0003-runs-and-quota.sql
begin;
select pg_advisory_xact_lock(20142, 1);
insert into co2e_migration (version, name) values (3, 'runs-and-quota');

-- One row per run and region. A row that stays 'running' belongs to a process that was stopped half way.
create sequence ingestion_run_id;
create table ingestion_runs (
  run_id            bigint not null,
  region            varchar(50) not null,
  zone              text not null,
  job               text not null check (job in ('ingest', 'backfill')),
  started_at        timestamptz not null,
  ended_at          timestamptz,
  -- partial: a value, but something is missing or a source failed. elsewhere: another process did it at that time.
  outcome           text not null check (
    outcome in ('running', 'complete', 'partial', 'failed', 'not-stored', 'elsewhere')),
  source            text,                           -- of the value; null when there is none
  hours_new         int not null default 0,
  hours_revised     int not null default 0,
  hours_unchanged   int not null default 0,
  hours_suspect     int not null default 0,
  hours_unreachable int not null default 0,         -- missing, and further back than any source reaches
  calls             int not null default 0,         -- requests sent for the zone
  duration_ms       int,
  error             text,
  primary key (run_id, region)
);
create index idx_ingestion_runs_region on ingestion_runs (region, started_at desc);

-- Who may do a piece of work now. The token grows when the holder changes.
create table lease (
  name       text primary key,
  holder     text not null,
  token      bigint not null,
  expires_at timestamptz not null
);

-- When all that a zone needs was last asked for, to the end.
create table zone_fetch (
  zone        text primary key,
  finished_at timestamptz not null
);

-- When each source was sent how many requests: what a limit of so many in so long is counted over. A second's requests
-- are noted at its end, so that none leaves a window too early.
create table source_call (
  source    text not null,
  at_second timestamptz not null,
  calls     int not null check (calls > 0),
  primary key (source, at_second)
);

-- Calls per source and UTC day.
create table source_calls (
  source text not null,
  day    date not null,
  calls  bigint not null,
  primary key (source, day)
);

-- When the rows of a region were last compared with all of the evidence, and for which zone and factor type.
create table region_sweep (
  region      varchar(50) primary key,
  zone        text not null,
  factor_type text not null,
  swept_at    timestamptz not null
);

-- How far back a key was found to reach for a zone.
create table source_reach (
  source             text not null,
  zone               text not null,
  reaches_back_hours int not null check (reaches_back_hours >= 0),
  learnt_at          timestamptz not null,
  primary key (source, zone)
);

-- In which zone a source said that a place lies. The upper bounds also keep NaN out, which sorts above every number.
create table resolved_place (
  latitude    double precision not null check (latitude between -90 and 90),
  longitude   double precision not null check (longitude between -180 and 180),
  zone        text not null,
  source      text not null,
  resolved_at timestamptz not null,
  primary key (latitude, longitude)
);

create index idx_reading_suspect on intensity_reading (fetched_at desc) where suspect <> '{}';

-- Takes `wanted` calls of a source if every window ([{"seconds": 3600, "calls": 100}, …]) that ends now has room for
-- them: no 3600 s in a row ever hold more than 100. Refused, it says which window makes it wait longest, and how long. Of
-- several processes that take at once one goes after the other. The calls of the UTC day are counted.
create function co2e_take_quota(of_source text, windows jsonb, wanted int,
  out taken boolean, out wait_ms double precision, out refused_window int)
language plpgsql as $$
declare
  moment timestamptz;
begin
  perform pg_advisory_xact_lock(20145, hashtext(of_source));
  moment := clock_timestamp();   -- after the wait for the lock

  select extract(epoch from free.at_second + make_interval(secs => w.seconds) - moment) * 1000, w.seconds
  into wait_ms, refused_window
  from jsonb_to_recordset(windows) as w(seconds int, calls int)
  cross join lateral (
    -- Calls leave a window oldest first. The first of them whose leaving makes room enough says how long that takes.
    select at_second
    from (
      select at_second, sum(calls) over (order by at_second desc) as this_and_newer, calls
      from source_call
      where source = of_source and at_second > moment - make_interval(secs => w.seconds)
    ) c
    where this_and_newer - calls + wanted <= w.calls
    order by at_second
    limit 1
  ) free
  where wanted + (
    select sum(calls) from source_call
    where source = of_source and at_second > moment - make_interval(secs => w.seconds)) > w.calls
  order by 1 desc
  limit 1;
  taken := not found;
  if not taken then
    return;
  end if;

  insert into source_call (source, at_second, calls)
  values (of_source, date_trunc('second', moment) + interval '1 second', wanted)
  on conflict (source, at_second) do update set calls = source_call.calls + excluded.calls;
  delete from source_call c
  where c.source = of_source and c.at_second < moment - (
    select make_interval(secs => greatest(86400, max(w.seconds))) from jsonb_to_recordset(windows) as w(seconds int));

  insert into source_calls (source, day, calls)
  values (of_source, (moment at time zone 'UTC')::date, wanted)
  on conflict (source, day) do update set calls = source_calls.calls + excluded.calls;
end $$;

-- Retention. The program calls what is below only if it is set, in co2e cleanup. Days are UTC days, whatever the time
-- zone of the session.

-- Without a number of days it does nothing. Until now null meant 0: everything up to today.
alter function cleanup_old_co2e_data(int) strict;

-- What is left of hours that co2e_remove_old_intensity removed.
create table co2e_emissions_daily (
  region          varchar(50) not null,
  day             date not null,
  zone            text,                             -- that of most hours; null: rows inserted by hand
  hours           smallint not null check (hours between 1 and 24),
  mean_g_per_kwh  double precision not null,
  min_g_per_kwh   double precision not null,
  max_g_per_kwh   double precision not null,
  hours_by_source jsonb not null,                   -- {"electricity_maps": 23, "manual": 1}
  hours_of_day    smallint[] not null,              -- which hours are in the figures, so that none is counted twice
  primary key (region, day),
  check (hours = cardinality(hours_of_day))
);

-- Deletes revisions that a later one replaced and that ended more than that many days ago, unless an accepted hour
-- names them or a person reviewed them.
create function co2e_remove_superseded_by_table(older_than_days int) returns table (readings int, mixes int)
language sql strict set timezone = 'UTC' as $$
  with named_reading as materialized (
    select jsonb_array_elements_text(
             case when jsonb_typeof(metadata->'reading_ids') = 'array' then metadata->'reading_ids' else '[]' end
           ) as reading_id
    from co2e_emissions
  ),
  removed_reading as (
    delete from intensity_reading r
    where r.ends_at < now() - make_interval(days => greatest(older_than_days, 0))
      and exists (
        select from intensity_reading later
        where later.zone = r.zone and later.starts_at = r.starts_at and later.source = r.source
          and later.signal = r.signal and later.factor_type = r.factor_type and later.boundary = r.boundary
          and later.ends_at = r.ends_at and later.revision > r.revision)
      and not exists (select from named_reading n where n.reading_id = r.reading_id::text)
      and not exists (select from intensity_review w where w.reading_id = r.reading_id)
    returning 1
  ),
  removed_mix as (
    delete from mix_reading m
    where m.ends_at < now() - make_interval(days => greatest(older_than_days, 0))
      and exists (
        select from mix_reading later
        where later.zone = m.zone and later.starts_at = m.starts_at and later.source = m.source
          and later.ends_at = m.ends_at and later.revision > m.revision)
      and not exists (select from co2e_emissions c where c.metadata->>'mix_reading_id' = m.mix_reading_id::text)
    returning 1
  )
  select (select count(*)::int from removed_reading), (select count(*)::int from removed_mix)
$$;

-- The same; returns the number of rows removed.
create function co2e_remove_superseded_readings(older_than_days int) returns int
language sql strict as $$
  select readings + mixes from co2e_remove_superseded_by_table(older_than_days)
$$;

-- Writes one row per region and UTC day into co2e_emissions_daily and deletes the hours and their evidence, for days
-- that ended that many days ago or earlier. `days` counts the days of regions. A day stays whole while one of its hours
-- is still open to revision, or could not be (adopted from before). So does the same day of every region that shares a
-- zone with it: its evidence stays, and the next ingest would derive the hours again.
create function co2e_remove_old_intensity_by_table(older_than_days int)
returns table (days int, hours int, readings int, reviews int, mixes int)
language sql strict set timezone = 'UTC' as $$
  -- No import and no ingest of these zones meanwhile. The locks are those of store/readings.ts.
  select pg_advisory_xact_lock(20144, 0);
  select pg_advisory_xact_lock(20142, hashtext(zone))
  from (
    select zone from intensity_reading
    where starts_at < date_trunc('day', now(), 'UTC') - make_interval(days => greatest(older_than_days, 0))
    union
    select zone from mix_reading
    where starts_at < date_trunc('day', now(), 'UTC') - make_interval(days => greatest(older_than_days, 0))
    order by zone
  ) as old_evidence;

  with recursive old_row as materialized (
    select id, region, timestamp, (timestamp at time zone 'UTC')::date as day,
           extract(hour from timestamp at time zone 'UTC')::smallint as hour_of_day,
           metadata->>'zone' as zone, gCO2_per_kWh as g, source,
           data_quality is not distinct from 'historical' and gCO2_per_kWh >= 0 and gCO2_per_kWh < 5000 as is_final
    from co2e_emissions
    where timestamp < date_trunc('day', now(), 'UTC') - make_interval(days => greatest(older_than_days, 0))
  ),
  shown as (
    select distinct region, day, zone from old_row
  ),
  staying (region, day) as (
    select region, day from old_row where not is_final
    union
    select neighbour.region, neighbour.day
    from staying
    join shown own on own.region = staying.region and own.day = staying.day
    join shown neighbour on neighbour.zone = own.zone and neighbour.day = own.day
  ),
  going as materialized (
    select region, day, zone from shown
    where not exists (select from staying where staying.region = shown.region and staying.day = shown.day)
  ),
  going_day as (
    select distinct region, day from going
  ),
  going_zone as (
    select distinct zone, day from going where zone is not null
  ),

  -- Of rows at 10:00 and 10:17 the first stands for the hour, as it does when hours are read.
  going_hour as (
    select distinct on (region, day, hour_of_day) *,
           array_agg(hour_of_day) over (partition by region, day) as hours_here
    from old_row join going_day using (region, day)
    order by region, day, hour_of_day, timestamp
  ),
  -- Hours that the daily row holds already, from an earlier run, do not count again. Only when all of them are here
  -- again do they replace it.
  counted as (
    select h.*
    from going_hour h
    left join co2e_emissions_daily known using (region, day)
    where known.region is null
       or h.hour_of_day <> all (known.hours_of_day)
       or known.hours_of_day <@ h.hours_here
  ),
  by_source as (
    select region, day, jsonb_object_agg(source, source_hours) as hours_by_source
    from (select region, day, source, count(*) as source_hours from counted group by region, day, source) s
    group by region, day
  ),
  rolled_up as (
    insert into co2e_emissions_daily as known (region, day, zone, hours, mean_g_per_kwh, min_g_per_kwh, max_g_per_kwh,
      hours_by_source, hours_of_day)
    select region, day, mode() within group (order by zone), count(*), avg(g), min(g), max(g), hours_by_source,
           array_agg(hour_of_day order by hour_of_day)
    from counted join by_source using (region, day)
    group by region, day, hours_by_source
    on conflict (region, day) do update set (zone, hours, mean_g_per_kwh, min_g_per_kwh, max_g_per_kwh, hours_by_source,
      hours_of_day) = (
        select excluded.zone, excluded.hours, excluded.mean_g_per_kwh, excluded.min_g_per_kwh, excluded.max_g_per_kwh,
               excluded.hours_by_source, excluded.hours_of_day
        where excluded.hours_of_day && known.hours_of_day
        union all
        select coalesce(known.zone, excluded.zone), known.hours + excluded.hours,
               (known.mean_g_per_kwh * known.hours + excluded.mean_g_per_kwh * excluded.hours)
                 / (known.hours + excluded.hours),
               least(known.min_g_per_kwh, excluded.min_g_per_kwh),
               greatest(known.max_g_per_kwh, excluded.max_g_per_kwh),
               (select jsonb_object_agg(source, source_hours) from (
                  select key as source, sum(value::int) as source_hours
                  from (select * from jsonb_each_text(known.hours_by_source)
                        union all select * from jsonb_each_text(excluded.hours_by_source)) both_parts
                  group by key) s),
               array(select unnest(known.hours_of_day || excluded.hours_of_day) order by 1)
        where not excluded.hours_of_day && known.hours_of_day)
    returning 1
  ),

  -- A reading that reaches into a day that stays, stays with it.
  going_reading as materialized (
    select r.reading_id
    from intensity_reading r
    join going_zone first_day on first_day.zone = r.zone and first_day.day = (r.starts_at at time zone 'UTC')::date
    join going_zone last_day on last_day.zone = r.zone
      and last_day.day = ((r.ends_at - interval '1 microsecond') at time zone 'UTC')::date
  ),
  removed_hour as (
    delete from co2e_emissions c using old_row o join going_day using (region, day)
    where c.id = o.id
    returning 1
  ),
  removed_review as (
    delete from intensity_review w using going_reading g where w.reading_id = g.reading_id
    returning 1
  ),
  removed_reading as (
    delete from intensity_reading r using going_reading g where r.reading_id = g.reading_id
    returning 1
  ),
  removed_mix as (
    delete from mix_reading m using going_zone z
    where m.zone = z.zone and z.day = (m.starts_at at time zone 'UTC')::date
    returning 1
  )
  select (select count(*)::int from going_day), (select count(*)::int from removed_hour),
         (select count(*)::int from removed_reading), (select count(*)::int from removed_review),
         (select count(*)::int from removed_mix)
$$;

-- The same; returns the number of rows removed.
create function co2e_remove_old_intensity(older_than_days int) returns int
language sql strict as $$
  select hours + readings + reviews + mixes from co2e_remove_old_intensity_by_table(older_than_days)
$$;
commit;
