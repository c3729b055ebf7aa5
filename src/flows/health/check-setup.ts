import { StoreError } from "../../core/errors.ts";
import { MINUTE_MS } from "../../core/time.ts";
import type { IntensitySource } from "../../sources/source.ts";
import type { Store } from "../../store/store.ts";
import { withKnownZones } from "../grid/known-zones.ts";
import type { HideSecrets } from "../hide-secrets.ts";
import type { Clock } from "../parts.ts";
import { type ConfiguredPrometheus, checkPrometheus } from "./check-prometheus.ts";
import { checkRegions, type RegionsCheckRequest } from "./check-regions.ts";
import { checkSource, type SourceCheckRequest } from "./check-source.ts";
import type { SetupCheck } from "./setup-check.ts";

/** The provider's clock minus ours. */
type OnClockSkew = (event: { readonly source: string; readonly skewMs: number }) => void;

export interface SetupParts {
  /** Throws StoreError. Null: the embedded database is not there yet, and looking creates none. */
  readonly openStore: (() => Promise<Store>) | null;
  /** Without a store requests are not counted. */
  readonly createSources: (
    store: Store | undefined,
    onClockSkew: OnClockSkew,
  ) => Promise<readonly IntensitySource[]>;
  /** Null: none is configured. */
  readonly prometheus?: ConfiguredPrometheus | null;
  readonly clock: Clock;
}

export interface SetupRequest
  extends RegionsCheckRequest,
    Omit<SourceCheckRequest, "zones" | "now" | "hide"> {
  /** The newest migration that this version knows. */
  readonly newestSchema: number;
  /** Where the embedded database would lie. */
  readonly directory: string;
  readonly hide: HideSecrets;
}

/** Looks at everything between the settings and a real answer of each source, in that order. Stores nothing but the
 *  count of its requests. */
export async function checkSetup(parts: SetupParts, request: SetupRequest): Promise<SetupCheck[]> {
  const { store, checks } = await openedStore(parts, request);
  try {
    const regions = store ? await withKnownZones(store, request.regions) : request.regions;
    const skews = new Map<string, number>();
    const sources = await parts.createSources(store, ({ source, skewMs }) => {
      skews.set(source, skewMs);
    });
    const now = parts.clock();
    const zones = new Map(
      regions.flatMap(({ zone, wattTimeRegion }) =>
        zone === null ? [] : [[zone, { key: zone, wattTimeRegion }] as const],
      ),
    );
    const sourceRequest = { ...request, zones: [...zones.values()], now };
    const ofPrometheus = parts.prometheus
      ? checkPrometheus(parts.prometheus, { isOffline: request.isOffline, now, hide: request.hide })
      : [];
    const ofSources = Promise.all(
      request.chain.map((configured) =>
        checkSource(
          configured,
          sources.find(({ name }) => name === configured.description.name),
          sourceRequest,
        ),
      ),
    );
    const [sourceChecks, prometheusChecks] = await Promise.all([ofSources, ofPrometheus]);
    if (store?.engine === "PostgreSQL")
      skews.set("the database", (await store.zoneFetches.databaseNow()) - parts.clock());
    return [
      ...checks,
      checkClock(skews),
      ...sourceChecks,
      ...prometheusChecks,
      ...checkRegions({ ...request, regions }),
    ];
  } finally {
    await store?.close();
  }
}

async function openedStore(
  { openStore }: SetupParts,
  { newestSchema, directory, hide }: SetupRequest,
): Promise<{ store: Store | undefined; checks: SetupCheck[] }> {
  const check = (
    name: string,
    state: SetupCheck["state"],
    found: string,
    fix: string | null = null,
  ): SetupCheck => ({ name, area: "store", state, found: [found], fix });
  if (openStore === null)
    return {
      store: undefined,
      checks: [check("store", "ok", `no database yet: the first co2e ingest creates it in ${directory}`)],
    };
  let store: Store | undefined;
  try {
    store = await openStore();
    const data = await store.readings.dataKind();
    const engine = store.engine === "PGlite" ? "embedded database in" : "PostgreSQL";
    return {
      store,
      checks: [
        check("store", "ok", `${engine} ${store.location}`),
        check("schema", "ok", `co2e migration ${newestSchema}`),
        data === "sample"
          ? check(
              "data",
              "warning",
              "sample: every number in this store is invented",
              "For live data use another CO2E_DATA_DIR or database",
            )
          : check("data", "ok", data === "live" ? "live data" : "nothing stored yet"),
      ],
    };
  } catch (error) {
    await store?.close();
    if (!(error instanceof StoreError)) throw error;
    const isSchema = error.kind === "schema-missing" || error.kind === "schema-newer";
    const [found = "", fix = null] = hide(error.message).split(WHAT_TO_DO);
    return {
      store: undefined,
      checks: [
        ...(isSchema ? [check("store", "ok", "the database answers")] : []),
        check(isSchema ? "schema" : "store", "failed", found, fix),
      ],
    };
  }
}

/** Where a message of the store goes on with the way out. */
const WHAT_TO_DO = / (?=(?:Run: |Upgrade co2e: |Check |Wait until |Create ))/;

/** More makes hours look as if they lay in the future, or were missing. */
const SKEW_WORTH_A_WORD_MS = 2 * MINUTE_MS;

/** This machine's clock against the clocks of those that answered. */
function checkClock(skews: ReadonlyMap<string, number>): SetupCheck {
  const check = { name: "clock", area: "configuration" } as const;
  const off = [...skews].filter(([, skewMs]) => Math.abs(skewMs) > SKEW_WORTH_A_WORD_MS);
  if (skews.size === 0)
    return { ...check, state: "ok", found: ["not compared: no provider answered with its time"], fix: null };
  if (off.length === 0)
    return { ...check, state: "ok", found: [`agrees with ${[...skews.keys()].join(", ")}`], fix: null };
  return {
    ...check,
    state: "warning",
    found: off.map(
      ([who, skewMs]) => `this machine is ${minutes(skewMs)} ${skewMs > 0 ? "behind" : "ahead of"} ${who}`,
    ),
    fix: "Set the clock of this machine, best by NTP: hours are judged by it",
  };
}

const minutes = (ms: number): string => `${Math.round(Math.abs(ms) / MINUTE_MS)} min`;
