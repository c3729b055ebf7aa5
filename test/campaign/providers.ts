import { lbPerMwhToGPerKwh } from "../../src/core/units.ts";
import { startFakeEia } from "../fakes/eia.ts";
import { startFakeElectricityMaps } from "../fakes/electricity-maps.ts";
import { startFakeEnerginet } from "../fakes/energinet.ts";
import { startFakeEnergyCharts } from "../fakes/energy-charts.ts";
import { startFakeEntsoe } from "../fakes/entsoe.ts";
import { type FakeServer, type Fault, nginxAnswer, type RecordedRequest } from "../fakes/fake-server.ts";
import { startFakeGbCarbonIntensity } from "../fakes/gb-carbon-intensity.ts";
import { HOUR_MS, hourFloor, MINUTE_MS, parseIso } from "../fakes/time.ts";
import { startFakeWatttime } from "../fakes/watttime.ts";
import { chanceOf } from "../support/chance.ts";
import type { Delivered } from "./deliveries.ts";
import { BIDDING_ZONES, computedIntensity, EIA_FUELS, ENTSOE_FUELS, fuelsOf, RESPONDENTS } from "./fuels.ts";
import { gridOf, isWithin, primaryOf, type Timeline, type WorldZone } from "./world.ts";

export const KEY = "em_live_campaign_s3cret";
export const PASSWORD = "w4tt-campaign-p4ssword";
export const EIA_KEY = "eia-campaign-s3cret";
export const ENTSOE_TOKEN = "entsoe-campaign-s3cret";

const PRIMARY = "electricity_maps";

export interface Providers {
  /** The environment with which the program finds them. */
  readonly environment: Readonly<Record<string, string>>;
  setClock(ms: number): void;
  /** A run of the program begins: faults are drawn by run, provider, zone and number of the request. */
  beginRun(): void;
  /** From now on, or not: faults, outages, stuck feeds. */
  setFaulty(isFaulty: boolean): void;
  /** Requests about these zones get no answer any more. Called with each of them when its first one comes. */
  hold(zones: ReadonlySet<string>, onHeld: (zone: string) => void): void;
  /** Called for every request, with how many there were in this run. */
  onRequest: ((count: number) => void) | undefined;
  /** Requests of the run so far, by source. */
  requestsOfRun(): Readonly<Record<string, number>>;
  faultsOfRun(): Readonly<Record<string, number>>;
  /** What the run was given. */
  deliveriesOfRun(): readonly Delivered[];
  /** The mean of the hour as this source says it. */
  hourOf(source: string, zone: WorldZone, hourMs: number): number;
  /** Where in Electricity Maps the mix of an hour comes from, MW. */
  mixOf(zone: string, hourMs: number): Record<string, number>;
  close(): Promise<void>;
}

/** What happens to a request, instead of or beside its right answer. */
type Mischief =
  | { readonly kind: string; readonly fault: Fault; readonly arrives?: boolean }
  | { readonly kind: string; readonly spoil: Spoil };
type Spoil = "nulls" | "zeros" | "negative" | "absurd" | "unit-slip" | "wrong-zone";

const status = (code: number, headers?: Record<string, string>, body?: string): Fault => ({
  kind: "status",
  status: code,
  ...(headers === undefined ? {} : { headers }),
  ...(body === undefined ? {} : { body }),
});
const page = nginxAnswer(403, "Forbidden").body;

/** Per thousand requests of any kind. */
const MISCHIEF: readonly (readonly [number, Mischief])[] = [
  [5, { kind: "slow", fault: { kind: "slow", delayMs: 15 }, arrives: true }],
  [0.7, { kind: "no answer", fault: { kind: "hang" } }],
  [0.7, { kind: "stalled body", fault: { kind: "stall-body" } }],
  [5, { kind: "reset", fault: { kind: "reset" } }],
  [3, { kind: "truncated", fault: { kind: "truncated" } }],
  [3, { kind: "cut JSON", fault: { kind: "cut-json" } }],
  [4, { kind: "HTML", fault: { kind: "html" } }],
  [3, { kind: "500", fault: status(500) }],
  [2, { kind: "502", fault: status(502, { "content-type": "text/html" }, page) }],
  [3, { kind: "503", fault: status(503, { "retry-after": "0.01" }) }],
  [4, { kind: "429", fault: status(429) }],
  [3, { kind: "429, Retry-After", fault: status(429, { "retry-after": "0.02" }) }],
  [1, { kind: "429, Retry-After of 10 min", fault: status(429, { "retry-after": "600" }) }],
  [2, { kind: "empty body", fault: status(200, {}, "") }],
  [2, { kind: "malformed body", fault: status(200, {}, '{"zone":"DE","history":[{"x":1}],"data":7}') }],
  [1, { kind: "400", fault: status(400, {}, '{"error":"bad request"}') }],
  [1, { kind: "403", fault: status(403, { "content-type": "text/html" }, page) }],
];
/** Per thousand requests for intensities of the primary. */
const SPOILS: readonly (readonly [number, Spoil])[] = [
  [8, "nulls"],
  [8, "zeros"],
  [4, "negative"],
  [4, "absurd"],
  [6, "unit-slip"],
  [6, "wrong-zone"],
];
const WITH_HOLES = ["energy_charts", "gb_carbon_intensity", "energinet"];
/** Of a request and all that repeat it. */
const LASTING_PER_THOUSAND = 4;
/** Per thousand requests of the primary that follow one which it has answered. */
const HASTE_PER_THOUSAND = 3;

export async function startProviders(world: {
  readonly seed: number;
  readonly zones: readonly WorldZone[];
  readonly timeline: Timeline;
  /** Of the first hour. */
  readonly startMs: number;
}): Promise<Providers> {
  const { seed, zones, timeline, startMs } = world;
  let nowMs = 0;
  let isFaulty = false;
  let held: ReadonlySet<string> = new Set();
  let onHeld: (zone: string) => void = () => {};
  const clock = (): number => nowMs;
  const byKey = new Map(zones.map((zone) => [zone.key, zone]));

  // Truths, by source.
  const primary = new Map(zones.map(({ key }) => [key, primaryOf(seed, key)]));
  const memo = <Value>(make: (name: string) => Value): ((name: string) => Value) => {
    const known = new Map<string, Value>();
    return (name) => {
      const value = known.get(name) ?? make(name);
      known.set(name, value);
      return value;
    };
  };
  const grid = memo((name) => gridOf(seed, name));
  const charts = (zone: string, ms: number): number => Math.round(grid(`charts ${zone}`)(ms) * 4) / 4 + 0.05;
  const british = (ms: number): number => Math.round(grid("british")(ms) / 2);
  const danish = (area: string, ms: number): number =>
    Math.round(grid(`danish ${area}`)(ms) * 10) / 20 + 0.01;
  const aoer = (region: string, ms: number): number =>
    Math.round(grid(`aoer ${region}`)(ms) * 20) / 10 + 0.03;
  const moer = (region: string, ms: number): number =>
    Math.round(grid(`moer ${region}`)(ms) * 20) / 10 + 0.07;
  const mixOf = (zone: string, hourMs: number): Record<string, number> => ({
    wind: Math.round(grid(`mix wind ${zone}`)(hourMs)),
    coal: Math.round(grid(`mix coal ${zone}`)(hourMs)),
    nuclear: Math.round(grid(`mix nuclear ${zone}`)(hourMs)),
  });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const slots = (hourMs: number, minutes: number): number[] =>
    Array.from({ length: 60 / minutes }, (_, index) => hourMs + index * minutes * MINUTE_MS);

  // What is spoilt in the answer that is being made. Each request is answered within one turn of the event loop.
  let spoiltHours: ReadonlySet<number> = new Set();
  const unlessSpoilt = (ms: number, value: number): number | null =>
    spoiltHours.has(hourFloor(ms)) ? null : value;

  const maps = await startFakeElectricityMaps({
    keys: [KEY],
    clock,
    zones: Object.fromEntries(
      zones.map(({ key }) => [
        key,
        {
          // Every hour that is asked for is set before it is answered.
          intensity: (ms: number, factorType: string) =>
            factorType === "direct" ? 1 : (primary.get(key)?.(ms, nowMs).value ?? null),
          estimatedFromMs: () => Number.POSITIVE_INFINITY,
          mix: (ms: number) => mixOf(key, ms),
        },
      ]),
    ),
  });
  for (const { key, hasNoPast } of zones) if (hasNoPast) maps.forbidZone(key, ["past-range", "past"]);
  const energyCharts = await startFakeEnergyCharts({
    clock,
    countries: Object.fromEntries(
      zones.map(({ key }) => [
        key.toLowerCase(),
        { co2eq: (ms: number) => unlessSpoilt(ms, charts(key, ms)) },
      ]),
    ),
  });
  const gb = await startFakeGbCarbonIntensity({
    clock,
    national: {
      forecast: (ms) => unlessSpoilt(ms, british(ms) + 7),
      actual: (ms) => unlessSpoilt(ms, british(ms)),
    },
  });
  const energinet = await startFakeEnerginet({
    clock,
    areas: Object.fromEntries(
      ["DK1", "DK2"].map((area) => [area, (ms: number) => unlessSpoilt(ms, danish(area, ms))]),
    ),
    requestLimit: 1e9,
  });
  const eia = await startFakeEia({
    keys: [EIA_KEY],
    clock,
    respondents: Object.fromEntries(
      [...RESPONDENTS.values()].map((name) => [name, (ms: number) => fuelsOf(grid, EIA_FUELS, name, ms)]),
    ),
    requestLimit: 1e9,
  });
  const entsoe = await startFakeEntsoe({
    tokens: [ENTSOE_TOKEN],
    clock,
    zones: Object.fromEntries(
      [...BIDDING_ZONES.values()].map((name) => [
        name,
        { generation: (ms: number) => fuelsOf(grid, ENTSOE_FUELS, name, hourFloor(ms)) },
      ]),
    ),
    requestLimit: 1e9,
  });
  const inPlan = new Set(
    zones.filter(({ isInPlan }) => isInPlan).map(({ wattTimeRegion }) => wattTimeRegion),
  );
  const watttime = await startFakeWatttime({
    username: "freddo",
    password: PASSWORD,
    clock,
    regions: Object.fromEntries(
      [...inPlan].map((region) => [
        region,
        {
          moerLbsPerMwh: (ms: number) => moer(region ?? "", ms),
          aoerLbsPerMwh: (ms: number) => aoer(region ?? "", ms),
          // Marginal data of a few regions shows that it never stands in; that of all would only take time.
          moerPublishedUpToMs: (now: number) =>
            ["WT_DE", "WT_US-MIDA-PJM"].includes(region ?? "") ? now : 0,
        },
      ]),
    ),
    requestLimit: 1e9,
    loginLimit: 1e9,
  });
  const servers: readonly (readonly [string, FakeServer])[] = [
    [PRIMARY, maps],
    ["energy_charts", energyCharts],
    ["gb_carbon_intensity", gb],
    ["energinet", energinet],
    ["eia", eia],
    ["entsoe", entsoe],
    ["watttime", watttime],
  ];

  // What a request asks for.
  const keyOf = (byZone: ReadonlyMap<string, string>, name: string): string =>
    [...byZone].find(([, other]) => other === name)?.[0] ?? "";
  function askedOf(source: string, { path, query }: RecordedRequest) {
    const past = /past-range/.test(path);
    const iso = (text: string | undefined): number => parseIso(text)?.ms ?? Number.NaN;
    switch (source) {
      case PRIMARY: {
        const zone = query.zone ?? "";
        const what = path.includes("carbon-intensity") ? "intensity" : "mix";
        const fromMs = past ? iso(query.start) : hourFloor(nowMs) - 23 * HOUR_MS;
        const toMs = past ? iso(query.end) : nowMs;
        return { zone, what: past ? `${what}, older` : what, fromMs, toMs };
      }
      case "energy_charts":
        return {
          zone: (query.country ?? "").toUpperCase(),
          what: "",
          fromMs: iso(query.start),
          toMs: iso(query.end),
        };
      case "gb_carbon_intensity": {
        const [, , from, to] = path.split("/");
        return { zone: "GB", what: "", fromMs: iso(from), toMs: iso(to) };
      }
      case "energinet": {
        const area = /DK[12]/.exec(query.filter ?? "")?.[0] ?? "";
        return { zone: `DK-${area}`, what: "", fromMs: iso(query.start), toMs: iso(query.end) };
      }
      case "eia": {
        // Named by their ends, and a day more on both sides.
        const zone = keyOf(RESPONDENTS, query["facets[respondent][]"] ?? "");
        const [start = "", end = ""] = [query.start, query.end];
        return {
          zone,
          what: "",
          fromMs: iso(`${start}:00Z`) + 23 * HOUR_MS,
          toMs: iso(`${end}:00Z`) - 24 * HOUR_MS,
        };
      }
      case "entsoe": {
        const zone = keyOf(BIDDING_ZONES, query.in_Domain ?? "");
        const at = (text = ""): number =>
          Date.parse(text.replace(/^(....)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5Z"));
        return {
          zone,
          what: "",
          fromMs: at(query.periodStart) + 24 * HOUR_MS,
          toMs: at(query.periodEnd) - 24 * HOUR_MS,
        };
      }
      default: {
        const what = path === "/login" ? "login" : (query.signal_type ?? "");
        return { zone: query.region ?? "", what, fromMs: iso(query.start), toMs: iso(query.end) };
      }
    }
  }

  // One run of the program.
  let requests: Record<string, number> = {};
  let faults: Record<string, number> = {};
  let deliveries: Delivered[] = [];
  let numbers = new Map<string, number>();
  let lasting = new Map<string, Mischief>();
  let answered = new Set<string>();

  const draw = <Item>(table: readonly (readonly [number, Item])[], perThousand: number): Item | undefined => {
    let left = perThousand;
    for (const [share, item] of table) {
      if (left < share) return item;
      left -= share;
    }
    return undefined;
  };

  function mischiefFor(source: string, asked: ReturnType<typeof askedOf>): Mischief | undefined {
    const { zone, what } = asked;
    const key = `${source} ${zone} ${what}`;
    const number = (numbers.get(key) ?? 0) + 1;
    numbers.set(key, number);
    if (held.has(zone)) {
      onHeld(zone);
      return { kind: "held", fault: { kind: "hang" } };
    }
    const notInPlan = source === "watttime" && what !== "login" && !inPlan.has(zone);
    if (notInPlan)
      return {
        kind: "",
        fault: status(403, {}, '{"error":"Invalid query parameters","message":"Invalid scope."}'),
      };
    if (!isFaulty) return undefined;
    if (source === PRIMARY && isWithin(nowMs, timeline.outages))
      return chanceOf(seed, nowMs, key, number).pick(DOWN);
    const outage = timeline.zoneOutages
      .get(zone)
      ?.find(({ fromMs, toMs }) => source === PRIMARY && nowMs >= fromMs && nowMs < toMs);
    if (outage) return ZONE_DOWN[outage.kind](zone);
    const known = lasting.get(key);
    if (known) return known;
    const chance = chanceOf(seed, "request", nowMs, key, number);
    const isAgain = answered.has(`${source} ${zone}`);
    if (source === PRIMARY && isAgain && chance.is(HASTE_PER_THOUSAND / 1000))
      return { kind: "401 for haste", fault: status(401, {}, '{"error":"Invalid auth-token"}') };
    const spoil = what.startsWith("intensity") ? draw(SPOILS, chance.next() * 1000) : undefined;
    // A zone whose feed is stuck has trouble enough: a jump in the midst of it would end the line.
    // Without a week of history nobody can tell pounds from kilograms.
    const isKnown = byKey.get(zone)?.hasNoPast === false || nowMs > startMs + 9 * 24 * HOUR_MS;
    if (spoil && !isStuck(zone) && (spoil !== "unit-slip" || isKnown)) return { kind: spoil, spoil };
    const picked = draw(MISCHIEF, chance.next() * 1000);
    if (chance.is(LASTING_PER_THOUSAND / 1000)) {
      const stays = chance.pick(LASTING);
      lasting.set(key, stays);
      return stays;
    }
    const holes = WITH_HOLES.includes(source) && chance.is(0.02);
    return picked ?? (holes ? { kind: "nulls", spoil: "nulls" } : undefined);
  }

  const isStuck = (zone: string): boolean => isFaulty && isWithin(nowMs, timeline.stuck.get(zone) ?? []);

  /** Sets what the primary says of the hours asked for, and notes it. */
  function tellPrimary(asked: ReturnType<typeof askedOf>, spoil: Spoil | undefined, arrives: boolean): void {
    const { zone, what } = asked;
    const say = primary.get(zone);
    if (say === undefined || !what.startsWith("intensity")) return;
    const stretch = (timeline.stuck.get(zone) ?? []).find(
      ({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs,
    );
    const chance = chanceOf(seed, "spoil", nowMs, zone, what);
    const spoilt = new Set(spoil === undefined ? [] : [chance.below(24), chance.below(24), chance.below(24)]);
    const hours: Delivered["hours"][number][] = [];
    for (let hour = hourFloor(asked.fromMs), index = 0; hour < asked.toMs; hour += HOUR_MS, index++) {
      const right = say(hour, nowMs);
      let { value, isEstimated, updatedAtMs } = right;
      let carbonIntensity: number | null = value;
      let isGood = true;
      if (isFaulty && stretch && hour >= stretch.fromMs) {
        value = say(stretch.fromMs, stretch.fromMs + HOUR_MS).value;
        carbonIntensity = value;
        [isEstimated, updatedAtMs, isGood] = [false, hour, false];
      } else if (spoil === "unit-slip") {
        carbonIntensity = Math.round(value * 2.20462 * 100) / 100;
        isGood = false;
      } else if (spoil && spoilt.has(index % 24)) {
        carbonIntensity = {
          nulls: null,
          zeros: 0,
          negative: -value,
          absurd: value * 1000,
          "wrong-zone": value,
        }[spoil];
        isGood = false;
      }
      maps.setIntensity(zone, hour, { carbonIntensity, isEstimated, updatedAtMs });
      hours.push({ hourMs: hour, value: carbonIntensity, isGood, isEstimated });
    }
    if (arrives && spoil !== "wrong-zone") {
      const isRefused = what.endsWith("older") && byKey.get(zone)?.hasNoPast === true;
      if (!isRefused) deliveries.push({ source: PRIMARY, zone, atMs: nowMs, hours });
    }
    deliveries.push({ source: PRIMARY, zone, atMs: nowMs, hours: [], wasAsked: true });
  }

  /** Notes which whole hours another source gave. */
  function tellOther(source: string, asked: ReturnType<typeof askedOf>, arrives: boolean): void {
    if (asked.what === "login" || asked.what === "co2_moer") return;
    const zone =
      source === "watttime"
        ? zones.find(({ wattTimeRegion }) => wattTimeRegion === asked.zone)
        : byKey.get(asked.zone);
    if (!zone) return;
    deliveries.push({ source, zone: zone.key, atMs: nowMs, hours: [], wasAsked: true });
    if (!arrives) return;
    const hours: Delivered["hours"][number][] = [];
    const first = Math.ceil(asked.fromMs / HOUR_MS) * HOUR_MS;
    for (let hour = first; hour + HOUR_MS <= asked.toMs + MINUTE_MS; hour += HOUR_MS) {
      if (!isPublished(source, hour, nowMs)) continue;
      const isGood = !spoiltHours.has(hour);
      hours.push({
        hourMs: hour,
        value: isGood ? hourOf(source, zone, hour) : null,
        isGood,
        isEstimated: false,
      });
    }
    deliveries.push({ source, zone: zone.key, atMs: nowMs, hours });
  }

  function hourOf(source: string, zone: WorldZone, hourMs: number): number {
    const { key, wattTimeRegion } = zone;
    switch (source) {
      case PRIMARY:
        return primary.get(key)?.(hourMs, nowMs).value ?? Number.NaN;
      case "energy_charts":
        return mean(slots(hourMs, 15).map((ms) => charts(key, ms)));
      case "gb_carbon_intensity":
        return mean(slots(hourMs, 30).map(british));
      case "energinet":
        return mean(slots(hourMs, 5).map((ms) => danish(key.slice(3), ms)));
      case "eia":
        return computedIntensity(fuelsOf(grid, EIA_FUELS, RESPONDENTS.get(key) ?? "", hourMs), EIA_FUELS);
      case "entsoe":
        return computedIntensity(
          fuelsOf(grid, ENTSOE_FUELS, BIDDING_ZONES.get(key) ?? "", hourMs),
          ENTSOE_FUELS,
        );
      default:
        return lbPerMwhToGPerKwh(aoer(wattTimeRegion ?? "", hourMs));
    }
  }

  for (const [source, server] of servers) {
    server.faults.take = (request) => {
      server.requests.length = 0;
      requests[source] = (requests[source] ?? 0) + 1;
      const asked = askedOf(source, request);
      spoiltHours = new Set();
      maps.answerAsZone(asked.zone, asked.zone);
      const mischief = mischiefFor(source, asked);
      if (mischief && mischief.kind !== "") faults[mischief.kind] = (faults[mischief.kind] ?? 0) + 1;
      providers.onRequest?.(Object.values(requests).reduce((sum, count) => sum + count, 0));
      const spoil = mischief && "spoil" in mischief ? mischief.spoil : undefined;
      const fault = mischief && "fault" in mischief ? mischief.fault : undefined;
      const arrives =
        fault === undefined || (mischief !== undefined && "arrives" in mischief && mischief.arrives === true);
      if (spoil === "wrong-zone")
        maps.answerAsZone(asked.zone, zones.find(({ key }) => key !== asked.zone)?.key ?? "");
      if (spoil === "nulls" && source !== PRIMARY) {
        const first = Math.ceil(asked.fromMs / HOUR_MS);
        const chance = chanceOf(seed, "holes", nowMs, source, asked.zone);
        spoiltHours = new Set([0, 1].map(() => (first + chance.below(24)) * HOUR_MS));
      }
      if (source === PRIMARY) tellPrimary(asked, spoil, arrives);
      else tellOther(source, asked, arrives);
      if (arrives) answered.add(`${source} ${asked.zone}`);
      return fault;
    };
  }

  const providers: Providers = {
    environment: {
      ELECTRICITY_MAPS_API_KEY: KEY,
      ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4),
      ENERGY_CHARTS_BASE_URL: energyCharts.url,
      GB_CARBON_INTENSITY_BASE_URL: gb.url,
      ENERGINET_BASE_URL: energinet.url,
      EIA_API_KEY: EIA_KEY,
      EIA_BASE_URL: eia.url,
      ENTSOE_API_TOKEN: ENTSOE_TOKEN,
      ENTSOE_BASE_URL: entsoe.url,
      WATTTIME_USERNAME: "freddo",
      WATTTIME_PASSWORD: PASSWORD,
      WATTTIME_BASE_URL: watttime.url,
    },
    setClock: (ms) => {
      nowMs = ms;
    },
    beginRun() {
      requests = {};
      faults = {};
      deliveries = [];
      numbers = new Map();
      lasting = new Map();
      answered = new Set();
      held = new Set();
    },
    setFaulty: (faulty) => {
      isFaulty = faulty;
    },
    hold(names, callback) {
      held = names;
      onHeld = callback;
    },
    onRequest: undefined,
    requestsOfRun: () => requests,
    faultsOfRun: () => faults,
    deliveriesOfRun: () => deliveries,
    hourOf,
    mixOf,
    close: async () => {
      await Promise.all(servers.map(([, server]) => server.close()));
    },
  };
  return providers;
}

/** Whether a fallback has all of an hour by now, as its fake publishes. */
export function isPublished(source: string, hourMs: number, nowMs: number): boolean {
  const age = nowMs - (hourMs + HOUR_MS);
  switch (source) {
    case "energy_charts":
      // The last slot begins a quarter of an hour before the end of the hour.
      return hourMs + 45 * MINUTE_MS < nowMs - 2 * HOUR_MS;
    case "eia":
      return age >= 24 * HOUR_MS;
    case "entsoe":
      return age >= 2 * HOUR_MS;
    case "watttime":
      return hourMs <= nowMs - 48 * HOUR_MS;
    default:
      return age >= 0;
  }
}

const DOWN: readonly Mischief[] = [
  { kind: "outage", fault: status(503) },
  { kind: "outage", fault: { kind: "reset" } },
  { kind: "outage", fault: status(502) },
];
const ZONE_DOWN: Readonly<Record<"no-data" | "503" | "html" | "429", (zone: string) => Mischief>> = {
  "no-data": (zone) => ({
    kind: "zone outage",
    fault: status(404, {}, JSON.stringify({ error: `No recent data for zone "${zone}"` })),
  }),
  "503": () => ({ kind: "zone outage", fault: status(503) }),
  html: () => ({ kind: "zone outage", fault: { kind: "html" } }),
  "429": () => ({ kind: "zone outage", fault: status(429, { "retry-after": "600" }) }),
};
/** Lasting for all attempts of a request. */
const LASTING: readonly Mischief[] = [
  { kind: "HTML, three times", fault: { kind: "html" } },
  { kind: "429, three times", fault: status(429) },
  { kind: "cut JSON, three times", fault: { kind: "cut-json" } },
  { kind: "500, three times", fault: status(500) },
];
