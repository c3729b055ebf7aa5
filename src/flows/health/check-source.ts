import { SourceError, type SourceErrorKind } from "../../core/errors.ts";
import { basisText, type IntensityReading } from "../../core/intensity.ts";
import { HOUR_MS, type Instant, instant, toIso } from "../../core/time.ts";
import { isPossible } from "../../ingest/checks.ts";
import type { GridZone, IntensitySource, SourceDescription } from "../../sources/source.ts";
import type { HideSecrets } from "../hide-secrets.ts";
import type { AcceptSettings } from "../parts.ts";
import { type ConfiguredSource, mayFillHours, secretVariables } from "./configured-source.ts";
import type { SetupCheck, SourceAnswer } from "./setup-check.ts";

export interface SourceCheckRequest extends Pick<AcceptSettings, "basis" | "factorType"> {
  /** The grid zones of the configured regions, as far as they are known. */
  readonly zones: readonly GridZone[];
  readonly staleAfterHours: number;
  readonly isOffline: boolean;
  readonly now: Instant;
  readonly hide: HideSecrets;
}

/** A plan may lack the first zones. Each one tried is a request. */
const ZONES_TRIED = 4;

/** Whether a source of the chain works: its key, what that may ask, and the newest value of a configured zone. Nothing
 *  of the answer is stored. */
export async function checkSource(
  configured: ConfiguredSource,
  /** Undefined: its key is not at hand. */
  source: IntensitySource | undefined,
  request: SourceCheckRequest,
): Promise<SetupCheck> {
  const { description, keyUrl } = configured;
  const variables = secretVariables(configured).join(" and ");
  const check = (
    state: SetupCheck["state"],
    found: readonly string[],
    fix: string | null = null,
    answer?: SourceAnswer | null,
  ): SetupCheck => ({
    name: description.name,
    area: "source",
    state,
    found,
    fix,
    ...(answer === undefined ? {} : { answer }),
  });

  const zones = request.zones.filter((zone) => description.covers(zone));
  if (zones.length === 0) return check("ok", ["covers none of the configured zones: it is not asked"]);
  const key = variables === "" ? "needs no key" : `${variables} ${source ? "set" : "not set"}`;
  if (source === undefined) {
    const zoneNames = zones.length > 3 ? `${zones.length} zones` : zones.map((zone) => zone.key).join(", ");
    return check(
      "ok",
      [`${key}: it is not asked; it would cover ${zoneNames}`],
      `To ask it, set ${variables}${keyUrl === null ? "" : ` (${keyUrl})`}`,
    );
  }
  if (!mayFillHours(description, request))
    return check(
      "warning",
      [`${key}; it has no value on the configured basis, and basis: strict takes no other`],
      "Say basis: fill in co2e.yaml, or leave it out of sources",
    );
  if (request.isOffline) return check("ok", [`${key}; not asked (--offline)`]);

  const { answer, refusals } = await askForNewest(source, zones.slice(0, ZONES_TRIED), request);
  const said = refusals.map(({ message }) => request.hide(message));
  const [worst] = refusals;
  if (answer === undefined) {
    const fix = worst
      ? fixOf(worst.kind, configured)
      : "Ask again later; the next source of the chain stands in";
    const found = [key, ...(await accessOf(source, worst?.kind, request)), ...said];
    return check("failed", worst ? found : [...found, `no usable value of ${zones[0]?.key}`], fix, null);
  }
  const found = [key, ...(await accessOf(source, undefined, request)), ...said];
  if (answer.ageHours > description.lagHours + request.staleAfterHours)
    return check(
      "warning",
      [...found, `its newest value is older than usual (${description.lagHours} h)`],
      "Ask again later: the provider is late",
      answer,
    );
  return worst
    ? check("warning", found, fixOf(worst.kind, configured), answer)
    : check("ok", found, null, answer);
}

/** The newest usable value of the first zone that has one, and why zones before it have none. */
async function askForNewest(
  source: IntensitySource,
  zones: readonly GridZone[],
  request: SourceCheckRequest,
): Promise<{ answer: SourceAnswer | undefined; refusals: SourceError[] }> {
  const refusals: SourceError[] = [];
  for (const zone of zones) {
    try {
      const readings = await source.fetchIntensity({
        zone,
        signal: "average",
        factorType: request.factorType,
        interval: { start: instant(request.now - hoursToAskFor(source) * HOUR_MS), end: request.now },
        now: request.now,
      });
      const answer = newestOf(readings, request.now);
      if (answer) return { answer, refusals };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      refusals.push(error);
      if (error.kind !== "not-covered" && error.kind !== "no-data") break;
    }
  }
  return { answer: undefined, refusals };
}

/** A day beyond its usual lag, as far as every key reaches. */
const hoursToAskFor = ({ lagHours, reachHours, largestChunkHours }: SourceDescription): number =>
  Math.min(largestChunkHours, reachHours.surely ?? Number.POSITIVE_INFINITY, lagHours + 24);

function newestOf(readings: readonly IntensityReading[], now: Instant): SourceAnswer | undefined {
  let newest: { reading: IntensityReading; gCO2ePerKWh: number } | undefined;
  for (const reading of readings) {
    const { gCO2ePerKWh, start } = reading;
    if (gCO2ePerKWh === null || !isPossible(gCO2ePerKWh)) continue;
    if (newest === undefined || start > newest.reading.start) newest = { reading, gCO2ePerKWh };
  }
  if (newest === undefined) return undefined;
  const { reading, gCO2ePerKWh } = newest;
  return {
    zone: reading.zone,
    newestHour: toIso(reading.start),
    ageHours: (now - reading.start) / HOUR_MS,
    gCO2ePerKWh,
    basis: basisText(reading),
    kind: reading.kind,
  };
}

/** What the key may do, in the provider's terms; nothing where it cannot say, or will not now. */
async function accessOf(
  source: IntensitySource,
  failedWith: SourceErrorKind | undefined,
  { hide }: SourceCheckRequest,
): Promise<string[]> {
  if (
    !source.describeAccess ||
    (failedWith !== undefined && failedWith !== "not-covered" && failedWith !== "no-data")
  )
    return [];
  try {
    return (await source.describeAccess()).map(hide);
  } catch (error) {
    if (error instanceof SourceError) return [];
    throw error;
  }
}

function fixOf(
  kind: SourceErrorKind,
  { settings, keyUrl, description, ...source }: ConfiguredSource,
): string {
  const key = secretVariables({ settings, ...source }).join(" and ");
  const where = keyUrl === null ? "" : ` (${keyUrl})`;
  const address = settings.find((setting) => setting.kind === "url")?.variable;
  switch (kind) {
    case "unauthorised":
      return `Copy ${key || "its settings"} again, or get a new one${where}`;
    case "not-covered":
      return key === ""
        ? `It does not give this zone: leave it out of sources in co2e.yaml`
        : `Take a plan with your zones${where}, or leave it out of sources in co2e.yaml`;
    case "no-data":
      return "Ask again later; until then the next source of the chain stands in";
    case "rate-limited":
      return `Ask again in some minutes; if it stays so, lower quota.${description.name}.perMinute in co2e.yaml`;
    case "quota":
      return `Ask again later, or raise quota.${description.name} in co2e.yaml`;
    case "sandbox":
      return `Use a live key${where}`;
    case "unavailable":
      return (
        "Check that this machine reaches the provider (proxy, firewall)" +
        `${address ? ` and ${address}, if you set it` : ""}; else ask again later`
      );
    case "malformed":
    case "refused":
    case "wrong-zone":
      return `${address ? `Check ${address}, if you set it; else u` : "U"}pdate co2e: npm install co2e@latest`;
  }
}
