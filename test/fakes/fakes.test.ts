import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeServer, jsonAnswer, startFakeServer } from "./fake-server.ts";

const NOW = Date.UTC(2026, 7, 22, 17, 30);
const RIGHT = { rows: Array.from({ length: 50 }, (_, index) => ({ index, text: "gCO₂eq/kWh" })) };

let fake: FakeServer;
beforeEach(async () => {
  fake = await startFakeServer({ handler: () => jsonAnswer(200, RIGHT), clock: () => NOW });
});
afterEach(() => fake.close());

describe("the fake server", () => {
  it("records requests", async () => {
    await fetch(`${fake.url}/a/b?zone=DE&end=2026-08-22T00:00:00%2B00:00`, {
      headers: { "Auth-Token": "k" },
    });
    expect(fake.requests).toMatchObject([
      {
        method: "GET",
        path: "/a/b",
        query: { zone: "DE", end: "2026-08-22T00:00:00+00:00" },
        headers: { "auth-token": "k" },
        atMs: NOW,
      },
    ]);
  });

  it("answers right without faults", async () => {
    const response = await fetch(fake.url);
    expect(await response.json()).toEqual(RIGHT);
    expect(response.headers.get("date")).toBe(new Date(NOW).toUTCString());
  });

  it("applies faults in the order added, to matching requests, the given number of times", async () => {
    fake.faults.add({ fault: { kind: "status", status: 500 }, times: 2 });
    fake.faults.add({ fault: { kind: "status", status: 503 }, match: (request) => request.path === "/b" });
    const statuses: number[] = [];
    for (const path of ["/a", "/b", "/a", "/b", "/b"]) statuses.push((await fetch(fake.url + path)).status);
    expect(statuses).toEqual([500, 500, 200, 503, 200]);
    fake.faults.add({ fault: { kind: "status", status: 502 }, times: Infinity });
    expect((await fetch(fake.url)).status).toBe(502);
    expect((await fetch(fake.url)).status).toBe(502);
    fake.faults.clear();
    expect((await fetch(fake.url)).status).toBe(200);
  });

  it("reports its own failure as 500", async () => {
    const broken = await startFakeServer({
      handler: () => {
        throw new Error("script");
      },
    });
    const response = await fetch(broken.url);
    expect([response.status, await response.text()]).toEqual([
      500,
      '{"error":"The fake failed: Error: script"}',
    ]);
    await broken.close();
  });
});

describe("fault kinds as fetch sees them", () => {
  it("status", async () => {
    const headers = { "Retry-After": "7", "Content-Type": "text/plain" };
    fake.faults.add({ fault: { kind: "status", status: 429, body: "slow down", headers } });
    const response = await fetch(fake.url);
    expect([response.status, await response.text()]).toEqual([429, "slow down"]);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(response.headers.get("content-type")).toBe("text/plain");
  });

  it("slow", async () => {
    fake.faults.add({ fault: { kind: "slow", delayMs: 30 } });
    const startedAt = performance.now();
    expect(await (await fetch(fake.url)).json()).toEqual(RIGHT);
    expect(performance.now() - startedAt).toBeGreaterThan(25);
  });

  it("hang", async () => {
    fake.faults.add({ fault: { kind: "hang" } });
    await expect(fetch(fake.url, { signal: AbortSignal.timeout(40) })).rejects.toThrow(/timeout/);
  });

  it("stall-body", async () => {
    fake.faults.add({ fault: { kind: "stall-body" } });
    const controller = new AbortController();
    const response = await fetch(fake.url, { signal: controller.signal });
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    setTimeout(() => controller.abort(), 30);
    await expect(reader?.read()).rejects.toThrow("aborted");
  });

  it("html", async () => {
    fake.faults.add({ fault: { kind: "html" } });
    const response = await fetch(fake.url);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html"]);
    expect(await response.text()).toContain("<title>502 Bad Gateway</title>");
  });

  it("truncated", async () => {
    fake.faults.add({ fault: { kind: "truncated" } });
    const response = await fetch(fake.url);
    const whole = Buffer.byteLength(JSON.stringify(RIGHT));
    expect([response.status, response.headers.get("content-length")]).toEqual([200, String(whole)]);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(Math.floor(whole / 2));
    await expect(reader?.read()).rejects.toThrow("terminated");
  });

  it("cut-json", async () => {
    fake.faults.add({ fault: { kind: "cut-json" } });
    const response = await fetch(fake.url);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "application/json; charset=utf-8",
    ]);
    const text = await response.text();
    const whole = JSON.stringify(RIGHT);
    expect(text).toBe(whole.slice(0, whole.length / 2));
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it("reset", async () => {
    fake.faults.add({ fault: { kind: "reset" } });
    await expect(fetch(fake.url)).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    expect((await fetch(fake.url)).status).toBe(200);
    expect(fake.requests).toHaveLength(2);
  });

  it("close ends hanging and slow answers at once", async () => {
    const own = await startFakeServer({ handler: () => jsonAnswer(200, RIGHT) });
    own.faults.add({ fault: { kind: "hang" } });
    own.faults.add({ fault: { kind: "slow", delayMs: 60_000 } });
    const failures = [fetch(own.url), fetch(own.url)].map((call) =>
      expect(call).rejects.toThrow("fetch failed"),
    );
    while (own.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await own.close();
    await Promise.all(failures);
  });
});
