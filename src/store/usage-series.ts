import { RefusedError } from "../core/errors.ts";
import { type Labels, labelsKey } from "../core/usage.ts";
import { jsonRows, type Queries } from "./database.ts";

/** A label set of a service in a region, with its number in the store. */
export interface StoredSeries {
  readonly seriesId: number;
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
}

export interface SeriesName {
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
}

/** More label sets than this mean that a label holds something like a request's id: every report would be as long. */
export const MOST_SERIES_OF_A_SERVICE = 10_000;

/** `usage_series` and `usage_origin`: names and their numbers. What was looked up is remembered, so use one for a
 *  transaction. */
export function usageNames(queries: Queries) {
  const series = new Map<string, number>();
  const origins = new Map<string, number>();
  return {
    /** The number of each series, in the order of `names`; those that are new are added. */
    async seriesIds(names: readonly SeriesName[]): Promise<number[]> {
      const missing = new Map<string, SeriesName>();
      const keys = names.map((name) => {
        const key = keyOf(name.service, name.region, labelsKey(name.labels));
        if (!series.has(key)) missing.set(key, name);
        return key;
      });
      if (missing.size > 0) await findOrAdd([...missing.values()]);
      return keys.map((key) => series.get(key) ?? 0);
    },

    /** The number of each origin; those that are new are added. */
    async originIds(names: readonly string[]): Promise<Map<string, number>> {
      const missing = [...new Set(names)].filter((name) => !origins.has(name)).sort();
      if (missing.length > 0) {
        await queries.query(
          `insert into usage_origin (origin) select x from jsonb_array_elements_text($1::jsonb) as x
           order by x on conflict (origin) do nothing`,
          [JSON.stringify(missing)],
        );
        const rows = await queries.query<{ origin: string; origin_id: number }>(
          `select origin, origin_id::int from usage_origin
           where origin in (select jsonb_array_elements_text($1::jsonb))`,
          [JSON.stringify(missing)],
        );
        for (const row of rows) origins.set(row.origin, row.origin_id);
      }
      return origins;
    },
  };

  async function findOrAdd(names: readonly SeriesName[]): Promise<void> {
    const rows = jsonRows(
      names.map(({ service, region, labels }) => ({
        service,
        region,
        labels: Object.fromEntries(Object.entries(labels)),
        key: labelsKey(labels),
      })),
    );
    if (await find(rows)) return;
    // Two that add the same series in another order would wait for each other: one adds after the other.
    await queries.query("select pg_advisory_xact_lock(20147, 1)");
    await queries.query(
      `insert into usage_series (service_name, region, labels, labels_key)
       select x.service, x.region, x.labels, x.key
       from jsonb_to_recordset($1::jsonb) as x(service text, region text, labels jsonb, key text)
       order by x.service, x.region, x.key
       on conflict (service_name, region, labels_key) do nothing`,
      [rows],
    );
    await find(rows);
    const [crowded] = await queries.query<{ service_name: string; count: number }>(
      `select service_name, count(*)::int from usage_series
       where service_name in (select x.service from jsonb_to_recordset($1::jsonb) as x(service text))
       group by service_name having count(*) > $2::int order by service_name limit 1`,
      [rows, MOST_SERIES_OF_A_SERVICE],
    );
    if (crowded)
      throw new RefusedError(
        `Service ${crowded.service_name} would have ${crowded.count} sets of labels; ` +
          `${MOST_SERIES_OF_A_SERVICE} are possible. Leave out labels that have a value for each request or machine, and ` +
          "keep those that a report is split by, such as team or environment.",
      );
  }

  /** Whether all are known now. */
  async function find(rows: string): Promise<boolean> {
    const found = await queries.query<{
      service: string;
      region: string;
      key: string;
      series_id: number | null;
    }>(
      `select x.service, x.region, x.key, s.series_id
       from jsonb_to_recordset($1::jsonb) as x(service text, region text, key text)
       left join usage_series s
         on s.service_name = x.service and s.region = x.region and s.labels_key = x.key`,
      [rows],
    );
    for (const { service, region, key, series_id: id } of found)
      if (id !== null) series.set(keyOf(service, region, key), id);
    return found.every(({ series_id: id }) => id !== null);
  }
}

const keyOf = (service: string, region: string, labels: string): string => `${service}\n${region}\n${labels}`;
