import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instant } from "../../src/core/time.ts";
import { acceptHours } from "../../src/ingest/accept.ts";
import { SOURCES } from "../../src/sources/registry.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { createStore } from "../../src/store/store.ts";
import { DAY_MS, HOUR_MS, hourFloor, MINUTE_MS } from "../fakes/time.ts";
import { contentOf } from "../support/ingest-world.ts";
import type { Noted, Order, Report } from "./messages.ts";
import { createOracle, type FoundHour, isSameValue, type Oracle } from "./oracle.ts";
import { type Providers, startProviders } from "./providers.ts";
import {
  CLEAN_HOURS,
  HISTORY_DAYS,
  isWithin,
  type Kill,
  LOOK_BACK_HOURS,
  MINUTE_OF_RUN,
  type Timeline,
  timelineOf,
  type WorldZone,
  worldZones,
} from "./world.ts";

export interface CampaignOptions {
  readonly zones: number;
  readonly days: number;
  readonly seed: number;
  /** An empty schema on PostgreSQL. */
  readonly databaseUrl: string;
  readonly timeoutMs?: number;
  /** An hour of a zone that is not as it should be after a run. */
  readonly onWrong?: (what: string) => void;
  readonly onHour?: (progress: {
    readonly hour: number;
    readonly hours: number;
    readonly wrong: number;
  }) => void;
}

type Counts = Readonly<Record<string, number>>;

/** `same` is the same for the same seed. `other` depends on which of four zones was quicker, and how quick all were. */
export interface CampaignReport {
  readonly same: {
    readonly zones: number;
    readonly regions: number;
    readonly days: number;
    readonly seed: number;
    readonly hours: {
      /** Of regions. */
      readonly expected: number;
      readonly present: number;
      readonly wrong: number;
      readonly missing: number;
      /** Nobody could give them, and they have no row. */
      readonly unreachable: number;
      /** Without anybody who gave them, and there. */
      readonly unfounded: number;
    };
    /** Hours of zones by the source that stands for them. */
    readonly hoursBySource: Counts;
    /** Hours of zones, counted once a run, that were not what they should be for a while. */
    readonly wrongForAWhile: Counts;
    readonly runs: number;
    readonly restarts: number;
    readonly kills: number;
    readonly suspects: Counts;
    readonly revisions: number;
    /** In runs that neither met an outage of the whole primary nor a kill. */
    readonly requests: number;
    readonly retries: number;
    readonly faults: Counts;
  };
  readonly other: {
    readonly requests: Counts;
    readonly retries: number;
    readonly faults: Counts;
    readonly breakersOpened: number;
    readonly sourcesFailed: Counts;
    /** Counted in the store and never seen by a provider: taken by a worker that was killed. */
    readonly requestsLostByKills: number;
    readonly seconds: number;
  };
  /** What must not be; empty when all is well. */
  readonly problems: readonly string[];
}

/** 2026-11-02, a Monday. */
const START_MS = Date.UTC(2026, 10, 2);
const MOST_PROBLEMS = 50;
/** A run that takes longer hangs. */
const LONGEST_ORDER_MS = 180_000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const campaign = await Campaign.prepare(options);
  try {
    return await campaign.run();
  } finally {
    await campaign.end();
  }
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #zones: readonly WorldZone[];
  readonly #timeline: Timeline;
  readonly #providers: Providers;
  readonly #database: Database;
  readonly #oracle: Oracle;
  readonly #folder: string;
  readonly #problems: string[] = [];
  readonly #faultyHours: number;
  #worker: Worker | undefined;
  #restarts = 0;
  #kills = 0;
  #runs = 0;
  readonly #wrongForAWhile: Record<string, number> = {};
  readonly #same = { requests: 0, retries: 0, faults: {} as Record<string, number> };
  readonly #all = {
    requests: {} as Record<string, number>,
    retries: 0,
    faults: {} as Record<string, number>,
    breakersOpened: 0,
    sourcesFailed: {} as Record<string, number>,
  };

  static async prepare(options: CampaignOptions): Promise<Campaign> {
    const zones = worldZones(options.seed, options.zones);
    const faultyHours = options.days * 24 - CLEAN_HOURS;
    const timeline = timelineOf(options.seed, zones, START_MS, faultyHours);
    const providers = await startProviders({ seed: options.seed, zones, timeline, startMs: START_MS });
    const database = await openPostgres(options.databaseUrl);
    await migrate(database);
    return new Campaign(options, zones, timeline, providers, database);
  }

  constructor(
    options: CampaignOptions,
    zones: readonly WorldZone[],
    timeline: Timeline,
    providers: Providers,
    database: Database,
  ) {
    this.#options = options;
    this.#zones = zones;
    this.#timeline = timeline;
    this.#providers = providers;
    this.#database = database;
    this.#faultyHours = options.days * 24 - CLEAN_HOURS;
    this.#folder = mkdtempSync(join(tmpdir(), "co2e-campaign-"));
    const covers = (source: string, { key, wattTimeRegion, isInPlan }: WorldZone): boolean =>
      SOURCES.find(({ description }) => description.name === source)?.description.covers({
        key,
        wattTimeRegion,
      }) === true &&
      (source !== "watttime" || isInPlan);
    this.#oracle = createOracle({ zones, timeline, startMs: START_MS }, providers, covers);
  }

  async end(): Promise<void> {
    await this.#worker?.stop();
    await this.#providers.close();
    await this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async run(): Promise<CampaignReport> {
    const startedMs = performance.now();
    await this.#backfill();
    const hours = this.#options.days * 24;
    for (let hour = 0; hour < hours; hour++) {
      const hourMs = START_MS + hour * HOUR_MS;
      const nowMs = hourMs + MINUTE_OF_RUN * MINUTE_MS;
      this.#providers.setFaulty(hour < this.#faultyHours);
      if (this.#timeline.restarts.has(hourMs)) {
        await this.#worker?.stop();
        this.#worker = undefined;
        this.#restarts++;
      }
      await this.#hour(nowMs, this.#timeline.kills.get(hourMs));
      const wrong = await this.#lookAt(nowMs);
      this.#options.onHour?.({ hour, hours, wrong });
    }
    const lastMs = START_MS + (hours - 1) * HOUR_MS + MINUTE_OF_RUN * MINUTE_MS;
    const found = await this.#verify(lastMs);
    await this.#expectNothingNew(lastMs);
    await this.#verifyAcceptRule(lastMs);
    const requestsLostByKills = await this.#verifyCounts();
    const { same, all } = { same: this.#same, all: this.#all };
    return {
      same: {
        zones: this.#zones.length,
        regions: this.#zones.reduce((sum, zone) => sum + zone.regions.length, 0),
        days: this.#options.days,
        seed: this.#options.seed,
        ...found,
        wrongForAWhile: this.#wrongForAWhile,
        runs: this.#runs,
        restarts: this.#restarts,
        kills: this.#kills,
        ...(await this.#evidence()),
        ...same,
        faults: sorted(same.faults),
      },
      other: {
        ...all,
        faults: sorted(all.faults),
        requestsLostByKills,
        seconds: Math.round((performance.now() - startedMs) / 100) / 10,
      },
      problems: this.#problems,
    };
  }

  // The program

  async #order(order: Order): Promise<Report | "killed"> {
    this.#worker ??= await Worker.start(this.#environment(), order.nowMs);
    const report = await this.#worker.order(order);
    if (report === "killed" || report.kind === "broke") this.#worker = undefined;
    return report;
  }

  #environment(): Record<string, string> {
    const path = join(this.#folder, "co2e.yaml");
    // JSON is YAML too.
    const settings = {
      regions: Object.fromEntries(
        this.#zones.flatMap(({ regionKeys, wattTimeRegion }) =>
          regionKeys.map((key) => [key, wattTimeRegion === null ? null : { wattTimeRegion }]),
        ),
      ),
      lookBackHours: LOOK_BACK_HOURS,
      // A simulated hour takes a second or two: what is a minute there is nothing here.
      quota: Object.fromEntries(
        SOURCES.map(({ description }) => [description.name, { perMinute: null, perDay: null }]),
      ),
    };
    writeFileSync(path, JSON.stringify(settings));
    return {
      DATABASE_URL: this.#options.databaseUrl,
      CO2E_CONFIG: path,
      CO2E_TIMEOUT_MS: String(this.#options.timeoutMs ?? 1500),
      CO2E_RETRY_DELAY_MS: "1",
      ...this.#providers.environment,
    };
  }

  async #backfill(): Promise<void> {
    const nowMs = START_MS - HOUR_MS + MINUTE_OF_RUN * MINUTE_MS;
    this.#providers.setClock(nowMs);
    this.#providers.setFaulty(false);
    this.#providers.beginRun();
    const toMs = hourFloor(nowMs);
    const report = await this.#order({ kind: "backfill", nowMs, fromMs: toMs - HISTORY_DAYS * DAY_MS, toMs });
    if (report === "killed" || report.kind !== "backfilled")
      this.#problem(`the backfill ended with ${text(report)}`);
    this.#learn(nowMs, false);
  }

  async #hour(nowMs: number, kill: Kill | undefined): Promise<void> {
    this.#providers.setClock(nowMs);
    const isOutage = isWithin(nowMs, this.#timeline.outages);
    let wasKilled = false;
    if (kill) {
      wasKilled = await this.#killedRun(nowMs, kill);
      if (!wasKilled) this.#runs++;
    }
    if (wasKilled || !kill) {
      const report = await this.#ingest(nowMs);
      this.#runs++;
      this.#count(report, { isRepeatable: !isOutage && !kill });
    }
  }

  /** Whether the worker was killed; a run may be over before the moment comes. */
  async #killedRun(nowMs: number, kill: Kill): Promise<boolean> {
    this.#worker ??= await Worker.start(this.#environment(), nowMs);
    this.#providers.beginRun();
    const worker = this.#worker;
    if (kill.kind === "held") {
      const victims = new Set(this.#zones.slice(kill.first, kill.first + 4).map(({ key }) => key));
      const waiting = new Set<string>();
      this.#providers.hold(victims, (zone) => {
        waiting.add(zone);
        if (waiting.size === victims.size) worker.kill();
      });
    } else {
      this.#providers.onRequest = (count) => {
        if (count === kill.requests) worker.kill();
      };
    }
    const report = await this.#order({ kind: "ingest", nowMs });
    this.#providers.hold(new Set(), () => {});
    this.#providers.onRequest = undefined;
    this.#learn(nowMs, this.#isFaulty(nowMs));
    if (report !== "killed") {
      this.#count(report, { isRepeatable: false });
      return false;
    }
    this.#kills++;
    this.#count(undefined, { isRepeatable: false });
    // Half a minute passes, and the zones that it had taken are free again.
    await this.#database.query("update lease set expires_at = '-infinity'");
    return true;
  }

  async #ingest(nowMs: number): Promise<Report | "killed"> {
    this.#providers.beginRun();
    const report = await this.#order({ kind: "ingest", nowMs });
    if (report === "killed" || report.kind !== "ingested") this.#problem(`a run ended with ${text(report)}`);
    this.#learn(nowMs, this.#isFaulty(nowMs));
    return report;
  }

  readonly #isFaulty = (nowMs: number): boolean => nowMs < START_MS + this.#faultyHours * HOUR_MS;

  #learn(nowMs: number, isFaulty: boolean): void {
    this.#oracle.learn(nowMs, this.#providers.deliveriesOfRun(), isFaulty);
    addTo(this.#all.requests, this.#providers.requestsOfRun());
    addTo(this.#all.faults, this.#providers.faultsOfRun());
  }

  #count(report: Report | "killed" | undefined, { isRepeatable }: { readonly isRepeatable: boolean }): void {
    const sent = Object.values(this.#providers.requestsOfRun()).reduce((sum, count) => sum + count, 0);
    let noted: Noted | undefined;
    if (report !== undefined && report !== "killed" && report.kind === "ingested") {
      noted = report.noted;
      const callsByZone = new Map(report.result.regions.map(({ zone, calls }) => [zone, calls]));
      const calls = [...callsByZone.values()].reduce((sum, count) => sum + count, 0);
      if (calls !== sent)
        this.#problem(`a run says that it sent ${calls} requests; the providers saw ${sent}`);
      if (report.result.outcome === "store-failed") this.#problem("a run could not store something");
      for (const { region, failure, error } of report.result.regions)
        if (failure === "not-stored" || error?.includes("unexpected fault"))
          this.#problem(`${region}: ${failure} ${error}`);
    }
    this.#all.retries += noted?.retries ?? 0;
    this.#all.breakersOpened += noted?.breakersOpened ?? 0;
    addTo(this.#all.sourcesFailed, noted?.sourcesFailed ?? {});
    if (!isRepeatable) return;
    this.#same.requests += sent;
    this.#same.retries += noted?.retries ?? 0;
    addTo(this.#same.faults, this.#providers.faultsOfRun());
  }

  // What must be

  #problem(what: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(what);
  }

  #rows(where: string): Promise<FoundHour[]> {
    return this.#database.query<FoundHour>(
      `select region, (extract(epoch from timestamp) * 1000)::float8 as ms, gco2_per_kwh as g, source,
              metadata->>'basis' as basis
       from co2e_emissions where ${where}`,
    );
  }

  /** After each run: how many hours of zones are not as they should be, for a while or for ever. */
  async #lookAt(nowMs: number): Promise<number> {
    const sinceMs = hourFloor(nowMs) - (LOOK_BACK_HOURS - 1) * HOUR_MS;
    const found = await this.#rows(`timestamp >= to_timestamp(${sinceMs / 1000})`);
    const byRegion = new Map(found.map((row) => [`${row.region} ${row.ms}`, row]));
    let wrong = 0;
    for (const { key, regions } of this.#zones) {
      const stuck = this.#timeline.stuck.get(key) ?? [];
      for (let hour = sinceMs; hour <= nowMs; hour += HOUR_MS) {
        const expected = this.#oracle.expected(key, hour);
        const row = byRegion.get(`${regions[0]} ${hour}`);
        const isRight = expected === undefined ? row === undefined : row !== undefined && isAs(row, expected);
        if (isRight) continue;
        wrong++;
        const isStuck = isWithin(hour, stuck);
        const what = row === undefined ? "missing" : expected === undefined ? "unfounded" : "another value";
        const name = `${what}${isStuck ? ", of a stuck feed" : ""}`;
        this.#wrongForAWhile[name] = (this.#wrongForAWhile[name] ?? 0) + 1;
        this.#options.onWrong?.(
          `${isoHour(nowMs)}: ${key} ${isoHour(hour)} ${name}: ${text(row)}; was given ${text(expected)}`,
        );
      }
    }
    return wrong;
  }

  async #verify(nowMs: number) {
    const found = new Map((await this.#rows("true")).map((row) => [`${row.region} ${row.ms}`, row]));
    const hours = { expected: 0, present: 0, wrong: 0, missing: 0, unreachable: 0, unfounded: 0 };
    const hoursBySource: Record<string, number> = {};
    const firstMs = START_MS - HOUR_MS - HISTORY_DAYS * DAY_MS;
    let rows = 0;
    for (const zone of this.#zones) {
      for (let hour = firstMs; hour <= nowMs; hour += HOUR_MS) {
        const expected = this.#oracle.expected(zone.key, hour);
        const could = this.#oracle.couldBeHad(zone.key, hour);
        for (const [index, region] of zone.regions.entries()) {
          const row = found.get(`${region} ${hour}`);
          const where = `${zone.key}, ${region}, ${isoHour(hour)}`;
          if (row) rows++;
          if (expected === undefined && could === false) {
            hours.unreachable++;
            if (row) hours.unfounded++;
            if (row) this.#problem(`${where}: nobody gave it, and it says ${text(row)}`);
            continue;
          }
          hours.expected++;
          if (row === undefined) {
            hours.missing++;
            this.#problem(`${where}: missing; could be had ${could}, was given ${text(expected)}`);
          } else if (expected === undefined || !isAs(row, expected)) {
            hours.wrong++;
            this.#problem(`${where}: ${text(row)}; was given ${text(expected)}`);
          } else {
            hours.present++;
            if (could === "by the primary" && row.source !== "electricity_maps")
              this.#problem(`${where}: ${text(row)} though the primary had it`);
            if ((row.basis === null) !== (row.source === "electricity_maps"))
              this.#problem(`${where}: the basis of ${text(row)}`);
          }
          if (row && index === 0) hoursBySource[row.source] = (hoursBySource[row.source] ?? 0) + 1;
        }
      }
    }
    if (rows !== found.size)
      this.#problem(`${found.size - rows} rows of hours or regions that nobody asked for`);
    return { hours, hoursBySource: sorted(hoursBySource) };
  }

  /** The rows say what the rule makes of the evidence. */
  async #verifyAcceptRule(nowMs: number): Promise<void> {
    const store = createStore(this.#database);
    const policy = {
      factorType: "lifecycle",
      sourceOrder: SOURCES.map(({ description }) => description.name),
      basis: "fill",
      fillsAfterHours: Object.fromEntries(
        SOURCES.map(({ description }) => [description.name, description.fillsAfterHours]),
      ),
      now: instant(nowMs),
    } as const;
    for (const { key, regions } of this.#zones) {
      const hours = [];
      for (let at = START_MS - (HISTORY_DAYS + 1) * DAY_MS; at <= nowMs; at += HOUR_MS)
        hours.push(instant(at));
      const accepted = acceptHours(hours, await store.readings.candidates(key, hours), policy);
      for (const region of regions) {
        const rows = await this.#database.query<{ ms: number; g: number; source: string; ids: string[] }>(
          `select (extract(epoch from timestamp) * 1000)::float8 as ms, gco2_per_kwh as g, source,
                  metadata->'reading_ids' as ids from co2e_emissions where region = $1 order by timestamp`,
          [region],
        );
        const wanted = [...accepted.values()].map(({ hour, gCO2ePerKWh, source, readingIds }) =>
          text({ ms: hour, g: gCO2ePerKWh, source, ids: readingIds }),
        );
        const known = new Set(rows.map((row) => text(row)));
        const differing = wanted.filter((row) => !known.has(row));
        if (differing.length > 0 || wanted.length !== rows.length)
          this.#problem(
            `${region}: ${rows.length} rows, ${wanted.length} by the rule; e.g. ${differing[0] ?? "(none of these)"}`,
          );
      }
    }
  }

  async #expectNothingNew(nowMs: number): Promise<void> {
    const before = JSON.stringify(await contentOf(this.#database));
    const report = await this.#ingest(nowMs);
    if (report !== "killed" && report.kind === "ingested" && report.result.outcome !== "complete")
      this.#problem(`the last run ended ${report.result.outcome}`);
    if (JSON.stringify(await contentOf(this.#database)) !== before)
      this.#problem("ingesting once more changed what is stored");
  }

  /** The store counts each request before it is sent. */
  async #verifyCounts(): Promise<number> {
    const counted = await this.#database.query<{ source: string; calls: number }>(
      "select source, sum(calls)::float8 as calls from source_calls group by source",
    );
    let lost = 0;
    for (const { source, calls } of counted) {
      const missing = calls - (this.#all.requests[source] ?? 0);
      if (missing < 0) this.#problem(`${source} saw ${-missing} requests more than the store counted`);
      lost += missing;
    }
    if (lost > 4 * this.#kills) this.#problem(`the store counted ${lost} requests that no provider saw`);
    return lost;
  }

  async #evidence(): Promise<{ suspects: Counts; revisions: number }> {
    const suspects = await this.#database.query<{ reason: string; n: number }>(
      "select reason, count(*)::int as n from intensity_reading, unnest(suspect) as reason group by reason",
    );
    const [revisions] = await this.#database.query<{ n: number }>(
      "select count(*)::int as n from intensity_reading where revision > 1",
    );
    return {
      suspects: sorted(Object.fromEntries(suspects.map(({ reason, n }) => [reason, n]))),
      revisions: revisions?.n ?? 0,
    };
  }
}

/** The program in a process of its own. */
class Worker {
  readonly #process: ChildProcess;
  #answer: ((report: Report | "killed") => void) | undefined;

  static async start(environment: Readonly<Record<string, string>>, nowMs: number): Promise<Worker> {
    const worker = new Worker();
    const report = await worker.order({ kind: "open", environment, nowMs });
    if (report === "killed" || report.kind !== "opened")
      throw new Error(`the worker did not start: ${text(report)}`);
    return worker;
  }

  constructor() {
    this.#process = fork(new URL("./worker.ts", import.meta.url), {
      execArgv: ["--import", "tsx"],
      env: { PATH: process.env.PATH ?? "" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (report: Report) => this.#tell(report));
    this.#process.once("exit", (code, signal) =>
      this.#tell(
        signal === "SIGKILL"
          ? "killed"
          : { kind: "broke", error: `the process ended with ${code ?? signal}` },
      ),
    );
  }

  #tell(report: Report | "killed"): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(report);
  }

  order(order: Order): Promise<Report | "killed"> {
    return new Promise((done) => {
      const overdue = setTimeout(() => {
        this.#tell({ kind: "broke", error: `no report within ${LONGEST_ORDER_MS / 1000} s` });
        this.kill();
      }, LONGEST_ORDER_MS);
      this.#answer = (report) => {
        clearTimeout(overdue);
        done(report);
      };
      this.#process.send(order);
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  stop(): Promise<void> {
    return new Promise((done) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) return done();
      this.#process.once("exit", () => done());
      this.#process.kill("SIGTERM");
    });
  }
}

const isoHour = (ms: number): string => new Date(ms).toISOString().slice(0, 13);
const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";
const isAs = (row: FoundHour, expected: { readonly source: string; readonly value: number }): boolean =>
  row.source === expected.source && isSameValue(row.g, expected.value);

function addTo(counts: Record<string, number>, more: Counts): void {
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
}

const sorted = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
