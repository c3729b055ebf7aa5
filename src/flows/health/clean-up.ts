import type { CleanupCounts, CleanupSettings } from "../../store/retention.ts";
import type { Store } from "../../store/store.ts";

export interface CleanUpResult {
  readonly dryRun: boolean;
  /** Whole days that are kept; null: for ever. */
  readonly keptDays: Omit<CleanupSettings, "dryRun">;
  /** Rows removed, or that would be. */
  readonly removed: CleanupCounts;
}

/** Removes what is older than the settings keep. A dry run counts it and leaves it. */
export async function cleanUp(
  { store }: { readonly store: Pick<Store, "cleanup"> },
  keptDays: CleanUpResult["keptDays"],
  dryRun: boolean,
): Promise<CleanUpResult> {
  return { dryRun, keptDays, removed: await store.cleanup({ ...keptDays, dryRun }) };
}
