import type { Basis, FactorType, IntensityReading, MixReading, Signal } from "../core/intensity.ts";
import type { Instant, Interval } from "../core/time.ts";
import type { Http } from "./http.ts";

/** A grid zone, with the names that other providers give to the same place. */
export interface GridZone {
  /** Electricity Maps zone key; the name that the store uses. */
  readonly key: string;
  readonly wattTimeRegion: string | null;
}

export interface SourceRequest {
  readonly zone: GridZone;
  readonly signal: Signal;
  readonly factorType: FactorType;
  /** The hours wanted, at most `largestChunkHours` long. Readings outside it may come too, and are as good. */
  readonly interval: Interval;
  readonly now: Instant;
  /** Called for each request that is sent, retries included. */
  readonly onCall?: (() => void) | undefined;
}

/** One kind of value that a source gives. */
export interface Offer extends Basis {
  /** Length of its readings as they come, minutes. */
  readonly resolutionMinutes: number;
}

/** What a source can do, as data: the chain of a zone, the docs and `co2e regions` are made from it. */
export interface SourceDescription {
  /** As it stands in rows and settings: "electricity_maps". */
  readonly name: string;
  /** For people: "Electricity Maps". */
  readonly title: string;
  /** The bases it can give. Direct and lifecycle of one source are two bases. */
  readonly offers: readonly Offer[];
  /** For people: where it has data. */
  readonly coverage: string;
  covers(zone: GridZone): boolean;
  /** How far back it answers with every key, and with some keys; null: for years. */
  readonly reachHours: { readonly surely: number | null; readonly atMost: number | null };
  /** The longest interval of one request. */
  readonly largestChunkHours: number;
  /** How old its newest value usually is: younger hours are not missing, they are not out yet. */
  readonly lagHours: number;
  /** Its values may stand for an hour only when that ended at least so long ago. */
  readonly fillsAfterHours: number;
  /** How far ahead its own forecast reaches; null: it has none. */
  readonly forecastHours: number | null;
  /** Requests that it allows; null: no limit is published or known. Settings may change them. */
  readonly quota: { readonly perMinute: number | null; readonly perDay: number | null };
  readonly licence: string;
  /** Shown wherever its numbers are. */
  readonly attribution: string;
  readonly commercialUse: "allowed" | "by-plan" | "not-allowed";
}

/** One provider of grid data. What every source promises, and `source-contract.test.ts` checks:
 *  - it answers for the zone asked, or throws SourceError; never for another zone;
 *  - each reading carries signal, factor type and boundary, and a value already in gCO2e/kWh beside the raw one;
 *  - null, negative and absurd values come back as they were sent, never as 0 and never dropped: judging is ingest/checks.ts;
 *  - readings of one basis do not overlap, and none lies in the future as the source sees it: forecasts are no readings;
 *  - it stops within the deadline and attempts of its `Http`, and no error carries a key or a token;
 *  - what it cannot do is absent from its description; no method throws "not implemented". */
export interface IntensitySource extends SourceDescription {
  fetchIntensity(request: SourceRequest): Promise<IntensityReading[]>;
  /** The mix of the electricity consumed, for sources that know it. */
  fetchMix?(request: SourceRequest): Promise<MixReading[]>;
  /** The zone in which a place lies, as the provider names it. Throws SourceError "not-covered" for a place outside. */
  findZone?(place: { readonly latitude: number; readonly longitude: number }): Promise<string>;
  /** In plain words what the key at hand can do, one line each, for `co2e doctor`. */
  describeAccess?(): Promise<string[]>;
}

/** One environment variable of a source. */
export interface SourceSetting {
  readonly variable: string;
  /** A key goes into a header or a query and holds no spaces; a login may hold anything. Both are secrets: never repeated,
   *  and without all of them the source is not asked. */
  readonly kind: "key" | "login" | "url" | "choice";
  readonly fallback?: string;
  readonly choices?: readonly string[];
  /** What is wrong with a value, as the end of a sentence that begins with the variable; undefined: nothing. */
  readonly problem?: (value: string) => string | undefined;
}

export interface SourceParts {
  readonly http: Http;
  readonly clock: () => Instant;
  /** The value of a variable of `settings`; its fallback where the environment says nothing. */
  readonly setting: (variable: string) => string;
}

/** A line of the registry: what a source is, what it needs, how it is made. */
export interface SourceModule {
  readonly description: SourceDescription;
  readonly settings: readonly SourceSetting[];
  /** Where its key is to be had; null for a source without one. */
  readonly keyUrl: string | null;
  create(parts: SourceParts): IntensitySource;
}

export const isSecret = ({ kind }: SourceSetting): boolean => kind === "key" || kind === "login";
