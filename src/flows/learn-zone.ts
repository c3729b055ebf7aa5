import { SourceError } from "../core/errors.ts";
import type { IntensityReading, MixReading } from "../core/intensity.ts";
import type { AcceptPolicy } from "../ingest/accept.ts";
import { suspectReasons } from "../ingest/checks.ts";
import type { GridZone, IntensitySource, SourceRequest } from "../sources/source.ts";
import type { Log } from "./parts.ts";

export interface LearntZone {
  readonly readings: readonly IntensityReading[];
  readonly mixes: readonly MixReading[];
  /** The source of the average; null when no source of the chain had a usable one. */
  readonly source: string | null;
  readonly errors: readonly string[];
}

/** Asks the chain for the average until one source has a usable value, that source for its mix, and every source that has
 *  one for the marginal signal, which is a series of its own and decides nothing here. */
export async function learnZone(
  parts: { readonly sources: readonly IntensitySource[]; readonly log: Log },
  zone: GridZone,
  policy: AcceptPolicy,
): Promise<LearntZone> {
  const request = { zone, factorType: policy.factorType, now: policy.now };
  const readings: IntensityReading[] = [];
  const errors: string[] = [];
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      errors.push(error.message);
      parts.log.warn(
        { zone: zone.key, source: error.source, kind: error.kind, error: error.message },
        "source-failed",
      );
      return undefined;
    }
  };

  let used: IntensitySource | undefined;
  for (const source of parts.sources.filter((candidate) => offersSignal(candidate, "average"))) {
    const averages = await attempt(() => source.fetchIntensity({ ...request, signal: "average" }));
    if (!averages) continue;
    readings.push(...averages);
    if (averages.some((reading) => isUsable(reading, policy))) {
      used = source;
      break;
    }
    errors.push(`${source.name} has no usable value for zone ${zone.key}`);
  }

  const mixRequest: SourceRequest = { ...request, signal: "average" };
  const mixes = (await attempt(async () => used?.fetchMix?.(mixRequest))) ?? [];

  for (const source of parts.sources.filter((candidate) => offersSignal(candidate, "marginal"))) {
    try {
      readings.push(...(await source.fetchIntensity({ ...request, signal: "marginal" })));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      // Plans and zones without a marginal signal are the rule; nobody needs to hear of them every hour.
      const level = error.kind === "not-covered" ? "debug" : "warn";
      parts.log[level](
        { zone: zone.key, source: error.source, kind: error.kind, error: error.message },
        "marginal-failed",
      );
    }
  }
  return { readings, mixes, source: used?.name ?? null, errors };
}

const offersSignal = (source: IntensitySource, signal: "average" | "marginal"): boolean =>
  source.offers.some((basis) => basis.signal === signal);

const isUsable = (reading: IntensityReading, policy: AcceptPolicy): boolean =>
  suspectReasons(reading.gCO2ePerKWh, reading.start, policy.now).length === 0;
