/** What a request is for, the most valuable first: without a new hour a region goes stale, without its mix it lacks a
 *  picture. */
export const PURPOSES = ["new-hours", "missing-hours", "revisions", "marginal", "mix"] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface WantedCall {
  readonly source: string;
  readonly zone: string;
  readonly purpose: Purpose;
  /** Hours since the newest known hour of the zone: of two calls for the same purpose the older zone's goes first. */
  readonly ageHours: number;
}

export interface CallPlan {
  readonly kept: readonly WantedCall[];
  readonly dropped: readonly WantedCall[];
}

/** Keeps, per source, the most valuable calls that its budget still allows. A source without an entry has no budget to keep.
 *  Two calls left, wanted a mix, a revision and two new hours → the two new hours. */
export function planCalls(wanted: readonly WantedCall[], budgets: ReadonlyMap<string, number>): CallPlan {
  const ranked = [...wanted].sort(
    (a, b) => PURPOSES.indexOf(a.purpose) - PURPOSES.indexOf(b.purpose) || b.ageHours - a.ageHours,
  );
  const left = new Map(budgets);
  const kept: WantedCall[] = [];
  const dropped: WantedCall[] = [];
  for (const call of ranked) {
    const budget = left.get(call.source);
    if (budget === undefined || budget >= 1) {
      kept.push(call);
      if (budget !== undefined) left.set(call.source, budget - 1);
    } else dropped.push(call);
  }
  return { kept, dropped };
}
