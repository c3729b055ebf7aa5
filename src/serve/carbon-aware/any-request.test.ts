import fc from "fast-check";
import { expect, it } from "vitest";
import { carbonAwareServer, hoursInMemory } from "../../../test/support/carbon-aware-world.ts";

const CURRENT = "/emissions/forecasts/current";
const FORECASTS = "/emissions/forecasts/batch";
const AVERAGES = "/emissions/average-carbon-intensity/batch";

it("whatever is asked, the answer is one of the contract and never a failure of the server", async () => {
  const { server, logged } = carbonAwareServer({ intensity: hoursInMemory(() => []) });
  const names = [
    "location",
    "locations",
    "time",
    "toTime",
    "startTime",
    "endTime",
    "dataStartAt",
    "windowSize",
  ];
  const value = fc.oneof(
    fc.constantFrom(
      "eastus",
      "azure:westus",
      "2026-11-24",
      "2026-11-24T10:00Z",
      "9999-12-31T23:59Z",
      "-1",
      "",
    ),
    fc.string(),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value), { maxLength: 6 });
  const field = fc.oneof(value, fc.jsonValue());
  const item = fc.dictionary(fc.constantFrom(...names, "requestedAt", "dataEndAt", "__proto__"), field);
  const body = fc.oneof(fc.array(item, { maxLength: 3 }), fc.jsonValue());
  const paths = [
    "/emissions/bylocation",
    "/emissions/bylocations",
    "/emissions/bylocations/best",
    "/emissions/average-carbon-intensity",
    CURRENT,
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths, AVERAGES, FORECASTS),
      query,
      body,
      async (path, pairs, sent) => {
        const isPost = path === AVERAGES || path === FORECASTS;
        const text = pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
        const answer = await server.inject(
          isPost
            ? {
                method: "POST",
                url: path,
                body: JSON.stringify(sent),
                headers: { "content-type": "text/json" },
              }
            : { method: "GET", url: `${path}?${text}` },
        );
        expect([200, 204, 400, 501]).toContain(answer.statusCode);
        if (answer.statusCode >= 400) {
          const problem = answer.json() as { title: string; status: number; errors: object };
          expect(problem.status).toBe(answer.statusCode);
          expect(problem.title).not.toBe("");
          expect(typeof problem.errors).toBe("object");
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(logged).toEqual([]);
});
