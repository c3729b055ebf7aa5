import { describe, expect, it } from "vitest";
import { carbonAwareServer } from "../../../test/support/carbon-aware-world.ts";
import { ApiProblem } from "../problem.ts";

const DAY = "2026-11-24";
const CURRENT = "/emissions/forecasts/current";
const FORECASTS = "/emissions/forecasts/batch";
const AVERAGES = "/emissions/average-carbon-intensity/batch";

const argument = (errors: Record<string, string[]>) => ({
  title: "ArgumentException",
  status: 400,
  detail: "Invalid parameters",
  errors,
});
const binding = (errors: Record<string, string[]>) => ({
  type: "https://tools.ietf.org/html/rfc7231#section-6.5.1",
  title: "One or more validation errors occurred.",
  status: 400,
  errors,
});

describe("what the SDK finds wrong", () => {
  it.each(["/emissions/bylocation", "/emissions/bylocations", "/emissions/bylocations/best", CURRENT])(
    "%s without a location says so, as an ArgumentException",
    async (path) => {
      const { get } = carbonAwareServer();
      for (const query of ["", "?", "?location=", "?locations=&location=", "?place=eastus"]) {
        const answer = await get(`${path}${query}`);
        expect(answer.status).toBe(400);
        expect(answer.headers["content-type"]).toContain("application/problem+json");
        expect(answer.json).toEqual(argument({ location: ["location is not set"] }));
      }
    },
  );

  it("all that an average lacks is named at once", async () => {
    const { get, post } = carbonAwareServer();
    const missing = argument({
      location: ["location is not set"],
      startTime: ["startTime is not set"],
      endTime: ["endTime is not set"],
    });
    expect((await get("/emissions/average-carbon-intensity")).json).toEqual(missing);
    expect((await post(AVERAGES, [{}])).json).toEqual(missing);
    expect((await post(AVERAGES, [{ location: null, startTime: null, endTime: null }])).json).toEqual(
      missing,
    );
  });

  it("a start that is not before its end is named as the request names it", async () => {
    const { get, post } = carbonAwareServer();
    const at = (start: string, end: string) => `${start}=${DAY}T10:00Z&${end}=${DAY}T12:00%2B02:00`;
    for (const [path, start, end] of [
      ["/emissions/bylocation", "time", "toTime"],
      ["/emissions/bylocation", "startTime", "endTime"],
      ["/emissions/average-carbon-intensity", "startTime", "endTime"],
      [CURRENT, "dataStartAt", "dataEndAt"],
    ] as const)
      expect((await get(`${path}?location=eastus&${at(start, end)}`)).json).toEqual(
        argument({ [start]: [`${start} must be before ${end}`] }),
      );
    const item = { location: "eastus", dataStartAt: `${DAY}T10:00Z`, dataEndAt: `${DAY}T09:00Z` };
    expect((await post(FORECASTS, [{ ...item, requestedAt: `${DAY}T00:00Z` }])).json).toEqual(
      argument({ dataStartAt: ["dataStartAt must be before dataEndAt"] }),
    );
  });

  it("an end without a start is refused, in the words of its version", async () => {
    const { get } = carbonAwareServer();
    expect((await get(`/emissions/bylocations?location=eastus&toTime=${DAY}`)).json).toEqual(
      argument({ time: ["time must be defined if toTime is defined"] }),
    );
    expect((await get(`/emissions/bylocation?location=eastus&endTime=${DAY}`)).json).toEqual(
      argument({ startTime: ["startTime must be defined if endTime is defined"] }),
    );
  });

  it("a location that is not configured is unknown, also one that exists elsewhere", async () => {
    const { get, post } = carbonAwareServer();
    for (const [name, answer] of [
      ["nowhere", await get("/emissions/bylocations?location=eastus&location=nowhere")],
      ["us-east-1", await get(`${CURRENT}?location=us-east-1`)],
      ["gcp:eastus", await post(FORECASTS, [{ location: "gcp:eastus", requestedAt: DAY }])],
      ["x", await post(AVERAGES, [{ location: "x", startTime: DAY, endTime: "2026-11-25" }])],
    ] as const) {
      expect(answer.json).toEqual({
        title: "ArgumentException",
        status: 400,
        detail: `Unknown Location: '${name}' not found`,
        errors: { location: [`'${name}' is not configured; GET /locations lists what is`] },
      });
    }
  });

  it("forecasts are not implemented, once what is asked is found to be right", async () => {
    const { get, post } = carbonAwareServer();
    const notImplemented = {
      title: "NotImplementedException",
      status: 501,
      detail: expect.stringContaining("The method or operation is not implemented") as string,
      errors: {},
    };
    const current = await get(`${CURRENT}?location=eastus&location=westus&windowSize=30&dataStartAt=${DAY}`);
    expect([current.status, current.json]).toEqual([501, notImplemented]);
    const item = { location: "eastus", requestedAt: `${DAY}T10:00:00Z`, windowSize: 30 };
    const batch = await post(FORECASTS, [item]);
    expect([batch.status, batch.json]).toEqual([501, notImplemented]);
    expect((await post(FORECASTS, [{}])).json).toEqual(
      argument({ location: ["location is not set"], requestedAt: ["requestedAt is not set"] }),
    );
    const nothing = await post(FORECASTS, []);
    expect([nothing.status, nothing.json]).toEqual([200, []]);
  });
});

describe("what the framework finds wrong", () => {
  it("values of a query that are no dates or whole numbers are named, all at once", async () => {
    const { get } = carbonAwareServer();
    expect(
      (await get("/emissions/bylocation?location=eastus&time=yesterday&toTime=2026-13-01")).json,
    ).toEqual(
      binding({
        time: ["The value 'yesterday' is not valid."],
        toTime: ["The value '2026-13-01' is not valid."],
      }),
    );
    for (const windowSize of ["ten", "1.5", "2147483648", "-2147483649"])
      expect((await get(`${CURRENT}?location=eastus&windowSize=${windowSize}`)).json).toEqual(
        binding({ windowSize: [`The value '${windowSize}' is not valid.`] }),
      );
    expect((await get(`${CURRENT}?location=eastus&windowSize=`)).status).toBe(501);
  });

  it.each([
    ["location", 7, "System.String"],
    ["startTime", "2026-1-1T15:30:00Z", "System.DateTimeOffset"],
    ["endTime", 1764000000, "System.DateTimeOffset"],
  ])(
    "a field of a body that is not what it should be is named by its path: %s",
    async (field, value, type) => {
      const { post } = carbonAwareServer();
      const good = { location: "eastus", startTime: DAY, endTime: "2026-11-25" };
      expect((await post(AVERAGES, [good, { ...good, [field]: value }])).json).toEqual(
        binding({
          [`$[1].${field}`]: [`The JSON value could not be converted to ${type}. Path: $[1].${field}`],
        }),
      );
    },
  );

  it("a body that is not there, no JSON or no list is told so", async () => {
    const { post } = carbonAwareServer();
    const required = { requestedCarbonIntensities: ["The requestedCarbonIntensities field is required."] };
    for (const body of ["", "  ", "null"])
      expect((await post(AVERAGES, body)).json).toEqual(
        binding({ "": ["A non-empty request body is required."], ...required }),
      );
    expect((await post(AVERAGES, "[{")).json).toEqual(
      binding({ ...required, $: ["The body is no valid JSON. Path: $"] }),
    );
    expect((await post(AVERAGES, { location: "eastus" })).status).toBe(400);
    for (const body of [[null], [[]], ["eastus"]]) {
      const answer = await post(AVERAGES, body);
      expect([answer.status, Object.keys(answer.json.errors)]).toEqual([400, ["$[0]"]]);
    }
  });

  it("a batch of more than a thousand is refused", async () => {
    const { post } = carbonAwareServer();
    const item = { location: "eastus", startTime: `${DAY}T08:00:00Z`, endTime: `${DAY}T09:00:00Z` };
    expect((await post(AVERAGES, Array(1000).fill(item))).json).toHaveLength(1000);
    const answer = await post(AVERAGES, Array(1001).fill(item));
    expect([answer.status, answer.json.title]).toEqual([400, "ArgumentException"]);
  });

  it("bodies are read as any sort of JSON that the document names, and as nothing else", async () => {
    const { post, server } = carbonAwareServer();
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "text/json",
      "application/vnd.example+json",
    ])
      expect((await post(AVERAGES, [], type)).status).toBe(200);
    for (const type of [
      "text/plain",
      "application/xml",
      "application/x-www-form-urlencoded",
      "application/jsonp",
    ]) {
      const answer = await post(AVERAGES, "[]", type);
      expect([answer.status, answer.json.title]).toEqual([415, "Unsupported Media Type"]);
    }
    const none = await server.inject({ method: "POST", url: AVERAGES });
    expect(none.statusCode).toBe(400);
  });
});

describe("what is no fault of the request", () => {
  it("is a 500 that says nothing of it; the log does", async () => {
    const { get, logged } = carbonAwareServer({
      intensity: {
        hours: () => Promise.reject(new Error("relation secret_table does not exist")),
        newestHour: () => Promise.reject(new Error("relation secret_table does not exist")),
      },
    });
    const answer = await get("/emissions/bylocation?location=eastus");
    expect([answer.status, answer.json]).toEqual([
      500,
      { title: "InternalServerError", status: 500, errors: {} },
    ]);
    expect(logged).toEqual(["carbon-aware-call-failed"]);
  });

  it("what a hook of the server refuses, such as access, is answered by the server", async () => {
    const { get, logged } = carbonAwareServer({}, (server) => {
      server.setErrorHandler((error, _, reply) =>
        reply.code(401).send({ by: "server", is: error instanceof ApiProblem }),
      );
      server.addHook("onRequest", async ({ routeOptions }) => {
        if (routeOptions.config.scope !== "public") throw new ApiProblem("unauthorised", "No key.");
      });
    });
    for (const path of ["/emissions/bylocation?location=eastus", "/locations", CURRENT]) {
      const answer = await get(path);
      expect([answer.status, answer.json]).toEqual([401, { by: "server", is: true }]);
    }
    expect((await get("/health")).text).toBe("Healthy");
    expect(logged).toEqual([]);
  });

  it("what the server itself refuses stays in its own words", async () => {
    const { post, server, logged } = carbonAwareServer();
    const answer = await post(AVERAGES, " ".repeat(server.initialConfig.bodyLimit ?? 2 ** 20).concat("[]"));
    expect([answer.status, answer.json.code]).toEqual([413, "FST_ERR_CTP_BODY_TOO_LARGE"]);
    expect(logged).toEqual([]);
    expect((await server.inject("/emissions")).statusCode).toBe(404);
  });
});
