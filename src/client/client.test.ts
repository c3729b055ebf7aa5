import { describe, expect, it } from "vitest";
import { ApiError, createClient } from "./client.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A server that gives these answers, one after the other, and keeps what it was sent. */
function scripted(...answers: readonly (() => Response)[]) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const answer = answers[sent.length];
    sent.push({ url, init });
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer();
  }) as typeof globalThis.fetch;
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  const client = createClient({ baseUrl: "http://co2e.test/", apiKey: "co2e_key", fetch, sleep });
  return { client, sent, waits };
}

const json =
  (body: unknown, init: ResponseInit = {}) =>
  () =>
    Response.json(body, init);
const problem =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(
      JSON.stringify({
        type: "/docs#problem-invalid-request",
        title: "Invalid request",
        status,
        detail: "from is missing.",
        errors: [{ name: "from", reason: "is missing" }],
      }),
      { status, headers: { "content-type": "application/problem+json", ...headers } },
    );

describe("a request", () => {
  it("goes to the path of its operation, with its key and parameters", async () => {
    const { client, sent } = scripted(json({ region: "a/b" }), json({ lines: [] }));
    await client.getLatestIntensity({ region: "a/b ü" });
    await client.getReport({ by: ["team", "month"], estimate: false, region: undefined });
    expect(sent.map(({ url }) => url)).toEqual([
      "http://co2e.test/v1/intensity/latest/a%2Fb%20%C3%BC",
      "http://co2e.test/v1/reports?by=team&by=month&estimate=false",
    ]);
    expect(sent[0]?.init.headers).toMatchObject({ authorization: "Bearer co2e_key" });
    expect(sent[0]?.init.signal).toBeInstanceOf(AbortSignal);
  });

  it("has its body as JSON", async () => {
    const { client, sent } = scripted(json({ rows: 1 }));
    const body = [{ service: "api", region: "us-east-1", starts_at: "2026-03-04T09:00Z", requests: 5 }];
    await client.addUsage({ origin: "billing", body });
    expect(sent[0]).toMatchObject({
      url: "http://co2e.test/v1/usage?origin=billing",
      init: { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } },
    });
  });
});

describe("what goes wrong", () => {
  it("is told as the server says it", async () => {
    const { client } = scripted(problem(400));
    const error = await client.getReport().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      type: "/docs#problem-invalid-request",
      title: "Invalid request",
      message: "Invalid request: from is missing.",
      errors: [{ name: "from", reason: "is missing" }],
    });
  });

  it("is told also when something between here and the server answers", async () => {
    const { client } = scripted(() => new Response("<h1>Forbidden</h1>", { status: 403 }));
    await expect(client.getStatus()).rejects.toMatchObject({ status: 403, type: "about:blank", errors: [] });
  });

  it("is tried again where that helps, as late as the server says", async () => {
    const { client, sent, waits } = scripted(
      problem(503, { "retry-after": "7" }),
      problem(429),
      json({ jobs: [] }),
    );
    expect(await client.listJobs()).toEqual({ jobs: [] });
    expect([sent.length, waits]).toEqual([3, [7000, 1000]]);
  });

  it("is not tried again without end, and never where something changes", async () => {
    const gone = scripted();
    await expect(gone.client.listJobs()).rejects.toMatchObject({ status: null, detail: "fetch failed" });
    expect(gone.sent).toHaveLength(3);
    const change = scripted(problem(503));
    await expect(change.client.runJob({ job: "ingest" })).rejects.toMatchObject({ status: 503 });
    expect(change.sent).toHaveLength(1);
  });
});

it("hands the cursor of each page on, until there is none", async () => {
  const page = (nextCursor: string | null) => json({ runs: [], nextCursor });
  const { client, sent } = scripted(page("one"), page("two"), page(null));
  let pages = 0;
  for await (const _ of client.pages("listIngestionRuns", { limit: 5 })) pages++;
  expect(pages).toBe(3);
  expect(sent.map(({ url }) => new URL(url).search)).toEqual([
    "?limit=5",
    "?limit=5&cursor=one",
    "?limit=5&cursor=two",
  ]);
});
