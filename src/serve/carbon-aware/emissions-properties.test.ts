import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carbonAwareServer, hoursInMemory, hoursOfDay } from "../../../test/support/carbon-aware-world.ts";
import { at } from "../../../test/support/store-data.ts";
import { instant, toIso } from "../../core/time.ts";

const DAY = "2026-11-24";

describe("for any data and any times", () => {
  const hoursOf = (values: readonly number[]) =>
    hoursOfDay(Object.fromEntries(values.map((value, index) => [index, value])));
  const minutes = (count: number): string => toIso(instant(at(`${DAY}T00:00Z`) + count * 60_000));
  const values = fc.array(fc.double({ min: 0, max: 1500, noNaN: true }), { minLength: 24, maxLength: 24 });
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 24 * 60 }), { minLength: 3, maxLength: 3 });

  it("the averages of two periods, weighted by their lengths, are the average of both together", async () => {
    await fc.assert(
      fc.asyncProperty(values, cuts, async (day, unsorted) => {
        const [a = 0, b = 0, c = 0] = unsorted.toSorted((one, other) => one - other);
        const { post, server } = carbonAwareServer({ intensity: hoursInMemory(() => hoursOf(day)) });
        const { json } = await post(
          "/emissions/average-carbon-intensity/batch",
          [
            [a, b],
            [b, c],
            [a, c],
          ].map(([start = 0, end = 0]) => ({
            location: "eastus",
            startTime: minutes(start),
            endTime: minutes(end),
          })),
        );
        const [first, second, both] = json.map(
          ({ carbonIntensity }: { carbonIntensity: number }) => carbonIntensity,
        );
        expect(both).toBeCloseTo((first * (b - a) + second * (c - b)) / (c - a), 6);
        await server.close();
      }),
      { numRuns: 30 },
    );
  });

  it("the best are those of all rows that no other is below", async () => {
    const few = fc.array(fc.constantFrom(50, 100.5, 200), { minLength: 24, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(few, few, async (east, west) => {
        const { get, server } = carbonAwareServer({
          intensity: hoursInMemory((region) => hoursOf(region === "eastus" ? east : west)),
        });
        const query = `location=eastus&location=westus&time=${DAY}T03:10Z&toTime=${DAY}T07:50Z`;
        const { json: all } = await get(`/emissions/bylocations?${query}`);
        const { json: best } = await get(`/emissions/bylocations/best?${query}`);
        expect(all).toHaveLength(10);
        const lowest = Math.min(...all.map(({ rating }: { rating: number }) => rating));
        expect(best).toEqual(all.filter(({ rating }: { rating: number }) => rating === lowest));
        expect(best).not.toEqual([]);
        await server.close();
      }),
      { numRuns: 30 },
    );
  });
});
