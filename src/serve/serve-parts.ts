import type { FastifyInstance } from "fastify";
import type { OperationId } from "../api/operations.ts";
import type { AnnualMean } from "../core/intensity.ts";
import type { Instant } from "../core/time.ts";
import type { MarketSettings } from "../emissions/market.ts";
import type { ConfiguredProfile } from "../emissions/profiles.ts";
import type { CallLimits } from "../flows/grid/call-budget.ts";
import type { ConfiguredSource } from "../flows/health/configured-source.ts";
import type { KnownRegion } from "../flows/health/list-regions.ts";
import type { AcceptSettings, Clock, Log } from "../flows/parts.ts";
import type { SnapshotKeeper } from "../flows/service/snapshot.ts";
import type { JobRunner } from "../jobs/job.ts";
import type { Store } from "../store/store.ts";
import type { RegionOf } from "../usage/line-reader.ts";

/** What the server is made of. */
export interface ServeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly snapshots: Pick<SnapshotKeeper, "current">;
  readonly jobs: Pick<JobRunner, "states" | "runNow">;
  /** Null: alerts are not kept. */
  readonly alerts: AlertList | null;
  /** Called after usage was kept, to have its emissions worked out soon. */
  readonly onUsage?: () => void;
  /** True from the moment that the service begins to stop. */
  readonly isStopping: () => boolean;
  readonly attributionOf: (source: string) => string | undefined;
  /** The mean of a year of a zone, where the settings allow it to stand in. */
  readonly annualMean: (zone: string) => Promise<AnnualMean | undefined>;
  readonly version: string;
  /** Adds hooks, before any route: keys, hosts, limits, headers. The scope of a route stands in its `config.scope`. */
  readonly access?: (server: FastifyInstance) => void;
  /** Adds routes besides those of the API. */
  readonly routes?: readonly ((server: FastifyInstance) => void)[];
}

export interface ServeSettings {
  readonly regions: readonly KnownRegion[];
  /** A configured region by its name, key or alias. */
  readonly findRegion: (text: string) => KnownRegion | undefined;
  /** The same for rows, of which many may be wrong. */
  readonly regionOf: RegionOf;
  readonly configuredServices: Readonly<Record<string, ConfiguredProfile>>;
  readonly accept: AcceptSettings;
  readonly chain: readonly ConfiguredSource[];
  readonly quota: Readonly<Record<string, CallLimits>>;
  readonly staleAfterHours: number;
  readonly market: MarketSettings;
  /** Labels that usage may carry. */
  readonly labels: readonly string[];
  readonly currency: string | null;
}

/** Alerts, the newest first. */
export interface AlertList {
  list(request: {
    readonly state: "open" | "resolved" | "all";
    /** Only those before this one, which the page before ended with; null: from the newest. */
    readonly before: AlertPosition | null;
    readonly limit: number;
    readonly now: Instant;
  }): Promise<readonly ListedAlert[]>;
}

export interface AlertPosition {
  readonly raisedAt: Instant;
  readonly alertId: string;
}

export interface ListedAlert extends AlertPosition {
  readonly rule: string;
  readonly subject: string;
  readonly severity: "info" | "warning" | "critical";
  readonly since: Instant;
  readonly resolvedAt: Instant | null;
  readonly isMuted: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a key must be allowed; "public" needs none. */
    scope?: "public" | "read" | "write" | "admin";
    /** People look at it: it has the headers of a page. */
    isPage?: boolean;
    operationId?: OperationId;
  }
}
