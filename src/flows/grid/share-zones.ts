import type { Instant } from "../../core/time.ts";
import type { Store } from "../../store/store.ts";

interface SharingParts {
  readonly store: Pick<Store, "leases" | "zoneFetches">;
  /** The name of this process; no two ever have the same. */
  readonly holder: string;
  readonly sleep: (ms: number) => Promise<void>;
}

/** What is shared: the lease that whoever works on it holds, and the zone whose recent hours are then up to date; null for
 *  work of another kind, which is done again by whoever comes next and finds nothing left to do. */
export interface Share {
  readonly name: string;
  readonly zone: string | null;
}

/** How long a zone stays taken after the process that took it has died. */
const LEASE_SECONDS = 30;
const RENEW_MS = 10_000;
const POLL_MS = 200;

/** Works on a zone, unless another ingester of the same store has it or has just had it: of several that start together each
 *  zone is asked about by one, and what it learnt is there for all.
 *  "taken": somebody has it now; come back for it. "elsewhere": somebody has finished it since `since`. */
export async function workOnZone<Result>(
  parts: SharingParts,
  { name, zone }: Share,
  since: Instant,
  work: () => Promise<Result>,
): Promise<{ readonly done: Result } | "taken" | "elsewhere"> {
  const { leases, zoneFetches } = parts.store;
  if ((await leases.acquire(name, parts.holder, LEASE_SECONDS)) === null) return "taken";
  const renewing = setInterval(() => {
    // A lease that cannot be renewed runs out; what two ingesters then both write is written once.
    leases.acquire(name, parts.holder, LEASE_SECONDS).catch(() => {});
  }, RENEW_MS);
  try {
    if (zone !== null && (await zoneFetches.fetchedSince(zone, since))) return "elsewhere";
    const done = await work();
    if (zone !== null) await zoneFetches.markFetched(zone);
    return { done };
  } finally {
    clearInterval(renewing);
    await leases.release(name, parts.holder);
  }
}

/** The same for a zone that was taken: waits until it is free or finished. */
export async function waitForZone<Result>(
  ...[parts, share, since, work]: Parameters<typeof workOnZone<Result>>
): Promise<{ readonly done: Result } | "elsewhere"> {
  for (;;) {
    const outcome = await workOnZone(parts, share, since, work);
    if (outcome !== "taken") return outcome;
    await parts.sleep(POLL_MS);
  }
}
