import { jsonRows, type Queries } from "./database.ts";

export interface SweptPlace {
  readonly region: string;
  readonly zone: string;
}

/** `region_sweep`: when the rows of a region were last compared with all of the evidence, and for which zone and factor type.
 *  By the clock of the database. */
export type RegionSweeps = ReturnType<typeof regionSweepsTable>;

export function regionSweepsTable(queries: Queries) {
  return {
    /** The regions to compare now: all that never were, or whose zone or factor type has changed since; and of those whose
     *  last time is over a day ago the `limit` that wait longest, so that no run takes long. */
    async due(places: readonly SweptPlace[], factorType: string, limit: number): Promise<string[]> {
      const rows = await queries.query<{ region: string }>(DUE, [jsonRows(places), factorType, limit]);
      return rows.map(({ region }) => region);
    },

    async mark({ region, zone }: SweptPlace, factorType: string): Promise<void> {
      await queries.query(
        `insert into region_sweep (region, zone, factor_type, swept_at) values ($1, $2, $3, clock_timestamp())
         on conflict (region) do update set
           zone = excluded.zone, factor_type = excluded.factor_type, swept_at = excluded.swept_at`,
        [region, zone, factorType],
      );
    },
  };
}

const DUE = `
with place as (
  select x.region, s.swept_at, s.region is null or s.zone <> x.zone or s.factor_type <> $2 as is_changed
  from jsonb_to_recordset($1::jsonb) as x(region text, zone text)
  left join region_sweep s on s.region = x.region)
select region from place where is_changed
union all
(select region from place
 where not is_changed and swept_at < clock_timestamp() - interval '1 day'
 order by swept_at limit $3::int)`;
