import { Gauge, type Registry } from "prom-client";
import { addDays, type Calendar } from "../core/calendar.ts";
import type { Instant } from "../core/time.ts";
import type { RegionNow, ServiceDay, Snapshot } from "../flows/service/snapshot.ts";

/** Services in regions that are shown, those with the most energy: a label must not grow without an end. */
export const MOST_SERVICES = 1000;

const JOULES_PER_KWH = 3_600_000;

export interface SnapshotGauges {
  /** Sets every gauge to what is known at `now`. What is not known has no sample. */
  fill(snapshot: Snapshot, now: Instant): void;
}

/** The gauges that show the newest snapshot. They are emptied before they are filled: a region that is configured no longer,
 *  or a service without usage, is gone with the next snapshot. */
export function createSnapshotGauges(registry: Registry, calendar: Calendar): SnapshotGauges {
  const gauges: Gauge[] = [];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) => {
    const made = new Gauge<Label>({ name, help, labelNames: [...labelNames], registers: [registry] });
    gauges.push(made as Gauge);
    return made;
  };
  const ofGrid = ["region", "signal"] as const;
  const intensity = gauge(
    "grid_carbon_intensity",
    "Carbon intensity of the grid under a region, newest known hour, in gCO2e per kWh.",
    ofGrid,
  );
  const age = gauge(
    "grid_carbon_intensity_age_seconds",
    "Time since the hour of grid_carbon_intensity began.",
    ofGrid,
  );
  const estimated = gauge(
    "grid_carbon_intensity_estimated",
    "1 when the source estimated grid_carbon_intensity and may still revise it, else 0.",
    ofGrid,
  );
  const ofService = ["service", "region", "day"] as const;
  const emissions = gauge(
    "co2e_service_emissions_grams",
    "Operational location-based emissions of a service on a day so far, in grams of CO2e; later revised.",
    ofService,
  );
  const energy = gauge(
    "co2e_service_energy_joules",
    "Energy of a service on a day so far, PUE included; 3.6e6 joules are 1 kWh.",
    ofService,
  );
  const coverage = gauge(
    "co2e_service_energy_coverage_ratio",
    "Share of co2e_service_energy_joules whose grid intensity is known or estimated, 0 to 1.",
    ofService,
  );
  const hidden = gauge(
    "co2e_services_not_shown",
    `Services in regions beyond the ${MOST_SERVICES} with the most energy, which have no samples of their own.`,
    [],
  );
  const ingests = gauge("co2e_ingest_runs", "Ingests of a region in the last 24 hours, by outcome.", [
    "region",
    "outcome",
  ]);
  const requestsLeft = gauge(
    "co2e_source_requests_left",
    "Requests that may still be sent to a source under its limit of a day.",
    ["source"],
  );
  const requestLimit = gauge("co2e_source_requests_limit", "Requests allowed to a source in 24 hours.", [
    "source",
  ]);
  const suspects = gauge("co2e_suspect_readings", "Suspect readings that nobody has reviewed.", []);
  const alerts = gauge("co2e_open_alerts", "Alerts that are not resolved.", ["rule", "severity"]);
  const sample = gauge("co2e_sample_data", "1 when all readings of the store are invented, else 0.", []);
  const snapshotAge = gauge(
    "co2e_snapshot_age_seconds",
    "Time since the gauges were last read from the store.",
    [],
  );

  function fillRegion({ region, newest, marginal }: RegionNow, now: Instant): void {
    const known = [
      ...(newest === null
        ? []
        : [{ ...newest, signal: "average", isEstimated: newest.kind === "estimated" }]),
      ...(marginal === null ? [] : [{ ...marginal, signal: "marginal" }]),
    ];
    for (const { signal, hour, gCO2ePerKWh, isEstimated } of known) {
      intensity.set({ region, signal }, gCO2ePerKWh);
      age.set({ region, signal }, (now - hour) / 1000);
      estimated.set({ region, signal }, isEstimated ? 1 : 0);
    }
  }

  function fillServices(services: readonly ServiceDay[], now: Instant): void {
    const today = calendar.dayOf(now);
    const dayNames = new Map([
      [today, "today"],
      [addDays(today, -1), "yesterday"],
    ]);
    const current = services.filter(({ day }) => dayNames.has(day));
    const shown = mostEnergy(current);
    for (const { service, region, day, kWh, gCO2e, coverage: share } of current) {
      if (!shown.has(seriesOf({ service, region }))) continue;
      const labels = { service, region, day: dayNames.get(day) ?? day };
      // No energy and no emissions: nobody said what it used, and that is no zero.
      if (kWh > 0 || gCO2e !== null) energy.set(labels, kWh * JOULES_PER_KWH);
      if (gCO2e !== null) emissions.set(labels, gCO2e);
      if (share !== null) coverage.set(labels, share);
    }
    hidden.set(new Set(current.map(seriesOf)).size - shown.size);
  }

  return {
    fill(snapshot, now) {
      for (const one of gauges) one.reset();
      for (const region of snapshot.regions) fillRegion(region, now);
      fillServices(snapshot.services, now);
      for (const { region, outcome, runs } of snapshot.ingests) ingests.set({ region, outcome }, runs);
      for (const { source, callsPerDay, leftToday } of snapshot.quotas) {
        if (callsPerDay !== null) requestLimit.set({ source }, callsPerDay);
        if (leftToday !== null) requestsLeft.set({ source }, leftToday);
      }
      suspects.set(snapshot.suspectReadings);
      for (const { rule, severity, alerts: count } of snapshot.openAlerts)
        alerts.set({ rule, severity }, count);
      sample.set(snapshot.data === "sample" ? 1 : 0);
      snapshotAge.set((now - snapshot.at) / 1000);
    },
  };
}

const seriesOf = ({ service, region }: Pick<ServiceDay, "service" | "region">): string =>
  JSON.stringify([service, region]);

/** The services in regions that have the most energy on all days together, as many as are shown. */
function mostEnergy(services: readonly ServiceDay[]): ReadonlySet<string> {
  const kWhOf = new Map<string, number>();
  for (const day of services) kWhOf.set(seriesOf(day), (kWhOf.get(seriesOf(day)) ?? 0) + day.kWh);
  const largest = [...kWhOf].sort(([, a], [, b]) => b - a).slice(0, MOST_SERVICES);
  return new Set(largest.map(([series]) => series));
}
