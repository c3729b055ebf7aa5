import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadsOf, type Stated } from "./loads.ts";

const statement = (origin: string, labels: Stated["labels"] = {}): Stated => ({ origin, labels });
const loads = (...statements: Stated[]): number[][] =>
  loadsOf(statements).map((load) => load.map((one) => statements.indexOf(one)));

describe("which statements may speak of one load", () => {
  it("label sets of one origin are loads of their own, whatever they say", () => {
    expect(loads(statement("meter", { namespace: "a" }), statement("meter", { namespace: "b" }))).toEqual([
      [0],
      [1],
    ]);
  });

  it("a meter by namespace and a counter of the whole service are one load", () => {
    const meters = [statement("meter", { namespace: "a" }), statement("meter", { namespace: "b" })];
    expect(loads(...meters, statement("counter"))).toEqual([[0, 1, 2]]);
  });

  it("different labels that do not contradict may mean the same pods", () => {
    expect(loads(statement("meter", { namespace: "a" }), statement("bill", { team: "search" }))).toEqual([
      [0, 1],
    ]);
  });

  it("production and test are never one load", () => {
    const production = { environment: "prod" };
    expect(
      loads(
        statement("meter", production),
        statement("bill", production),
        statement("bill", { environment: "test" }),
      ),
    ).toEqual([[0, 1], [2]]);
  });

  it("every statement is in one load, and the order does not matter", () => {
    const anyStatement = fc.record({
      origin: fc.constantFrom("a", "b", "c"),
      labels: fc.dictionary(fc.constantFrom("team", "environment"), fc.constantFrom("x", "y"), {
        maxKeys: 2,
      }),
    });
    fc.assert(
      fc.property(fc.array(anyStatement, { maxLength: 8 }), (statements) => {
        const found = loadsOf(statements);
        expect(found.flat()).toHaveLength(statements.length);
        const asSets = (some: Stated[][]) =>
          new Set(some.map((load) => JSON.stringify(load.map((one) => JSON.stringify(one)).sort())));
        expect(asSets(loadsOf([...statements].reverse()))).toEqual(asSets(found));
      }),
    );
  });
});
