import { HISTORY_DAYS } from "../../alert/rules/emissions-per-request.ts";
import type { Observed, ObservedService } from "../../alert/rules/rule.ts";
import type { AllRuleSettings } from "../../alert/rules/rules.ts";
import { addDays, calendarOf } from "../../core/calendar.ts";
import { ConfigError } from "../../core/errors.ts";
import { DAY_MS, type Instant, instant, parseInstant } from "../../core/time.ts";
import type { Tables } from "../../store/store.ts";
import { withKnownZones } from "../grid/known-zones.ts";
import type { PlacedRegion } from "../grid/locate-regions.ts";
import { readStatus, type StatusRequest } from "../health/read-status.ts";

/** What the rules look at is what `co2e status` says, and a little more. */
export interface ObserveRequest
  extends Omit<StatusRequest, "regions" | "isAllRegions" | "staleAfterHours" | "now"> {
  readonly regions: readonly (PlacedRegion & StatusRequest["regions"][number])[];
  readonly accountingTimeZone: string;
  readonly rules: AllRuleSettings;
}

const PERCENTILE_DAYS = 28;

/** Everything at one moment, from the store alone. */
export async function observe(tables: Tables, request: ObserveRequest, now: Instant): Promise<Observed> {
  const { rules } = request;
  const regions = await withKnownZones(tables, request.regions);
  const staleAfterHours = rules["no-data"].afterHours;
  const status = await readStatus(tables, { ...request, regions, isAllRegions: true, staleAfterHours, now });
  const names = regions.map(({ name }) => name);
  const runs = new Map((await tables.alertFacts.runsInARow(names)).map((run) => [run.region, run]));
  const own = await ownPercentiles(tables, rules, names, now);
  const calendar = calendarOf(request.accountingTimeZone);
  if (calendar === undefined) throw new ConfigError(`There is no time zone ${request.accountingTimeZone}.`);
  const day = addDays(calendar.dayOf(now), -1);
  return {
    now,
    regions: status.regions.map((region) => ({
      region: region.region,
      zone: region.zone,
      newestHour: region.newestHour === null ? null : (parseInstant(region.newestHour) ?? null),
      staleAfterHours: region.staleAfterHours,
      gCO2ePerKWh: region.gCO2ePerKWh,
      source: region.source,
      own: own.get(region.region) ?? null,
      firstRunAt: runs.get(region.region)?.firstRunAt ?? null,
      failures: runs.get(region.region)?.failures ?? null,
    })),
    sources: status.sources.flatMap(({ source, isAtHand, regions: served, callsPerDay, leftToday }) =>
      isAtHand && served > 0 && callsPerDay !== null && leftToday !== null
        ? [{ source, callsPerDay, leftToday }]
        : [],
    ),
    suspectReadings: status.suspectReadings,
    yesterday: { day, start: calendar.startOf(day) },
    services: await services(tables, rules, day),
  };
}

async function ownPercentiles(
  tables: Tables,
  rules: AllRuleSettings,
  names: readonly string[],
  now: Instant,
) {
  const { enabled, percentile } = rules["high-intensity"];
  const found =
    enabled && percentile !== null
      ? await tables.alertFacts.ownPercentiles(
          names,
          percentile,
          instant(now - PERCENTILE_DAYS * DAY_MS),
          now,
        )
      : [];
  return new Map(found.map(({ region, gCO2ePerKWh, hours }) => [region, { gCO2ePerKWh, hours }]));
}

async function services(
  tables: Tables,
  rules: AllRuleSettings,
  yesterday: string,
): Promise<ObservedService[]> {
  if (!rules["emissions-per-request"].enabled) return [];
  const days = await tables.alertFacts.emissionsPerRequest(addDays(yesterday, -HISTORY_DAYS), yesterday);
  const byService = new Map<string, ObservedService["days"][number][]>();
  for (const { service, ...day } of days) byService.set(service, [...(byService.get(service) ?? []), day]);
  return [...byService].map(([service, ofService]) => ({ service, days: ofService }));
}
