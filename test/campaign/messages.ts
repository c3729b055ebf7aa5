import type { IngestResult } from "../../src/flows/grid/ingest-result.ts";

/** From the campaign to its worker. */
export type Order =
  | { readonly kind: "open"; readonly environment: Readonly<Record<string, string>>; readonly nowMs: number }
  | { readonly kind: "ingest"; readonly nowMs: number }
  | { readonly kind: "backfill"; readonly nowMs: number; readonly fromMs: number; readonly toMs: number };

/** Counted in the log of the program. */
export interface Noted {
  readonly retries: number;
  readonly breakersOpened: number;
  /** By kind of error. */
  readonly sourcesFailed: Readonly<Record<string, number>>;
}

export type Report =
  | { readonly kind: "opened" }
  | { readonly kind: "ingested"; readonly result: IngestResult; readonly noted: Noted }
  | { readonly kind: "backfilled"; readonly hoursFilled: number; readonly hoursUnreachable: number }
  | { readonly kind: "broke"; readonly error: string };
