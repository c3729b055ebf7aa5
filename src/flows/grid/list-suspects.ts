import { basisText, type ReadingKind } from "../../core/intensity.ts";
import { floorToHour, hourFrom, toIso } from "../../core/time.ts";
import { reasonsInWords } from "../../ingest/suspect-words.ts";
import type { StoredReading } from "../../store/reading-reviews.ts";
import type { StoredFacts } from "../emissions/stored-facts.ts";
import type { ZoneOfRegions } from "../parts.ts";

/** A reading that waits for a person, with what stands for its hour meanwhile. */
export interface Suspect {
  readonly id: string;
  readonly zone: string;
  readonly start: string;
  readonly end: string;
  readonly source: string;
  /** "average/lifecycle/consumption" */
  readonly basis: string;
  readonly kind: ReadingKind;
  readonly rawValue: number | null;
  readonly rawUnit: string;
  readonly gCO2ePerKWh: number | null;
  readonly fetchedAt: string;
  readonly reasons: readonly string[];
  readonly reasonsInWords: string;
  /** The accepted value of its hour in the zone's first configured region; null: the hour is a gap, or no region lies
   *  in the zone. */
  readonly stands: { readonly region: string; readonly gCO2ePerKWh: number; readonly source: string } | null;
}

export interface Suspects {
  readonly suspects: readonly Suspect[];
  /** How many there are without the limit. */
  readonly total: number;
}

/** Suspect readings that nobody has reviewed, those learnt last first. */
export async function listSuspects(
  store: Pick<StoredFacts, "readings" | "intensity">,
  request: {
    readonly zones: readonly string[] | undefined;
    readonly limit: number;
    readonly places: readonly ZoneOfRegions[];
  },
): Promise<Suspects> {
  const readings = await store.readings.suspects(request);
  const suspects: Suspect[] = [];
  for (const reading of readings) {
    const [region] = request.places.find(({ zone }) => zone.key === reading.zone)?.regions ?? [];
    suspects.push({ ...toSuspect(reading), stands: await standsFor(store, region, reading) });
  }
  return { suspects, total: await store.readings.countSuspects(request.zones) };
}

async function standsFor(
  store: Pick<StoredFacts, "intensity">,
  region: string | undefined,
  { start }: StoredReading,
): Promise<Suspect["stands"]> {
  if (region === undefined) return null;
  const [hour] = await store.intensity.hours(region, hourFrom(floorToHour(start)));
  return hour ? { region, gCO2ePerKWh: hour.gCO2ePerKWh, source: hour.source } : null;
}

const toSuspect = (reading: StoredReading): Omit<Suspect, "stands"> => ({
  id: reading.readingId,
  zone: reading.zone,
  start: toIso(reading.start),
  end: toIso(reading.end),
  source: reading.source,
  basis: basisText(reading),
  kind: reading.kind,
  rawValue: reading.rawValue,
  rawUnit: reading.rawUnit,
  gCO2ePerKWh: reading.gCO2ePerKWh,
  fetchedAt: toIso(reading.fetchedAt),
  reasons: reading.suspect,
  reasonsInWords: reasonsInWords(reading.suspect),
});
