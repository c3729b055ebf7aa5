import type { Labels } from "../core/usage.ts";

/** A label set as one origin states it. */
export interface Stated {
  readonly labels: Labels;
  readonly origin: string;
}

/** Which of the statements about one service and region may speak of the same load. Statements of one origin never do: it
 *  tells its label sets apart itself. Those of two origins may, unless a label contradicts: { } and { namespace: "a" } may
 *  mean the same pods, { environment: "prod" } and { environment: "dev" } cannot. What is linked through a third is one load.
 *
 *  A meter's { namespace: a } and { namespace: b } beside a profile's { } → one load, so that nothing is counted twice. */
export function loadsOf<Some extends Stated>(statements: readonly Some[]): Some[][] {
  if (statements.every(({ origin }) => origin === statements[0]?.origin))
    return statements.map((one) => [one]);
  const loads = new Map<number, Some[]>();
  const leaders = statements.map((_, index) => index);
  const leaderOf = (index: number): number => {
    let leader = index;
    while (leaders[leader] !== leader) leader = leaders[leader] as number;
    leaders[index] = leader;
    return leader;
  };
  for (const [index, one] of statements.entries()) {
    for (let other = 0; other < index; other++) {
      const there = statements[other] as Some;
      if (there.origin !== one.origin && mayBeSame(there.labels, one.labels))
        leaders[leaderOf(index)] = leaderOf(other);
    }
  }
  for (const [index, one] of statements.entries()) {
    const leader = leaderOf(index);
    const load = loads.get(leader);
    if (load) load.push(one);
    else loads.set(leader, [one]);
  }
  return [...loads.values()];
}

function mayBeSame(a: Labels, b: Labels): boolean {
  for (const key in a) if (b[key] !== undefined && b[key] !== a[key]) return false;
  return true;
}
