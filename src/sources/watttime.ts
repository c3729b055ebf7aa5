import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading, Signal } from "../core/intensity.ts";
import { HOUR_MS, type Instant, instant, toIso } from "../core/time.ts";
import { lbPerMwhToGPerKwh } from "../core/units.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { agreeingRows, disagreement, IsoInstant, shownName } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule, SourceRequest } from "./source.ts";

export const WATTTIME = "watttime";

const DESCRIPTION: SourceDescription = {
  name: WATTTIME,
  title: "WattTime",
  offers: [
    { signal: "average", factorType: "direct", boundary: "production", resolutionMinutes: 5 },
    { signal: "marginal", factorType: "direct", boundary: "production", resolutionMinutes: 5 },
  ],
  coverage: "most grids of the world, as the plan of the account allows",
  covers: ({ wattTimeRegion }) => wattTimeRegion !== null,
  reachHours: { surely: null, atMost: null },
  largestChunkHours: 32 * 24,
  // co2_aoer is the average of local generation, CO2 only, published late: it may fill past hours, never a recent one.
  lagHours: 24,
  fillsAfterHours: 24,
  forecastHours: 72,
  // 3,000 requests in 5 minutes a user.
  quota: { perMinute: 600, perDay: null },
  licence: "proprietary, as your account says",
  attribution: "WattTime, https://www.watttime.org",
  commercialUse: "by-plan",
};

export const watttime: SourceModule = {
  description: DESCRIPTION,
  keyUrl: "https://docs.watttime.org",
  settings: [
    { variable: "WATTTIME_USERNAME", kind: "login" },
    { variable: "WATTTIME_PASSWORD", kind: "login" },
    { variable: "WATTTIME_BASE_URL", kind: "url", fallback: "https://api.watttime.org" },
  ],
  create: ({ http, clock, setting }) =>
    createWatttime({
      http,
      clock,
      baseUrl: setting("WATTTIME_BASE_URL").replace(/\/v3$/, ""),
      username: setting("WATTTIME_USERNAME"),
      password: setting("WATTTIME_PASSWORD"),
    }),
};

export interface WatttimeOptions {
  readonly http: Http;
  /** Without /v3: `/login` lies beside it. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  readonly clock: () => Instant;
}

/** co2_moer is marginal, a series of its own, and never stands in for an average. */
const SIGNAL_TYPE: Readonly<Record<Signal, "co2_aoer" | "co2_moer">> = {
  average: "co2_aoer",
  marginal: "co2_moer",
};
/** A token lives for 30 minutes; renew it before it can end in the middle of a run. */
const TOKEN_LIFE_MS = 25 * 60_000;

export function createWatttime(options: WatttimeOptions): IntensitySource {
  let token: { readonly value: string; readonly until: Instant } | undefined;
  let login: Promise<string> | undefined;

  /** One login at a time, however many zones wait for it: /login takes 100 calls in 5 minutes. */
  function currentToken(onCall?: () => void): Promise<string> {
    if (token && options.clock() < token.until) return Promise.resolve(token.value);
    login ??= fetchToken(onCall).finally(() => {
      login = undefined;
    });
    return login;
  }

  async function fetchToken(onCall?: () => void): Promise<string> {
    const basic = Buffer.from(`${options.username}:${options.password}`).toString("base64");
    const { status, json } = await options.http.get({
      source: WATTTIME,
      url: new URL(`${options.baseUrl}/login`),
      onCall,
      headers: { authorization: `Basic ${basic}` },
    });
    // Bad credentials come as 403 with an HTML page, or as 401: go by the status.
    const parsed = v.safeParse(v.object({ token: v.string() }), json);
    if (status === 200 && parsed.success) {
      token = { value: parsed.output.token, until: instant(options.clock() + TOKEN_LIFE_MS) };
      return token.value;
    }
    throw new SourceError(
      status === 200 ? "malformed" : "unauthorised",
      WATTTIME,
      `WattTime refused the login (${status}): check WATTTIME_USERNAME and WATTTIME_PASSWORD`,
    );
  }

  /** An answer may repeat what it was asked with. */
  const hidden = (said: string): string =>
    [options.password, token?.value ?? ""].reduce(
      (text, secret) => (secret === "" ? text : text.replaceAll(secret, "…")),
      said,
    );

  async function getWithToken(url: URL, onCall?: () => void): Promise<HttpAnswer> {
    const ask = (bearer: string) =>
      options.http.get({ source: WATTTIME, url, onCall, headers: { authorization: `Bearer ${bearer}` } });
    const used = await currentToken(onCall);
    const answer = await ask(used);
    if (answer.status !== 401) return answer;
    // The token ended early: log in once more, unless another zone just did, and ask once more.
    if (token?.value === used) token = undefined;
    return ask(await currentToken(onCall));
  }

  return {
    ...DESCRIPTION,

    async fetchIntensity(request): Promise<IntensityReading[]> {
      const region = request.zone.wattTimeRegion;
      if (region === null) {
        throw new SourceError(
          "not-covered",
          WATTTIME,
          `no WattTime region is known for zone ${request.zone.key}`,
        );
      }
      const signalType = SIGNAL_TYPE[request.signal];
      const url = new URL(`${options.baseUrl}/v3/historical`);
      url.searchParams.set("region", region);
      url.searchParams.set("signal_type", signalType);
      url.searchParams.set("start", toIso(request.interval.start));
      url.searchParams.set("end", toIso(request.interval.end));
      url.searchParams.set("include_imputed_marker", "true");
      const { status, json } = await getWithToken(url, request.onCall);
      if (status !== 200) throw refusal(status, hidden(saidIn(json)), region, signalType);
      const parsed = v.safeParse(Historical, json);
      if (!parsed.success) {
        const [issue] = parsed.issues;
        throw malformed(disagreement(issue));
      }
      const { data, meta } = parsed.output;
      if (meta.region !== region) {
        throw new SourceError(
          "wrong-zone",
          WATTTIME,
          `WattTime answered for ${shownName(meta.region)} when asked for ${region}`,
        );
      }
      if (meta.signal_type !== signalType)
        throw malformed(`the signal is ${shownName(meta.signal_type)}, not ${signalType}`);
      if (meta.units !== "lbs_co2_per_mwh")
        throw malformed(`the unit is ${shownName(meta.units)}, not lbs_co2_per_mwh`);
      const periodMs = meta.data_point_period_seconds * 1000;
      const [first] = data;
      if (data.some(({ point_time }) => (point_time - (first?.point_time ?? 0)) % periodMs !== 0))
        throw malformed(`points are not ${periodMs / 1000} s apart`);
      const readings = data.map((point) => toReading(point, periodMs, request));
      // WattTime counts the point at `end` in; to us it is the first one of the next interval.
      return agreeingRows(readings, (a, b) => a.rawValue === b.rawValue).filter(
        ({ start }) => start < request.interval.end,
      );
    },

    async describeAccess(): Promise<string[]> {
      const { status, json } = await getWithToken(new URL(`${options.baseUrl}/v3/my-access`));
      const parsed = v.safeParse(Access, json);
      if (status !== 200 || !parsed.success)
        return [`the login is accepted; it does not say what it may ask (${status})`];
      if (parsed.output.signal_types.length === 0)
        return ["the login is accepted; it may ask for nothing that co2e reads"];
      return parsed.output.signal_types.map(({ signal_type, regions }) => {
        const history = regions.filter(({ endpoints }) =>
          endpoints.some(({ endpoint }) => endpoint.endsWith("historical") && !endpoint.includes("forecast")),
        );
        const names = history.map(({ region }) => region);
        return `${signal_type} history: ${names.length <= 8 ? names.join(", ") || "none" : `${names.length} regions`}`;
      });
    },
  };
}

const Point = v.object({
  point_time: IsoInstant,
  value: v.nullable(v.pipe(v.number(), v.finite())),
  last_updated: v.nullish(IsoInstant),
  imputed_data_used: v.nullish(v.boolean()),
});
const Historical = v.object({
  data: v.array(Point),
  meta: v.object({
    region: v.string(),
    signal_type: v.string(),
    units: v.string(),
    data_point_period_seconds: v.pipe(v.number(), v.minValue(60), v.maxValue(HOUR_MS / 1000)),
  }),
});

/** Shown to people, so it must be a name: "CAISO_NORTH", "co2_moer". */
const Name = v.pipe(v.string(), v.regex(/^\w{1,60}$/));
const Access = v.object({
  signal_types: v.array(
    v.object({
      signal_type: Name,
      regions: v.array(v.object({ region: Name, endpoints: v.array(v.object({ endpoint: v.string() })) })),
    }),
  ),
});

function toReading(
  point: v.InferOutput<typeof Point>,
  periodMs: number,
  request: SourceRequest,
): IntensityReading {
  return {
    zone: request.zone.key,
    start: point.point_time,
    end: instant(point.point_time + periodMs),
    signal: request.signal,
    factorType: "direct",
    boundary: "production",
    source: WATTTIME,
    kind: point.imputed_data_used ? "estimated" : "modelled",
    method: point.imputed_data_used ? "imputed" : SIGNAL_TYPE[request.signal],
    rawValue: point.value,
    rawUnit: "lb/MWh",
    gCO2ePerKWh: point.value === null ? null : lbPerMwhToGPerKwh(point.value),
    providerUpdatedAt: point.last_updated ?? null,
    fetchedAt: request.now,
  };
}

const malformed = (detail: string): SourceError =>
  new SourceError("malformed", WATTTIME, `WattTime sent an answer in which ${detail}`);

/** The schema says `message`, its own example says `msg`; FastAPI says `detail`. Only the status decides. */
function saidIn(json: unknown): string {
  const body = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  const said = body.message ?? body.msg ?? body.error;
  return typeof said === "string" ? said : "";
}

function refusal(status: number, said: string, region: string, signalType: string): SourceError {
  const because = said === "" ? "" : `: ${said.slice(0, 200)}`;
  if (status === 401) {
    return new SourceError(
      "unauthorised",
      WATTTIME,
      "WattTime refused a token that it has just given out (401)",
    );
  }
  if (status === 403) {
    return new SourceError(
      "not-covered",
      WATTTIME,
      `the WattTime plan does not cover ${signalType} of ${region}${because}`,
    );
  }
  if (status === 404) {
    return new SourceError("not-covered", WATTTIME, `WattTime has no ${signalType} for ${region}${because}`);
  }
  return new SourceError(
    "malformed",
    WATTTIME,
    `WattTime answered ${status} for ${region} ${signalType}${because}`,
  );
}
