import { calendarOf } from "../../src/core/calendar.ts";
import type { AnnualMean } from "../../src/core/intensity.ts";
import { HOUR_MS, type Instant, type Interval, instant, toIso } from "../../src/core/time.ts";
import type { UsageRow } from "../../src/core/usage.ts";
import type { FactorSet } from "../../src/emissions/factor-set.ts";
import { buildFactorSet } from "../../src/emissions/standard-factors.ts";
import { type RecalcParts, type RecalcResult, recalculate } from "../../src/flows/emissions/recalculate.ts";
import type { Database } from "../../src/store/database.ts";
import type { Store } from "../../src/store/store.ts";
import { silentLog } from "./store-data.ts";

/** PUE 1.5 in us-east-1, 1.2 in eu-central-1: made up, and easy to calculate with. */
export const factors = (changes: Partial<FactorSet> = {}): FactorSet => ({
  ...buildFactorSet({
    factorType: "lifecycle",
    regions: [
      region("us-east-1", "US-MIDA-PJM", 1.5),
      region("eu-central-1", "DE", 1.2),
      region("ap-south-1", "IN-WE", 1.4),
    ],
    services: {},
    storedProfiles: [],
    originOrder: [],
  }),
  ...changes,
});

const region = (name: string, zone: string, pue: number) =>
  ({ name, zone, provider: "aws", pue: { pue, year: 2025, source: "test" } }) as const;

export interface RecalcWorldOptions {
  readonly timeZone?: string;
  readonly factors?: FactorSet;
  readonly annualMean?: AnnualMean;
}

export function recalcParts(store: Store, options: RecalcWorldOptions = {}): RecalcParts {
  const calendar = calendarOf(options.timeZone ?? "UTC");
  if (!calendar) throw new Error("no such time zone");
  return {
    store,
    log: silentLog,
    factors: async () => options.factors ?? factors(),
    calendar,
    annualMean: async () => options.annualMean,
    attributionOf: (source) => `data by ${source}`,
    codeVersion: "test",
  };
}

export const runRecalc = (store: Store, options: RecalcWorldOptions = {}): Promise<RecalcResult> =>
  recalculate(recalcParts(store, options));

/** An hour of q2q-ai in us-east-1 that used 2 kWh of IT energy by its meter, unless said otherwise. */
export const usageRow = (fields: Partial<UsageRow> & Pick<UsageRow, "start">): UsageRow => ({
  service: "q2q-ai",
  region: "us-east-1",
  labels: {},
  origin: "import:meter",
  end: instant(fields.start + HOUR_MS),
  requests: 100,
  energy: { kWh: 2, boundary: "it", tier: "measured" },
  quantities: null,
  cost: null,
  ...fields,
});

export const record = (store: Store, rows: readonly UsageRow[], currency: string | null = null) =>
  store.transaction(({ usage }) => usage.record(rows, { currency }));

/** Accepted, measured hours, as an ingest leaves them; later ones replace. */
export async function putHours(
  database: Database,
  regionName: string,
  hours: readonly { readonly hour: Instant; readonly g: number; readonly quality?: "real_time" }[],
): Promise<void> {
  await database.query(
    `insert into co2e_emissions (region, timestamp, gco2_per_kwh, source, data_quality, metadata)
     select $1, x.hour, x.g, 'electricity_maps', x.quality,
       jsonb_build_object('zone', 'Z', 'signal', 'average', 'factor_type', 'lifecycle', 'boundary', 'consumption',
         'kind', case x.quality when 'real_time' then 'estimated' else 'measured' end, 'reading_ids', '[]'::jsonb)
     from jsonb_to_recordset($2::jsonb) as x(hour timestamptz, g float8, quality text)
     on conflict (region, timestamp) do update set gco2_per_kwh = excluded.gco2_per_kwh`,
    [
      regionName,
      JSON.stringify(
        hours.map(({ hour, g, quality }) => ({ hour: toIso(hour), g, quality: quality ?? "historical" })),
      ),
    ],
  );
}

/** 400 g/kWh in every hour, unless said otherwise. */
export const flatHours = ({ start, end }: Interval, g: (hour: Instant) => number = () => 400) => {
  const hours: { hour: Instant; g: number }[] = [];
  for (let hour = start; hour < end; hour = instant(hour + HOUR_MS)) hours.push({ hour, g: g(hour) });
  return hours;
};

/** All figures by name, without ids and times of writing: two stores that say the same are equal in it. */
export async function figuresOf(database: Database) {
  const cells = await database.query(
    `select s.service_name, s.region, s.labels_key, o.origin, c.*
     from emission_cell c join usage_series s using (series_id) join usage_origin o using (origin_id)
     order by s.service_name, s.region, s.labels_key, o.origin, c.cell_start`,
  );
  const days = await database.query(
    `select s.service_name, s.region, s.labels_key, d.*, d.day::text as day
     from emission_day d join usage_series s using (series_id)
     order by s.service_name, s.region, s.labels_key, d.day`,
  );
  const months = await database.query(
    `select s.service_name, s.region, s.labels_key, m.*, m.month::text as month
     from emission_month m join usage_series s using (series_id)
     order by s.service_name, s.region, s.labels_key, m.month`,
  );
  const projected = await database.query(
    `select service_name, region, period_start::text, period_end::text, request_count::float8 as request_count, total_kwh,
            total_gco2e, avg_grid_gco2_per_kwh, min_grid_gco2_per_kwh, max_grid_gco2_per_kwh, calculation_method, assumptions,
            metadata - 'factor_set_id' as metadata
     from workload_emissions order by service_name, region, period_start`,
  );
  const named = (rows: readonly unknown[]) =>
    rows.map((row) => {
      const { series_id, origin_id, factor_set_id, factor_sets, created_in, ...said } = row as Record<
        string,
        unknown
      >;
      return said;
    });
  return { cells: named(cells), days: named(days), months: named(months), projected };
}

export const queueLength = async (database: Database): Promise<number> => {
  const [row] = await database.query<{ count: number }>("select count(*)::int from recalc_day");
  return row?.count ?? 0;
};
