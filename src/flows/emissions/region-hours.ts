import { basisText, type FactorType, type RegionHour } from "../../core/intensity.ts";
import { hoursTouching, type Instant, type Interval } from "../../core/time.ts";
import { acceptHours } from "../../ingest/accept.ts";
import type { Store } from "../../store/store.ts";
import type { AcceptSettings } from "../parts.ts";

/** Hours of a region in `interval` by the factors asked for. On the configured ones they are the accepted hours of the store;
 *  on the others they are decided from the evidence, as far as it reaches, and no reading on other factors fills in. */
export async function regionHours(
  store: Pick<Store, "intensity" | "readings">,
  region: { readonly name: string; readonly zone: string },
  interval: Interval,
  factorType: FactorType,
  settings: AcceptSettings & { readonly now: Instant },
): Promise<RegionHour[]> {
  if (factorType === settings.factorType) return store.intensity.hours(region.name, interval);
  const hours = hoursTouching(interval);
  const candidates = await store.readings.candidates(region.zone, hours);
  const own = candidates.filter((candidate) => candidate.factorType === factorType);
  return [...acceptHours(hours, own, { ...settings, factorType }).values()]
    .sort((a, b) => a.hour - b.hour)
    .map((hour) => ({ ...hour, zone: region.zone, basis: basisText(hour.basis) }));
}
