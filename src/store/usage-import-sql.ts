// The statements of an import, in the order in which they run. Each looks at all staged lines at once: what an import comes to
// does not depend on the order of its lines, nor on how they were cut into batches.

export const STAGE_TABLES = `
set local statement_timeout = 0;
set local work_mem = '64MB';
create temporary table usage_stage (
  line bigint not null, series int not null, starts_ms bigint not null, ends_ms bigint not null,
  requests float8, energy_kwh float8, boundary text, tier text, quantities jsonb, cost float8) on commit drop;
create temporary table usage_stage_series (
  series int primary key, service text not null, region text not null, labels jsonb not null, labels_key text not null,
  series_id int) on commit drop;
create temporary table usage_problem (line bigint not null, reason text not null) on commit drop`;

export const STAGE_SERIES = `
insert into usage_stage_series (series, service, region, labels, labels_key)
select * from jsonb_to_recordset($1::jsonb) as x(series int, service text, region text, labels jsonb, labels_key text)`;

export const STAGE_ROWS = `
insert into usage_stage
select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[], $7::text[], $8::text[],
  $9::jsonb[], $10::float8[])`;

export const STAGE_PROBLEMS = `
insert into usage_problem select * from jsonb_to_recordset($1::jsonb) as x(line bigint, reason text)`;

export const INDEX_STAGE = `
create index usage_stage_key on usage_stage (series, starts_ms, ends_ms);
analyze usage_stage;
analyze usage_stage_series`;

export const FIND_SERIES = `
update usage_stage_series t set series_id = s.series_id from usage_series s
where s.service_name = t.service and s.region = t.region and s.labels_key = t.labels_key`;

/** Those that a line is about that is kept. In one order and behind one lock, so that two who create the same series do not
 *  wait for each other for ever. */
export const CREATE_SERIES = `
select pg_advisory_xact_lock(20147, 1);
insert into usage_series (service_name, region, labels, labels_key)
select service, region, labels, labels_key from usage_stage_series t
where series_id is null and exists (select from usage_stage x where x.series = t.series)
order by service, region, labels_key
on conflict (service_name, region, labels_key) do nothing;
${FIND_SERIES} and t.series_id is null`;

const KEY = "series, starts_ms, ends_ms";
const VALUES = "requests, energy_kwh, boundary, tier, quantities, cost";
const of = (table: string): string => VALUES.replace(/\w+/g, `${table}.$&`);

export const DROP_PROBLEMS = "delete from usage_stage t using usage_problem p where p.line = t.line";

/** Lines of one identity: those that say the same are one, those that contradict one another are all bad. Returns how many
 *  repeated another. */
export const DROP_REPEATED = `
with twice as (
  select ${KEY}, min(line) as first, max(line) as last, count(distinct (${VALUES})) > 1 as differ
  from usage_stage group by ${KEY} having count(*) > 1),
contradicting as (
  insert into usage_problem
  select t.line, 'says something else than line ' || case when t.line = w.first then w.last else w.first end ||
    ' about the same service, region, labels and interval; say --sum if they are parts of one sum'
  from usage_stage t join twice w using (${KEY}) where w.differ),
gone as (
  delete from usage_stage t using twice w
  where t.series = w.series and t.starts_ms = w.starts_ms and t.ends_ms = w.ends_ms and not w.differ and t.line > w.first
  returning 1)
select count(*)::float8 as count from gone`;

/** Lines of one identity whose energy cannot be added up. */
export const FIND_UNLIKE_ENERGY = `
with twice as (
  select ${KEY}, min(line) as first, max(line) as last, count(distinct (boundary, tier)) filter (where tier is not null) > 1 as differ,
    bool_or(energy_kwh is not null) and bool_or(energy_kwh is null and quantities is not null) as mixed
  from usage_stage group by ${KEY} having count(*) > 1)
insert into usage_problem
select t.line, 'cannot be added to line ' || case when t.line = w.first then w.last else w.first end ||
  case when w.differ then ': their energy has another tier or boundary'
    else ': one states energy and the other only quantities, so part of the energy would be missing' end
from usage_stage t join twice w using (${KEY}) where w.differ or w.mixed`;

/** Adds up lines of one identity, smallest first, so that the sum is the same in any order. Returns how many were added to
 *  another. */
export const ADD_UP = `
with twice as (select ${KEY} from usage_stage group by ${KEY} having count(*) > 1),
gone as (
  delete from usage_stage t using twice w
  where t.series = w.series and t.starts_ms = w.starts_ms and t.ends_ms = w.ends_ms returning t.*),
amounts as (
  select ${KEY}, key, sum(value::float8 order by value::float8) as amount
  from gone, jsonb_each_text(quantities) group by ${KEY}, key),
added as (select ${KEY}, jsonb_object_agg(key, amount) as quantities from amounts group by ${KEY}),
summed as (
  select min(line) as line, ${KEY}, sum(requests order by requests) as requests, sum(energy_kwh order by energy_kwh) as energy_kwh,
    min(boundary) as boundary, min(tier) as tier, sum(cost order by cost) as cost
  from gone group by ${KEY}),
kept as (
  insert into usage_stage
  select s.line, s.series, s.starts_ms, s.ends_ms, s.requests, s.energy_kwh, s.boundary, s.tier, a.quantities, s.cost
  from summed s left join added a using (${KEY}) returning 1)
select (select count(*) from gone)::float8 - (select count(*) from kept) as count`;

const COST_ALONE = "requests is null and energy_kwh is null and quantities is null";

/** Cost for a month beside usage by the hour (a fee, a tax) is kept with the first usage in its time. */
export const PLACE_COSTS = `
with longest as (select coalesce(max(ends_ms - starts_ms), 0) as ms from usage_stage where not (${COST_ALONE})),
placed as materialized (
  select c.line, c.cost, near.line as near from usage_stage c cross join longest cross join lateral (
    select u.line from usage_stage u
    where u.series = c.series and u.starts_ms > c.starts_ms - longest.ms and u.starts_ms < c.ends_ms
      and u.ends_ms > c.starts_ms and not (u.${COST_ALONE.replaceAll(" and ", " and u.")})
    order by u.starts_ms, u.ends_ms limit 1) near
  where c.${COST_ALONE.replaceAll(" and ", " and c.")}),
gone as (delete from usage_stage t using placed p where t.line = p.line)
update usage_stage t set cost = coalesce(t.cost, 0) + p.cost
from (select near, sum(cost order by cost) as cost from placed group by near) p where t.line = p.near`;

/** Costs alone that share time become one cost for all of that time. */
export const JOIN_COSTS = `
with marked as (
  select *, case when starts_ms < max(ends_ms) over (partition by series order by starts_ms, ends_ms, line
    rows between unbounded preceding and 1 preceding) then 0 else 1 end as begins
  from usage_stage where ${COST_ALONE}),
grouped as (
  select *, sum(begins) over (partition by series order by starts_ms, ends_ms, line rows unbounded preceding) as piece from marked),
joined as (
  select series, piece, min(line) as line, min(starts_ms) as starts_ms, max(ends_ms) as ends_ms, sum(cost order by cost) as cost
  from grouped group by series, piece having count(*) > 1),
gone as (
  delete from usage_stage t using grouped g join joined j using (series, piece) where t.line = g.line)
insert into usage_stage (line, series, starts_ms, ends_ms, cost) select line, series, starts_ms, ends_ms, cost from joined`;

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;
const moment = (column: string): string => `to_timestamp(${column}::float8 / 1000)`;
/** Worked out once, and not for each row that it is compared with. */
const RANGE = "range as materialized (select min(starts_ms) as first, max(ends_ms) as last from usage_stage)";

const ORIGIN = "(select origin_id from usage_origin where origin = $1)";

/** Lines that share time with another line of their series, or with a stored row of the origin that stays. */
export const findOverlaps = (replace: boolean): string => `
with ${RANGE},
stored as (
  select t.series, ${ms("u.starts_at")} as starts_ms, ${ms("u.ends_at")} as ends_ms
  from range r cross join usage_stage_series t join usage_row u on u.series_id = t.series_id
  where u.origin_id = ${ORIGIN}
    and u.starts_at > ${moment("r.first")} - interval '366 days' and u.starts_at < ${moment("r.last")}
    and u.ends_at > ${moment("r.first")}
    ${replace ? `and not (u.starts_at >= ${moment("r.first")} and u.ends_at <= ${moment("r.last")})` : ""}),
every as (
  select ${KEY}, max(line) as line
  from (select ${KEY}, line from usage_stage union all select ${KEY}, 0 from stored) x group by ${KEY}),
seen as (
  select *, max(ends_ms) over (o rows between unbounded preceding and 1 preceding) as end_before,
    lag(line) over o as line_before, lag(ends_ms) over o as its_end, lead(line) over o as line_after, lead(starts_ms) over o as start_after
  from every window o as (partition by series order by starts_ms, ends_ms))
insert into usage_problem
select line, 'shares time with ' || case
    when its_end > starts_ms and line_before = 0 or start_after < ends_ms and line_after = 0
      then 'a stored row of another interval of the same service, region, labels and origin'
    when its_end > starts_ms then 'line ' || line_before || ' about the same service, region and labels'
    when start_after < ends_ms then 'line ' || line_after || ' about the same service, region and labels'
    else 'an earlier line about the same service, region and labels' end
from seen where line > 0 and (end_before > starts_ms or start_after < ends_ms)`;

const COLUMNS = `series_id, origin_id, starts_at, ends_at, ${VALUES}`;
const LOGGED = `${COLUMNS}, recorded_at, revision`;
const ofRow = (table: string): string => LOGGED.replace(/\w+/g, `${table}.$&`);
/** All of the key in one place. Joined piece by piece, PostgreSQL takes the time first, which every series has. */
const STAGED = `staged as materialized (
  select s.series_id, ${moment("t.starts_ms")} as starts_at, ${moment("t.ends_ms")} as ends_at, ${of("t")}
  from usage_stage t join usage_stage_series s using (series))`;

/** Rows of the origin that lie within the time of the file and are not in it. */
export const REMOVE_ROWS = `
with ${RANGE},
${STAGED},
gone as (
  delete from usage_row u using range r
  where u.origin_id = ${ORIGIN} and u.starts_at >= ${moment("r.first")} and u.ends_at <= ${moment("r.last")}
    and not exists (
      select from staged s where s.series_id = u.series_id and s.starts_at = u.starts_at and s.ends_at = u.ends_at)
  returning ${ofRow("u")}),
logged as (insert into usage_row_log (${LOGGED}) select * from gone returning 1)
select count(*)::float8 as count from logged`;

/** Rows that say something else now: what they said goes to the log. Also counts those that were there at all. */
export const CHANGE_ROWS = `
with ${STAGED},
there as materialized (
  select ${ofRow("u")}, ${VALUES.replace(/\w+/g, "s.$& as new_$&")}
  from staged s join usage_row u using (series_id, starts_at, ends_at) where u.origin_id = ${ORIGIN}),
changed as materialized (
  select * from there where (${VALUES}) is distinct from (${VALUES.replace(/\w+/g, "new_$&")})),
logged as (insert into usage_row_log (${LOGGED}) select ${LOGGED} from changed),
written as (
  update usage_row u set ${VALUES.split(", ")
    .map((name) => `${name} = c.new_${name}`)
    .join(", ")}, recorded_at = clock_timestamp(), revision = u.revision + 1
  from changed c where u.series_id = c.series_id and u.origin_id = c.origin_id and u.starts_at = c.starts_at and u.ends_at = c.ends_at)
select (select count(*) from there)::float8 as there, (select count(*) from changed)::float8 as changed`;

/** Rows that are not there yet. Where none of them is, PostgreSQL need not look. */
export const addRows = (someAreThere: boolean): string => `
insert into usage_row (${COLUMNS})
select s.series_id, ${ORIGIN}, ${moment("t.starts_ms")}, ${moment("t.ends_ms")}, ${of("t")}
from usage_stage t join usage_stage_series s using (series)
${someAreThere ? "on conflict (series_id, origin_id, starts_at, ends_at) do nothing" : ""}`;
