import { expect, it } from "vitest";
import { runCampaign } from "./campaign/campaign.ts";
import { onPostgres } from "./support/engines.ts";

// The whole program against providers that misbehave, hour after hour of a simulated time, with restarts and SIGKILLs.
// `npm run campaign` does 57 zones and 14 days.

const SEED = 1;

onPostgres((engine) => {
  it("after days of faults every hour that a source could give is there, with the right value", async () => {
    const { same, problems } = await runCampaign({
      zones: 6,
      days: 3,
      seed: SEED,
      databaseUrl: await engine.emptyUrl(),
    });
    expect(problems).toEqual([]);
    const { hours, faults, suspects } = same;
    expect(hours).toMatchObject({ wrong: 0, missing: 0, unfounded: 0 });
    expect(hours.present).toBe(hours.expected);
    expect(hours.expected).toBeGreaterThan(8000);
    // Without a fallback, and without older hours in its plan, Thailand loses some.
    expect(hours.unreachable).toBeGreaterThan(0);
    expect(Object.keys(same.hoursBySource)).toContain("electricity_maps");
    expect(Object.keys(same.hoursBySource).length).toBeGreaterThan(1);
    expect(same.kills).toBeGreaterThan(1);
    expect(same.restarts).toBeGreaterThan(1);
    expect(same.retries).toBeGreaterThan(50);
    expect(same.revisions).toBeGreaterThan(500);
    expect(Object.keys(faults).length).toBeGreaterThan(12);
    expect(Object.keys(suspects)).toEqual(expect.arrayContaining(["flat-line", "null-value", "unit-slip"]));
  }, 110_000);

  it("the same seed gives the same report", async () => {
    const once = async () =>
      runCampaign({ zones: 4, days: 1, seed: SEED, databaseUrl: await engine.emptyUrl() });
    const [first, second] = [await once(), await once()];
    expect(first.problems).toEqual([]);
    expect(second.same).toEqual(first.same);
    expect(first.same.kills).toBeGreaterThan(0);
  }, 110_000);
});
