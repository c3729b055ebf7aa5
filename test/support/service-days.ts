import type { Database } from "../../src/store/database.ts";

/** A day of a service in a region as a recalculation leaves it, measured energy throughout. */
export async function insertDay(
  database: Database,
  day: {
    readonly service: string;
    readonly region: string;
    /** "2026-11-22" */
    readonly day: string;
    /** Null: nothing counts requests. */
    readonly requests: number | null;
    readonly kWh: number;
    readonly coveredKWh: number;
    readonly g: number | null;
  },
): Promise<void> {
  await database.query(
    `insert into usage_series (service_name, region, labels, labels_key) values ($1, $2, '{}', '')
     on conflict do nothing`,
    [day.service, day.region],
  );
  await database.query(
    `insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
       kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled,
       kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, cells, created_in)
     select series_id, $3::date, $4::float8, $5::float8, $6::float8, 0, $5::float8, 0, 0, 0, $6::float8, 0, 0, 0, 0, 0,
       $7::float8, 0, 1, 1
     from usage_series where service_name = $1 and region = $2`,
    [day.service, day.region, day.day, day.requests, day.kWh, day.coveredKWh, day.g],
  );
}
