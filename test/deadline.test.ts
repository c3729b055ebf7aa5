import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { instant } from "../src/core/time.ts";
import { createHttp } from "../src/sources/http.ts";
import { type FakeServer, jsonAnswer, startFakeServer } from "./fakes/fake-server.ts";

// The fault campaign hung on this: with AbortSignal.timeout a garbage collection while a body stalls ends the deadline.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let fake: FakeServer;
beforeAll(async () => {
  fake = await startFakeServer({ handler: () => jsonAnswer(200, { some: "body", of: "two parts" }) });
});
afterAll(() => fake.close());

it.each(["hang", "stall-body"] as const)(
  "the deadline holds for a provider that answers with %s, whatever memory is collected meanwhile",
  async (kind) => {
    fake.faults.add({ fault: { kind }, times: 5 });
    const clock = () => instant(Date.now());
    const http = createHttp({ fetch, clock, timeoutMs: 300, attempts: 1, retryDelayMs: 0 });
    const collecting = setInterval(collectGarbage, 20);
    const asked = Array.from({ length: 5 }, () =>
      http
        .get({ source: "watttime", url: new URL(fake.url), headers: {} })
        .catch((error: Error) => error.message),
    );
    const answers = await Promise.all(asked);
    clearInterval(collecting);
    expect(new Set(answers)).toEqual(new Set(["watttime gave no complete answer within 0.3 s"]));
  },
  20_000,
);
