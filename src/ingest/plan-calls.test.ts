import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PURPOSES, planCalls, type WantedCall } from "./plan-calls.ts";

const call = (differences: Partial<WantedCall>): WantedCall => ({
  source: "electricity_maps",
  zone: "DE",
  purpose: "revisions",
  ageHours: 1,
  ...differences,
});
const budgetOf = (calls: number) => new Map([["electricity_maps", calls]]);
const names = (calls: readonly WantedCall[]): string[] =>
  calls.map(({ zone, purpose }) => `${zone} ${purpose}`);

describe("a budget that is too small", () => {
  it("for two of a mix, a revision and two new hours keeps the two new hours", () => {
    const wanted = [
      call({ purpose: "mix" }),
      call({ purpose: "new-hours", zone: "FR" }),
      call({ purpose: "revisions" }),
      call({ purpose: "new-hours", zone: "DE" }),
    ];
    const { kept, dropped } = planCalls(wanted, budgetOf(2));
    expect(names(kept).sort()).toEqual(["DE new-hours", "FR new-hours"]);
    expect(names(dropped).sort()).toEqual(["DE mix", "DE revisions"]);
  });

  it("drops the mix first, then the marginal series, revisions, gaps, and new hours last", () => {
    const wanted = [...PURPOSES].reverse().map((purpose) => call({ purpose }));
    const droppedAt = (calls: number) => names(planCalls(wanted, budgetOf(calls)).dropped);
    expect(droppedAt(5)).toEqual([]);
    expect(droppedAt(4)).toEqual(["DE mix"]);
    expect(droppedAt(3)).toEqual(["DE marginal", "DE mix"]);
    expect(droppedAt(2)).toEqual(["DE revisions", "DE marginal", "DE mix"]);
    expect(droppedAt(1)).toEqual(["DE missing-hours", "DE revisions", "DE marginal", "DE mix"]);
    expect(droppedAt(0)).toHaveLength(5);
  });

  it("keeps the zone that is known least far, of two for the same purpose", () => {
    const wanted = [call({ zone: "FR", ageHours: 2 }), call({ zone: "DE", ageHours: 9 })];
    expect(names(planCalls(wanted, budgetOf(1)).kept)).toEqual(["DE revisions"]);
  });

  it("a call for a new hour of a fresh zone comes before a revision of an old one", () => {
    const wanted = [
      call({ zone: "FR", ageHours: 50 }),
      call({ zone: "DE", purpose: "new-hours", ageHours: 2 }),
    ];
    expect(names(planCalls(wanted, budgetOf(1)).kept)).toEqual(["DE new-hours"]);
  });

  it("of one source takes nothing from another, and a source without a budget keeps all", () => {
    const wanted = [call({}), call({ source: "watttime" }), call({ source: "watttime", purpose: "mix" })];
    const { kept, dropped } = planCalls(wanted, budgetOf(0));
    expect(kept.map(({ source }) => source)).toEqual(["watttime", "watttime"]);
    expect(dropped.map(({ source }) => source)).toEqual(["electricity_maps"]);
  });

  it("of a fraction of a call is none", () => {
    expect(planCalls([call({})], budgetOf(0.9)).kept).toEqual([]);
  });
});

describe("for any wanted calls and budgets", () => {
  const anyCall = fc.record({
    source: fc.constantFrom("electricity_maps", "watttime", "eia"),
    zone: fc.constantFrom("DE", "FR", "GB", "US-CAL-CISO"),
    purpose: fc.constantFrom(...PURPOSES),
    ageHours: fc.integer({ min: 0, max: 72 }),
  });
  const anyCalls = fc.array(anyCall, { maxLength: 40 });
  const anyBudgets = fc
    .dictionary(fc.constantFrom("electricity_maps", "watttime", "eia"), fc.integer({ min: 0, max: 20 }))
    .map((budgets) => new Map(Object.entries(budgets)));

  it("each call is either kept or dropped, and no source is asked beyond its budget", () => {
    fc.assert(
      fc.property(anyCalls, anyBudgets, (wanted, budgets) => {
        const { kept, dropped } = planCalls(wanted, budgets);
        const inAnyOrder = (calls: readonly WantedCall[]) => calls.map((one) => JSON.stringify(one)).sort();
        expect(inAnyOrder([...kept, ...dropped])).toEqual(inAnyOrder(wanted));
        for (const [source, budget] of budgets)
          expect(kept.filter((one) => one.source === source).length).toBeLessThanOrEqual(budget);
      }),
    );
  });

  it("nothing is dropped while its source has a call left, and never for something less valuable", () => {
    fc.assert(
      fc.property(anyCalls, anyBudgets, (wanted, budgets) => {
        const { kept, dropped } = planCalls(wanted, budgets);
        const rank = ({ purpose }: WantedCall): number => PURPOSES.indexOf(purpose);
        for (const lost of dropped) {
          const sameSource = kept.filter(({ source }) => source === lost.source);
          expect(sameSource).toHaveLength(budgets.get(lost.source) ?? Number.NaN);
          for (const won of sameSource) {
            expect(rank(won)).toBeLessThanOrEqual(rank(lost));
            if (rank(won) === rank(lost)) expect(won.ageHours).toBeGreaterThanOrEqual(lost.ageHours);
          }
        }
      }),
    );
  });

  it("a larger budget keeps what a smaller one kept", () => {
    fc.assert(
      fc.property(anyCalls, fc.integer({ min: 0, max: 20 }), (wanted, calls) => {
        const few = planCalls(wanted, budgetOf(calls)).kept;
        const more = planCalls(wanted, budgetOf(calls + 1)).kept;
        for (const one of few) expect(more).toContain(one);
      }),
    );
  });
});
