import { CLOUD_REGIONS } from "../../zones/cloud-regions.ts";
import type { AcceptSettings } from "../parts.ts";
import { type ConfiguredSource, servingSources } from "./configured-source.ts";
import type { KnownRegion } from "./list-regions.ts";
import type { SetupCheck } from "./setup-check.ts";

export interface RegionsCheckRequest extends Pick<AcceptSettings, "basis" | "factorType"> {
  /** With their zones as far as they are known. */
  readonly regions: readonly KnownRegion[];
  readonly chain: readonly ConfiguredSource[];
  /** Which keys would serve these regions: "Set X (https://…)."; empty: none would. */
  readonly keyHint: (regions: readonly KnownRegion[]) => string;
}

const SHOWN = 5;

/** Whether every region has a source at hand, and whether its zone is sure. */
export function checkRegions(request: RegionsCheckRequest): SetupCheck[] {
  return [checkServed(request), ...checkPlaces(request), checkZones(request)];
}

function checkServed({ regions, chain, keyHint, ...policy }: RegionsCheckRequest): SetupCheck {
  const check = { name: "regions", area: "configuration" } as const;
  const located = regions.filter(({ zone }) => zone !== null);
  const unserved = located.filter(({ zone, wattTimeRegion }) => {
    const serving = servingSources(chain, { key: zone ?? "", wattTimeRegion }, policy);
    return !serving.some(({ isAtHand }) => isAtHand);
  });
  if (unserved.length === 0) {
    const what = located.length === 1 ? "the region has" : `all ${located.length} regions have`;
    return { ...check, state: "ok", found: [`${what} a source that can be asked`], fix: null };
  }
  const hint = keyHint(unserved);
  return {
    ...check,
    // An ingest refuses to begin when it could ask nobody for anything.
    state: unserved.length === regions.length ? "failed" : "warning",
    found: [`no source at hand serves ${listed(unserved.map(({ name, zone }) => `${name} (${zone})`))}`],
    fix:
      (hint === "" ? "No source of the chain has these zones:" : `${hint} Without a key:`) +
      " co2e import intensity FILE",
  };
}

/** Regions that are given by coordinates and whose zone nobody has said yet. */
function checkPlaces({ regions }: RegionsCheckRequest): SetupCheck[] {
  const open = regions.filter(({ zone }) => zone === null);
  if (open.length === 0) return [];
  const places = open.map(({ name, latitude, longitude }) => `${name} (${latitude}, ${longitude})`);
  return [
    {
      name: "places",
      area: "configuration",
      state: "warning",
      found: [`the grid zone of ${listed(places)} is not known yet`],
      fix: "Run co2e ingest with ELECTRICITY_MAPS_API_KEY set, or give the region a zone in co2e.yaml",
    },
  ];
}

function checkZones({ regions }: RegionsCheckRequest): SetupCheck {
  const check = { name: "zones", area: "configuration" } as const;
  const unsure = regions.filter(
    ({ zoneConfidence }) => zoneConfidence === "medium" || zoneConfidence === "low",
  );
  if (unsure.length === 0)
    return { ...check, state: "ok", found: ["no zone of a region is in doubt"], fix: null };
  const alternates = new Map(CLOUD_REGIONS.map(({ key, zoneAlternates }) => [key, zoneAlternates]));
  const texts = unsure.map(({ key, name, zone, zoneConfidence }) => {
    const others = alternates.get(key) ?? [];
    return `${name}: ${zone}, ${zoneConfidence}${others.length === 0 ? "" : `, may be ${others.join(" or ")}`}`;
  });
  return {
    ...check,
    state: "warning",
    found: [
      `the zone of ${unsure.length === 1 ? "a region" : `${unsure.length} regions`} is in doubt: ` +
        "public tables differ, or say little",
      ...texts.slice(0, SHOWN),
      ...(texts.length > SHOWN ? [`and ${texts.length - SHOWN} more: co2e regions`] : []),
    ],
    fix: `If you know better, say so in co2e.yaml: regions: { ${unsure[0]?.name}: { zone: … } }`,
  };
}

const listed = (texts: readonly string[]): string =>
  texts.length > SHOWN
    ? `${texts.slice(0, SHOWN).join(", ")} and ${texts.length - SHOWN} more`
    : texts.join(", ");
