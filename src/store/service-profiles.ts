import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { EnergyBoundary } from "../core/usage.ts";
import type { Queries } from "./database.ts";

/** What a profile was derived from. */
export interface ProfileEvidence {
  /** ISO times: the period that was asked for; hours without both energy and requests are not counted. */
  readonly from: string;
  readonly to: string;
  /** Hours that have both. */
  readonly hours: number;
  readonly kWh: number;
  readonly requests: number;
  readonly regions: readonly string[];
  /** Who gave the energy, and who the requests. */
  readonly energyOrigins: readonly string[];
  readonly requestOrigins: readonly string[];
}

/** Energy per request of a service from `validFrom` on. */
export interface ServiceProfileRow {
  readonly service: string;
  readonly validFrom: Instant;
  readonly whPerRequest: number;
  readonly lowWhPerRequest: number;
  readonly highWhPerRequest: number;
  readonly boundary: EnergyBoundary;
  readonly evidence: ProfileEvidence;
}

/** A profile as it is used: its evidence as one text. */
export interface StoredServiceProfile extends Omit<ServiceProfileRow, "validFrom" | "evidence"> {
  /** ISO time. */
  readonly validFrom: string;
  readonly source: string;
}

/** What one origin says of one label set of a service. */
export interface MeasuredPiece extends Interval {
  readonly region: string;
  readonly labelsKey: string;
  readonly origin: string;
  readonly requests: number | null;
  readonly kWh: number | null;
  readonly boundary: EnergyBoundary | null;
  /** Whether the energy, where there is any, was read from a meter. */
  readonly isMeasured: boolean;
}

/** `service_profile`: energy per request as `co2e profile measure` derived it. */
export type ServiceProfiles = ReturnType<typeof serviceProfilesTable>;

export function serviceProfilesTable(queries: Queries) {
  return {
    /** All of them, by service and date. */
    async all(): Promise<StoredServiceProfile[]> {
      const rows = await queries.query<ProfileRow>(
        `select service_name, (extract(epoch from valid_from) * 1000)::float8 as valid_from_ms, wh_per_request, wh_low,
                wh_high, boundary, evidence
         from service_profile order by service_name, valid_from`,
      );
      return rows.map((row) => ({
        service: row.service_name,
        validFrom: toIso(instant(row.valid_from_ms)),
        whPerRequest: row.wh_per_request,
        lowWhPerRequest: row.wh_low,
        highWhPerRequest: row.wh_high,
        boundary: row.boundary,
        source: sourceText(row.evidence),
      }));
    },

    /** False, and nothing is written, when the service has a profile from that moment on already. */
    async insert(profile: ServiceProfileRow): Promise<boolean> {
      const written = await queries.query(
        `insert into service_profile (service_name, valid_from, wh_per_request, wh_low, wh_high, boundary, evidence)
         values ($1, $2::timestamptz, $3::float8, $4::float8, $5::float8, $6, $7::jsonb)
         on conflict (service_name, valid_from) do nothing returning 1 as one`,
        [
          profile.service,
          toIso(profile.validFrom),
          profile.whPerRequest,
          profile.lowWhPerRequest,
          profile.highWhPerRequest,
          profile.boundary,
          JSON.stringify(profile.evidence),
        ],
      );
      return written.length > 0;
    },

    /** What a profile may be derived from: usage of a service that lies within `interval` and is no longer than an hour, in
     *  order of time; of one region, or of all. */
    async piecesOf(service: string, region: string | null, interval: Interval): Promise<MeasuredPiece[]> {
      const rows = await queries.query<PieceRow>(
        `select s.region, s.labels_key, o.origin, (extract(epoch from u.starts_at) * 1000)::float8 as start_ms,
                (extract(epoch from u.ends_at) * 1000)::float8 as end_ms, u.requests, u.energy_kwh, u.boundary, u.tier
         from usage_row u join usage_series s using (series_id) join usage_origin o using (origin_id)
         where s.service_name = $1 and ($2::text is null or s.region = $2::text)
           and u.starts_at >= $3::timestamptz and u.starts_at < $4::timestamptz
           and u.ends_at <= $4::timestamptz and u.ends_at - u.starts_at <= interval '1 hour'
           and (u.requests is not null or u.energy_kwh is not null)
         order by u.starts_at, s.region, o.origin, s.labels_key`,
        [service, region, toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({
        start: instant(row.start_ms),
        end: instant(row.end_ms),
        region: row.region,
        labelsKey: row.labels_key,
        origin: row.origin,
        requests: row.requests,
        kWh: row.energy_kwh,
        boundary: row.boundary,
        isMeasured: row.tier === "measured",
      }));
    },
  };
}

/** "measured 2026-11-01 to 2026-11-15: 336 hours, 12.5 kWh, 1000000 requests (prometheus:kepler, prometheus:http)" */
const sourceText = ({ from, to, hours, kWh, requests, ...origins }: ProfileEvidence): string =>
  `measured ${from.slice(0, 10)} to ${to.slice(0, 10)}: ${hours} hours, ${Number(kWh.toPrecision(6))} kWh, ` +
  `${Math.round(requests)} requests (${[...new Set([...origins.energyOrigins, ...origins.requestOrigins])].join(", ")})`;

interface ProfileRow {
  service_name: string;
  valid_from_ms: number;
  wh_per_request: number;
  wh_low: number;
  wh_high: number;
  boundary: EnergyBoundary;
  evidence: ProfileEvidence;
}

interface PieceRow {
  region: string;
  labels_key: string;
  origin: string;
  start_ms: number;
  end_ms: number;
  requests: number | null;
  energy_kwh: number | null;
  boundary: EnergyBoundary | null;
  tier: string | null;
}
