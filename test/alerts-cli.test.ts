import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { recordReadings } from "../src/flows/grid/record-readings.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { type FakePagerDuty, startFakePagerDuty } from "./fakes/pagerduty.ts";
import { type FakeSlack, startFakeSlack } from "./fakes/slack.ts";
import { onPostgres } from "./support/engines.ts";
import { runCo2e, startCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { checked, policyAt } from "./support/store-data.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const folder = temporaryFolder();
const config = join(folder, "co2e.yaml");
let slack: FakeSlack;
let pagerduty: FakePagerDuty;
beforeAll(async () => {
  [slack, pagerduty] = await Promise.all([startFakeSlack("T00/B00/cli-s3cret"), startFakePagerDuty(KEY)]);
  writeFileSync(
    config,
    `regions: [eu-central-1]\nalerts:\n  channels:\n    pager: { type: pagerduty, url: ${pagerduty.url} }\n`,
  );
});
afterAll(() => Promise.all([slack.close(), pagerduty.close()]));

describe("co2e alerts test", () => {
  const env = () => ({ CO2E_CONFIG: config, SLACK_WEBHOOK_URL: slack.webhookUrl });

  it("sends a message, and says by its exit code whether it was taken, never the address", async () => {
    const taken = await runCo2e(["alerts", "test", "slack"], env());
    expect([taken.exitCode, taken.stdout]).toEqual([0, "The channel slack took the test message.\n"]);
    expect(slack.texts).toEqual(["Test of the channel slack. co2e can reach you here. Nothing is wrong."]);
    slack.answerWith(404, "no_service");
    const refused = await runCo2e(["alerts", "test", "slack", "--json"], env());
    slack.answerWith(200, "ok");
    expect(refused.exitCode).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      sent: false,
      error: "Slack answered 404 (no_service)",
    });
    expect(refused.stdout + refused.stderr).not.toContain("cli-s3cret");
  });

  it("names what is missing", async () => {
    const unset = await runCo2e(["alerts", "test", "pager"], env());
    expect([unset.exitCode, unset.stderr]).toEqual([
      1,
      "co2e: The channel pager needs PAGERDUTY_ROUTING_KEY, which is not set.\n",
    ]);
  });
});

onPostgres((engine) => {
  it("SIGKILL while a message is sent: the next check sends it again, and it is one incident", async () => {
    const DATABASE_URL = await engine.emptyUrl();
    const env = { DATABASE_URL, CO2E_CONFIG: config, PAGERDUTY_ROUTING_KEY: KEY };
    expect((await runCo2e(["migrate"], env)).exitCode).toBe(0);
    const database = await openPostgres(DATABASE_URL);
    try {
      const now = instant(Date.now());
      const start = instant(Math.floor(now / HOUR_MS) * HOUR_MS - 5 * HOUR_MS);
      await recordReadings(
        createStore(database),
        {
          zone: "DE",
          regions: ["eu-central-1"],
          readings: [checked({ start, gCO2ePerKWh: 300, fetchedAt: now })],
          mixes: [],
        },
        policyAt(now),
      );
      // The incident is opened, and the answer never comes.
      const arrived = new Promise<void>((done) => pagerduty.onPost(done));
      pagerduty.misbehave("hang");
      const killed = startCo2e(["alerts", "check"], env);
      await arrived;
      killed.kill("SIGKILL");
      expect((await killed.ended).exitCode).toBeNull();
      expect(await database.query("select state, attempts from alert_delivery")).toEqual([
        { state: "sending", attempts: 1 },
      ]);
      // Others leave it alone for a minute, which is over.
      await database.query("update alert_delivery set claimed_until = clock_timestamp() - interval '1 s'");
      const next = await runCo2e(["alerts", "check", "--json"], env);
      expect(next.exitCode, next.stderr).toBe(0);
      expect(JSON.parse(next.stdout)).toMatchObject({
        check: { raised: [], open: [{ rule: "no-data", subject: "region:eu-central-1" }] },
        delivery: { sent: 1, waiting: 0, failed: 0 },
      });
      expect(pagerduty.posts).toHaveLength(2);
      expect(
        new Set(pagerduty.posts.map(({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key))
          .size,
      ).toBe(1);
      expect(pagerduty.incidents.size).toBe(1);
      const listed = await runCo2e(["alerts", "list"], env);
      expect(listed.stdout).toMatch(/^critical +no-data +region:eu-central-1 .*No data for eu-central-1$/m);
      const muted = await runCo2e(
        ["alerts", "mute", "--rule", "no-data", "--for", "4h", "--reason", "test", "--by", "anna"],
        env,
      );
      expect(muted.stdout).toMatch(/^Mute 1: no-data, every subject, until .* UTC, by anna: test$/m);
    } finally {
      await database.close();
    }
  });
});
