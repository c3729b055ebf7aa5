import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonAnswer } from "../../test/fakes/fake-server.ts";
import { type FakePrometheus, type FakeSeries, startFakePrometheus } from "../../test/fakes/prometheus.ts";
import { SourceError } from "../core/errors.ts";
import { type Interval, instant, parseInstant } from "../core/time.ts";
import { createHttp } from "./http.ts";
import { createPrometheus, type Prometheus, type PrometheusOptions } from "./prometheus.ts";

const TOKEN = "prom-t0ken-of-mine";
const at = (text: string) => parseInstant(text) ?? instant(Number.NaN);
const HOURS: Interval = { start: at("2026-11-01T00:00Z"), end: at("2026-11-01T04:00Z") };

let fake: FakePrometheus;
beforeEach(async () => {
  fake = await startFakePrometheus({ token: TOKEN });
});
afterEach(() => fake.close());

const clientOf = (options: Partial<PrometheusOptions> & { timeoutMs?: number } = {}): Prometheus =>
  createPrometheus({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: options.timeoutMs ?? 5_000,
      attempts: 2,
      retryDelayMs: 0,
    }),
    baseUrl: fake.url,
    login: { kind: "bearer", token: TOKEN },
    orgId: null,
    timeoutMs: 5_000,
    hoursPerQuery: 24,
    hide: (text) => text.replaceAll(TOKEN, "[secret]"),
    ...options,
  });

const answering = (query: string, ...series: FakeSeries[]): void => {
  fake.series.set(query, series);
};
const failureOf = async (asked: Promise<unknown>): Promise<SourceError> => {
  const error = await asked.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (!(error instanceof SourceError)) throw new Error(`no SourceError: ${String(error)}`);
  expect(error.message).not.toContain(TOKEN);
  return error;
};
const success = (result: unknown, more: object = {}) =>
  JSON.stringify({ status: "success", data: { resultType: "matrix", result }, ...more });
const body = (text: string) =>
  fake.faults.add({ fault: { kind: "status", status: 200, body: text }, times: 2 });

describe("hours of a query", () => {
  it("are asked for at their ends, and named by their beginnings", async () => {
    // 01:00 gives 1, 02:00 gives 2, and so on: the hour 00:00 has the value of its end, 1.
    const midnight = HOURS.start / 1000;
    answering("x", { metric: { service: "a" }, at: (seconds) => String((seconds - midnight) / 3600) });
    const { series } = await clientOf().hourly("x", HOURS);
    expect(series.map(({ labels, values }) => [labels, [...values]])).toEqual([
      [
        { service: "a" },
        [
          [at("2026-11-01T00:00Z"), 1],
          [at("2026-11-01T01:00Z"), 2],
          [at("2026-11-01T02:00Z"), 3],
          [at("2026-11-01T03:00Z"), 4],
        ],
      ],
    ]);
    expect(fake.requests[0]?.query).toEqual({
      query: "x",
      start: String(midnight + 3600),
      end: String(midnight + 4 * 3600),
      step: "3600",
      timeout: "5s",
    });
  });

  it("without a sample are absent, and an empty result is no failure", async () => {
    answering("x", { metric: {}, at: (seconds) => (seconds % 7200 === 0 ? "5" : null) });
    const { series } = await clientOf().hourly("x", HOURS);
    expect([...(series[0]?.values.keys() ?? [])]).toEqual([at("2026-11-01T01:00Z"), at("2026-11-01T03:00Z")]);
    expect(await clientOf().hourly("unheard-of", HOURS)).toEqual({
      series: [],
      notFinite: 0,
      histograms: 0,
      warnings: [],
    });
  });

  it("that are NaN or infinite are missing, never 0, and are counted", async () => {
    const texts = ["NaN", "+Inf", "-Inf", "1.5e3"];
    const midnight = HOURS.start / 1000;
    answering("x", { metric: {}, at: (seconds) => texts[(seconds - midnight) / 3600 - 1] ?? null });
    const answer = await clientOf().hourly("x", HOURS);
    expect([...(answer.series[0]?.values ?? [])]).toEqual([[at("2026-11-01T03:00Z"), 1500]]);
    expect(answer.notFinite).toBe(3);
  });

  it("of native histograms are left out and counted", async () => {
    body(success([{ metric: { a: "b" }, histograms: [[HOURS.end / 1000, { count: "5" }]] }]));
    expect(await clientOf().hourly("x", HOURS)).toMatchObject({ series: [], histograms: 1 });
  });

  it("come with the warnings of Prometheus, without secrets", async () => {
    fake.warnings = [`a store at http://user:${TOKEN}@thanos is\n gone`];
    expect((await clientOf().hourly("x", HOURS)).warnings).toEqual([
      "a store at http://user:[secret]@thanos is gone",
    ]);
  });

  it("are asked for again in halves where Prometheus finds them too many", async () => {
    fake.mostSteps = 1;
    answering("x", { metric: { a: "b" }, at: () => "2" });
    const { series } = await clientOf().hourly("x", HOURS);
    expect(series.flatMap(({ values }) => [...values.values()])).toEqual([2, 2, 2, 2]);
    // 4 hours, 2 + 2, and four single ones.
    expect(fake.requests).toHaveLength(1 + 2 + 4);
  });

  it("are asked for again in halves where the answer is larger than is read", async () => {
    answering("x", { metric: { a: "b".repeat(400) }, at: () => "2" });
    const one = success([{ metric: { a: "b".repeat(400) }, values: [[HOURS.end / 1000, "2"]] }]).length;
    const { series } = await clientOf({ maxBytes: one + 30 }).hourly("x", HOURS);
    expect(series.flatMap(({ values }) => [...values.values()])).toEqual([2, 2, 2, 2]);
    const error = await failureOf(clientOf({ maxBytes: 100 }).hourly("x", HOURS));
    expect(error.kind).toBe("refused");
  });
});

describe("what is sent", () => {
  it("is the login, and the tenant", async () => {
    await clientOf({ orgId: "team-a" }).hourly("x", HOURS);
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "x-scope-orgid": "team-a",
    });
    const basic = await startFakePrometheus({ basic: Buffer.from("ada:pw").toString("base64") });
    try {
      const login = { kind: "basic", username: "ada", password: "pw" } as const;
      await expect(clientOf({ baseUrl: basic.url, login }).hourly("x", HOURS)).resolves.toBeDefined();
    } finally {
      await basic.close();
    }
  });
});

describe("a Prometheus that misbehaves", () => {
  it("refuses a login with 401: unauthorised", async () => {
    const error = await failureOf(clientOf({ login: { kind: "bearer", token: "other" } }).hourly("x", HOURS));
    expect(error.kind).toBe("unauthorised");
    expect(error.message).toContain("PROMETHEUS_TOKEN");
  });

  it("says what is wrong with a query, once and without secrets", async () => {
    const error = await failureOf(clientOf().hourly(`bad ${TOKEN}`, HOURS));
    expect(error.kind).toBe("refused");
    expect(error.message).toBe(
      'prometheus refused the query (400): invalid parameter "query": 1:4: parse error: unexpected "bad [secret]"',
    );
    expect(fake.requests).toHaveLength(1);
  });

  it("gives up on a single hour with 422: refused, with its words", async () => {
    fake.mostSteps = 0;
    const error = await failureOf(clientOf().hourly("x", HOURS));
    expect(error.kind).toBe("refused");
    expect(error.message).toContain("too many samples");
    // 4 hours, then 2, then 1: the other halves are not tried.
    expect(fake.requests).toHaveLength(3);
  });

  it.each([
    [
      "503 with JSON",
      503,
      JSON.stringify({ status: "error", errorType: "timeout", error: "query timed out" }),
    ],
    ["502 with HTML", 502, "<html><h1>502 Bad Gateway</h1></html>"],
  ])("answers %s: tried again, then unavailable", async (_name, status, text) => {
    fake.faults.add({ fault: { kind: "status", status, body: text }, times: 2 });
    const error = await failureOf(clientOf().hourly("x", HOURS));
    expect([error.kind, fake.requests.length]).toEqual(["unavailable", 2]);
    await expect(clientOf().hourly("x", HOURS)).resolves.toBeDefined();
  });

  it("hangs: unavailable at the deadline", async () => {
    fake.faults.add({ fault: { kind: "hang" }, times: 2 });
    expect((await failureOf(clientOf({ timeoutMs: 100 }).hourly("x", HOURS))).kind).toBe("unavailable");
  });

  it("is something else at that address: 404 names the setting", async () => {
    const error = await failureOf(clientOf({ baseUrl: `${fake.url}/elsewhere` }).hourly("x", HOURS));
    expect(error.kind).toBe("not-covered");
    expect(error.message).toContain("prometheus.url");
  });

  const [middle] = [HOURS.start / 1000 + 3600];
  it.each([
    ["HTML with 200", "<html></html>"],
    ["a vector", JSON.stringify({ status: "success", data: { resultType: "vector", result: [] } })],
    ["an error with 200", JSON.stringify({ status: "error", errorType: "internal", error: "x" })],
    ["numbers instead of texts", success([{ metric: {}, values: [[middle, 5]] }])],
    ["a text that is no number", success([{ metric: {}, values: [[middle, "0x10"]] }])],
    ["an empty text", success([{ metric: {}, values: [[middle, ""]] }])],
    ["a time as text", success([{ metric: {}, values: [["now", "5"]] }])],
    ["a time that was not asked for", success([{ metric: {}, values: [[middle + 60, "5"]] }])],
    ["an hour outside", success([{ metric: {}, values: [[middle - 3600, "5"]] }])],
    ["a label that is no text", success([{ metric: { a: 1 }, values: [] }])],
    ["series that are none", success({})],
    ["JSON that is none of this", jsonAnswer(200, ["x"]).body],
  ])("answers with %s: malformed", async (_name, text) => {
    body(text);
    expect((await failureOf(clientOf().hourly("x", HOURS))).kind).toBe("malformed");
  });
});
