import { describe, expect, it } from "vitest";
import { listAlerts, listDeliveries } from "../src/flows/alerts/list-alerts.ts";
import { muteAlerts } from "../src/flows/alerts/mute-alerts.ts";
import { alertPages } from "../src/flows/alerts/page-alerts.ts";
import { createStore } from "../src/store/store.ts";
import { type AlertWorld, CALLS_PER_DAY, startAlertWorld } from "./support/alert-world.ts";
import { type Engine, onEachEngine } from "./support/engines.ts";
import { insertDay } from "./support/service-days.ts";
import { checked } from "./support/store-data.ts";

const HOUR = 60;
const DAY = 24 * HOUR;
const unsent = (world: AlertWorld) => listDeliveries(world.store, ["ready", "failed", "dropped"], 50);
const list = (world: AlertWorld, all = false) =>
  listAlerts(world.store, { all, limit: 50, runbookUrl: "runbook", publicUrl: null }, world.now());

/** The newest hour is four hours and twenty minutes old: no data. */
async function outage(engine: Engine): Promise<AlertWorld> {
  const world = await startAlertWorld(engine);
  world.passMinutes(3 * HOUR);
  return world;
}

onEachEngine((engine) => {
  describe("an alert", () => {
    it("is told once on each of its channels, again after a day, and its end", async () => {
      const world = await startAlertWorld(engine);
      expect(await world.check()).toMatchObject({ open: [], messages: 0 });
      world.passMinutes(3 * HOUR);
      expect(await world.check()).toMatchObject({
        raised: [{ rule: "no-data", subject: "region:eu-central-1", since: "2026-11-23T14:00:00.000Z" }],
        messages: 2,
      });
      expect(await world.deliver()).toEqual({ sent: 2, waiting: 0, failed: 0, dropped: 0 });
      expect(world.slack.texts).toEqual([expect.stringMatching(/^\[critical\] No data for eu-central-1/)]);
      expect(world.pagerduty.incidents.size).toBe(1);

      world.passMinutes(DAY - 1);
      expect(await world.check()).toMatchObject({ raised: [], messages: 0 });
      world.passMinutes(1);
      expect(await world.tell()).toMatchObject({ sent: 2 });
      expect(world.slack.texts[1]).toMatch(/^\[critical\] Still: No data for eu-central-1/);

      await world.learn(80);
      expect(await world.check()).toMatchObject({ open: [], resolved: [{ rule: "no-data" }], messages: 2 });
      await world.deliver();
      expect(world.slack.texts[2]).toMatch(
        /^Resolved: No data for eu-central-1\. It is over\. It lasted 27 h 20 min/,
      );
      expect(world.pagerduty.incidents.size).toBe(0);
      expect(await world.tell()).toMatchObject({ sent: 0 });
      expect((await list(world)).alerts).toEqual([]);
      expect((await list(world, true)).alerts).toMatchObject([{ rule: "no-data", severity: "critical" }]);
    });

    it("that comes again is another one", async () => {
      const world = await outage(engine);
      await world.tell();
      await world.learn(80);
      await world.tell();
      world.passMinutes(4 * HOUR);
      await world.tell();
      const keys = world.pagerduty.events.map(
        ({ dedup_key, event_action }) => `${event_action} ${dedup_key}`,
      );
      expect(keys).toHaveLength(3);
      expect(new Set(keys).size).toBe(3);
    });

    it("found by two processes at once is told once each", async () => {
      const world = await outage(engine);
      const other = createStore(world.database);
      const found = await Promise.all([world.check(), world.check(undefined, other)]);
      expect(found.flatMap(({ raised }) => raised)).toHaveLength(1);
      await world.run("failed");
      const delivered = await Promise.all([
        world.deliver(undefined, "one"),
        world.deliver(undefined, "two", other),
        world.deliver(undefined, "three", other),
      ]);
      expect(delivered.reduce((sum, { sent }) => sum + sent, 0)).toBe(2);
      expect(world.slack.posts).toHaveLength(1);
      expect(world.pagerduty.posts).toHaveLength(1);
    });

    it("is told to a channel that is set up later", async () => {
      const world = await outage(engine);
      expect(await world.check([])).toMatchObject({ raised: [{ rule: "no-data" }], messages: 0 });
      expect(await world.tell()).toMatchObject({ sent: 2 });
      expect(world.slack.texts).toEqual([expect.stringMatching(/^\[critical\] No data/)]);
    });

    it("ends when its rule is switched off", async () => {
      const world = await outage(engine);
      await world.tell();
      world.rules["no-data"] = { ...world.rules["no-data"], enabled: false };
      expect(await world.check()).toMatchObject({ resolved: [{ rule: "no-data" }], messages: 2 });
    });
  });

  describe("three ingests in a row that fail", () => {
    it("are told, with what the last one said; others between them say nothing, and one that works ends it", async () => {
      const world = await startAlertWorld(engine);
      const failed = () => world.run("failed", { error: "Electricity Maps answered 500" });
      await world.run("complete");
      for (const step of [failed, failed, () => world.run("elsewhere")]) {
        world.passMinutes(1);
        await step();
      }
      expect((await world.check()).open).toEqual([]);
      world.passMinutes(1);
      await failed();
      expect((await world.check()).raised).toMatchObject([
        { rule: "ingest-failures", severity: "warning", since: "2026-11-23T14:21:00.000Z" },
      ]);
      await world.deliver();
      expect(world.slack.texts[0]).toMatch(
        /The last 3 ingests of eu-central-1 \(grid zone DE\) stored no grid intensity.*answered 500/,
      );
      expect(world.pagerduty.posts).toEqual([]);
      world.passMinutes(1);
      await world.run("partial");
      expect((await world.check()).resolved).toMatchObject([{ rule: "ingest-failures" }]);
    });
  });

  describe("intensity", () => {
    it("above 500 g/kWh is told once for the zone, and ends below 475", async () => {
      const world = await startAlertWorld(engine);
      for (const [gCO2ePerKWh, raised, resolved] of [
        [501, 1, 0],
        [480, 0, 0],
        [501, 0, 0],
        [474, 0, 1],
      ] as const) {
        world.passMinutes(HOUR);
        await world.learn(60, gCO2ePerKWh);
        const result = await world.check();
        expect([gCO2ePerKWh, result.raised.length, result.resolved.length]).toEqual([
          gCO2ePerKWh,
          raised,
          resolved,
        ]);
      }
      await world.deliver();
      expect(world.slack.texts).toEqual([
        expect.stringMatching(
          /^\[info\] High carbon intensity in DE\. The grid under eu-central-1 is at 501 g CO2e\/kWh/,
        ),
        expect.stringMatching(/^Resolved/),
      ]);
    });

    it("sample data raise nothing", async () => {
      const world = await outage(engine);
      await world.database.query("update co2e_store set data = 'sample'");
      expect(await world.check()).toMatchObject({ isSample: true, open: [], messages: 0 });
    });
  });

  describe("other rules", () => {
    it("requests nearly spent: of 10 a day none is left, and all again when they no longer count", async () => {
      const world = await startAlertWorld(engine);
      const { quota } = world.store;
      const perDay = [{ seconds: 86_400, calls: CALLS_PER_DAY }];
      await quota.take("electricity_maps", perDay, 9);
      // 1 of 10 is a tenth, not less.
      expect((await world.check()).open).toEqual([]);
      await quota.take("electricity_maps", perDay);
      expect((await world.check()).raised).toMatchObject([
        { rule: "quota-low", subject: "source:electricity_maps" },
      ]);
      await world.database.query("delete from source_call");
      expect((await world.check()).resolved).toMatchObject([{ rule: "quota-low" }]);
    });

    it("a reading that looks wrong waits, until a person has decided", async () => {
      const world = await startAlertWorld(engine);
      await world.store.readings.append([
        checked({ start: world.now(), gCO2ePerKWh: -3, suspect: ["negative"] }),
      ]);
      expect((await world.check()).raised).toMatchObject([
        { rule: "suspect-readings", severity: "warning", title: "A suspect reading waits" },
      ]);
      await world.database.query(
        `insert into intensity_review (reading_id, reviewed_at, reviewer, accept, reason)
         select reading_id, clock_timestamp(), 'anna', false, 'stuck' from intensity_reading where suspect <> '{}'`,
      );
      expect((await world.check()).resolved).toMatchObject([{ rule: "suspect-readings" }]);
    });

    it("a service that emitted twice as much per request yesterday as on the seven days before", async () => {
      const world = await startAlertWorld(engine);
      // 20 g for 100 requests a day, then 40 g: 0.2 and 0.4 g a request.
      for (const day of [15, 16, 17, 18, 19, 20, 21, 22])
        await insertDay(world.database, {
          service: "q2q-ai",
          region: "eu-central-1",
          day: `2026-11-${day}`,
          requests: 100,
          kWh: 0.1,
          coveredKWh: 0.1,
          g: day === 22 ? 40 : 20,
        });
      expect((await world.check()).raised).toMatchObject([
        {
          rule: "emissions-per-request",
          subject: "service:q2q-ai",
          since: "2026-11-22T00:00:00.000Z",
          title: "q2q-ai emits 100 % more per request",
        },
      ]);
    });
  });

  it("for the API alerts come in pages, the newest first, with whether they are muted", async () => {
    const world = await outage(engine);
    const { list: page } = alertPages(world.store);
    const ask = (state: "open" | "resolved" | "all", before: Parameters<typeof page>[0]["before"] = null) =>
      page({ state, before, limit: 1, now: world.now() });
    await world.check();
    world.passMinutes(1);
    for (let failures = 0; failures < 3; failures++) await world.run("failed");
    await world.check();
    await muteAlerts(
      world.store,
      { rule: "no-data", subject: null, hours: 1, reason: "test", mutedBy: "anna" },
      world.now(),
    );
    const [first] = await ask("open");
    expect(first).toMatchObject({ rule: "ingest-failures", isMuted: false, resolvedAt: null });
    const [second] = await ask("open", first);
    expect(second).toMatchObject({ rule: "no-data", isMuted: true });
    expect(await ask("open", second)).toEqual([]);
    await world.learn(80);
    await world.check();
    expect(await ask("resolved")).toMatchObject([
      { rule: "no-data", isMuted: false, resolvedAt: world.now() },
    ]);
    expect(await ask("all")).toMatchObject([{ rule: "ingest-failures" }]);
  });

  describe("a channel that is down", () => {
    it("loses nothing and holds up no other: tried after 1 minute, then 2, then taken, in order", async () => {
      const world = await outage(engine);
      world.slack.misbehave({ status: 500, body: "rollup_error" }, 2);
      expect(await world.tell()).toMatchObject({ sent: 1, waiting: 1 });
      expect(world.pagerduty.incidents.size).toBe(1);
      expect(await world.deliver()).toMatchObject({ sent: 0, waiting: 0 });
      world.passMinutes(1);
      expect(await world.deliver()).toMatchObject({ waiting: 1 });
      // Over before Slack heard of it: it hears of both, in order.
      await world.learn(80);
      await world.check();
      world.passMinutes(1);
      expect(await world.deliver()).toMatchObject({ sent: 1 });
      expect(world.slack.texts).toEqual([]);
      world.passMinutes(1);
      expect(await world.deliver()).toMatchObject({ sent: 2 });
      expect(world.slack.texts).toEqual([
        expect.stringMatching(/No data/),
        expect.stringMatching(/^Resolved/),
      ]);
      expect(world.pagerduty.incidents.size).toBe(0);
    });

    it.each(["hang", "reset"] as const)(
      "and may have taken the message (%s) gets it again",
      async (fault) => {
        const world = await outage(engine);
        world.pagerduty.misbehave(fault);
        await world.check();
        world.setHasty(true);
        expect(await world.deliver(["pagerduty"])).toMatchObject({ sent: 0, waiting: 1 });
        world.setHasty(false);
        world.passMinutes(1);
        expect(await world.deliver(["pagerduty"])).toMatchObject({ sent: 1 });
        expect(world.pagerduty.posts).toHaveLength(2);
        expect(world.pagerduty.incidents.size).toBe(1);
      },
    );

    it("for one message alone holds up no other", async () => {
      const world = await outage(engine);
      for (let failures = 0; failures < 3; failures++) await world.run("failed");
      world.slack.misbehave({ status: 500, body: "rollup_error" });
      await world.check();
      expect(await world.deliver(["slack"])).toMatchObject({ sent: 1, waiting: 1 });
    });

    it("that throttles is left alone for as long as it asks, with all of its messages", async () => {
      const world = await outage(engine);
      for (let failures = 0; failures < 3; failures++) await world.run("failed");
      world.slack.misbehave({ status: 429, body: "", headers: { "retry-after": "600" } });
      expect(await world.tell()).toMatchObject({ sent: 1, waiting: 1 });
      expect(world.slack.posts).toHaveLength(1);
      world.passMinutes(9);
      await world.deliver();
      expect(world.slack.posts).toHaveLength(1);
      world.passMinutes(1);
      expect(await world.deliver()).toMatchObject({ sent: 2 });
    });

    it("for a day is given up, visibly, and told of what goes on when its time comes", async () => {
      const world = await outage(engine);
      world.slack.answerWith(500, "rollup_error");
      await world.tell();
      for (let hours = 0; hours < 25; hours++) {
        world.passMinutes(HOUR);
        await world.deliver();
      }
      expect(await unsent(world)).toMatchObject([
        {
          channel: "slack",
          state: "failed",
          error: "given up after 24 hours: Slack answered 500 (rollup_error)",
        },
      ]);
      world.slack.answerWith(200, "ok");
      await world.tell();
      expect(world.slack.texts.at(-1)).toMatch(/^\[critical\] Still: No data/);
    });
  });

  describe("a message that is refused for good", () => {
    it("fails at once, visibly, and blocks no other", async () => {
      const world = await outage(engine);
      for (let failures = 0; failures < 3; failures++) await world.run("failed");
      world.slack.misbehave({ status: 400, body: "invalid_blocks" });
      expect(await world.tell()).toEqual({ sent: 2, waiting: 0, failed: 1, dropped: 0 });
      expect(await unsent(world)).toMatchObject([
        { state: "failed", attempts: 1, error: "Slack answered 400 (invalid_blocks)" },
      ]);
    });

    it("takes the message of its end along: nobody hears that something ended of which nobody heard", async () => {
      const world = await outage(engine);
      world.slack.misbehave({ status: 500, body: "" });
      await world.tell();
      await world.learn(80);
      await world.check();
      world.passMinutes(1);
      world.slack.misbehave({ status: 404, body: "no_service" });
      expect(await world.deliver(["slack"])).toEqual({ sent: 0, waiting: 0, failed: 1, dropped: 1 });
      expect(world.slack.texts).toEqual([]);
      expect((await unsent(world)).filter(({ channel }) => channel === "slack")).toMatchObject([
        { kind: "resolved", state: "dropped" },
        { kind: "firing", state: "failed" },
      ]);
    });
  });

  describe("a mute", () => {
    const mute = (world: AlertWorld, hours: number, subject: string | null = null) =>
      muteAlerts(
        world.store,
        { rule: "no-data", subject, hours, reason: "maintenance", mutedBy: "anna" },
        world.now(),
      );

    it("keeps an alert from being told, not from being kept; what is still wrong at its end is told", async () => {
      const world = await outage(engine);
      await mute(world, 4);
      expect(await world.check()).toMatchObject({ raised: [{ rule: "no-data" }], messages: 0 });
      expect((await list(world)).mutes).toMatchObject([{ reason: "maintenance", mutedBy: "anna" }]);
      world.passMinutes(4 * HOUR - 1);
      expect(await world.check()).toMatchObject({ messages: 0 });
      world.passMinutes(1);
      expect(await world.tell()).toMatchObject({ sent: 2 });
      expect(await world.tell()).toMatchObject({ sent: 0 });
    });

    it("of an alert that was told: no repetition meanwhile, one at its end, and one end by hand", async () => {
      const world = await outage(engine);
      await world.tell();
      const { id } = await mute(world, 48);
      world.passMinutes(DAY + 1);
      expect(await world.check()).toMatchObject({ messages: 0 });
      expect(await world.store.alertMutes.end(id, world.now())).toBe(true);
      expect(await world.store.alertMutes.end(id, world.now())).toBe(false);
      expect(await world.check()).toMatchObject({ messages: 2 });
    });

    it("does not keep the end of what was told: an incident must not stay open for ever", async () => {
      const world = await outage(engine);
      await world.tell();
      await mute(world, 48);
      await world.learn(80);
      await world.tell();
      expect(world.pagerduty.incidents.size).toBe(0);
    });

    it("of another subject mutes nothing here", async () => {
      const world = await outage(engine);
      await mute(world, 4, "region:us-east-1");
      expect(await world.check()).toMatchObject({ messages: 2 });
    });
  });

  it("Alertmanager is told again every 50 minutes, so that the alert does not end there by itself", async () => {
    const world = await outage(engine);
    const am = ["alertmanager"] as const;
    for (const minutes of [0, 49, 1, 60, 60]) {
      world.passMinutes(minutes);
      await world.check(am);
      await world.deliver(am);
      expect(world.alertmanager.firingAt(world.now() + 2 * HOUR * 60_000)).toHaveLength(1);
    }
    expect(world.alertmanager.alerts).toHaveLength(4);
    await world.learn(80);
    await world.check(am);
    await world.deliver(am);
    expect(world.alertmanager.firingAt(world.now())).toEqual([]);
  });

  it("whoever is stopped between sending and noting leaves the message to be sent again", async () => {
    const world = await outage(engine);
    await world.check();
    const { alertDeliveries } = world.store;
    const claimed = await alertDeliveries.claim("pagerduty", "dead", world.now(), 60);
    expect(claimed).toMatchObject({ kind: "firing", attempts: 1 });
    // The incident is there; nothing of it was noted.
    expect(await world.deliver(["pagerduty"])).toMatchObject({ sent: 0 });
    await world.database.query(
      "update alert_delivery set claimed_until = clock_timestamp() - interval '1 s'",
    );
    expect(await world.deliver(["pagerduty"])).toMatchObject({ sent: 1 });
    // The dead one comes back late: it has lost the message, and changes nothing.
    await alertDeliveries.tryAgainAt(claimed?.deliveryId ?? 0, "dead", world.now(), "late");
    expect(await listDeliveries(world.store, ["sent"], 5)).toMatchObject([
      { channel: "pagerduty", attempts: 2 },
    ]);
  });

  it("alerts that were resolved long ago are removed with their messages, open ones stay", async () => {
    const world = await outage(engine);
    await world.tell();
    expect(await world.store.alerts.removeOlderThan(1)).toBe(0);
    await world.learn(80);
    await world.tell();
    await world.database.query("update alert set resolved_at = clock_timestamp() - interval '49 hours'");
    expect(await world.store.alerts.removeOlderThan(3)).toBe(0);
    expect(await world.store.alerts.removeOlderThan(2)).toBe(1);
    expect(await listDeliveries(world.store, ["sent"], 5)).toEqual([]);
  });
});
