import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading, Signal } from "../core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, toIso } from "../core/time.ts";
import { lbPerMwhToGPerKwh } from "../core/units.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { IsoInstant } from "./parse.ts";
import type { IntensitySource, SourceRequest } from "./source.ts";

export const WATTTIME = "watttime";

export interface WatttimeOptions {
  readonly http: Http;
  /** Without /v3: `/login` lies beside it. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  readonly clock: () => Instant;
}

/** co2_aoer is the average of local generation, CO2 only, published late: it may fill past hours, on its own basis.
 *  co2_moer is marginal, a series of its own, and never stands in for an average. */
const SIGNAL_TYPE: Readonly<Record<Signal, "co2_aoer" | "co2_moer">> = {
  average: "co2_aoer",
  marginal: "co2_moer",
};
/** aoer is late: ask far enough back to fill what a primary that was down for days has left open. */
const LOOK_BACK_MS: Readonly<Record<Signal, number>> = { average: 3 * DAY_MS, marginal: DAY_MS };

/** A token lives for 30 minutes; renew it before it can end in the middle of a run. */
const TOKEN_LIFE_MS = 25 * 60_000;

export function createWatttime(options: WatttimeOptions): IntensitySource {
  let token: { readonly value: string; readonly until: Instant } | undefined;
  let login: Promise<string> | undefined;

  /** One login at a time, however many zones wait for it: /login takes 100 calls in 5 minutes. */
  function currentToken(): Promise<string> {
    if (token && options.clock() < token.until) return Promise.resolve(token.value);
    login ??= fetchToken().finally(() => {
      login = undefined;
    });
    return login;
  }

  async function fetchToken(): Promise<string> {
    const basic = Buffer.from(`${options.username}:${options.password}`).toString("base64");
    const { status, json } = await options.http.getJson({
      source: WATTTIME,
      url: new URL(`${options.baseUrl}/login`),
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

  async function getWithToken(url: URL): Promise<HttpAnswer> {
    const ask = async () =>
      options.http.getJson({
        source: WATTTIME,
        url,
        headers: { authorization: `Bearer ${await currentToken()}` },
      });
    const answer = await ask();
    if (answer.status !== 401) return answer;
    // The token ended early: log in once more, ask once more.
    token = undefined;
    return ask();
  }

  return {
    name: WATTTIME,
    offers: [
      { signal: "average", factorType: "direct", boundary: "production" },
      { signal: "marginal", factorType: "direct", boundary: "production" },
    ],
    attribution: "WattTime, https://www.watttime.org",

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
      url.searchParams.set("start", toIso(instant(request.now - LOOK_BACK_MS[request.signal])));
      url.searchParams.set("end", toIso(request.now));
      url.searchParams.set("include_imputed_marker", "true");
      const { status, json } = await getWithToken(url);
      if (status !== 200) throw refusal(status, json, region, signalType);
      const parsed = v.safeParse(Historical, json);
      if (!parsed.success) {
        const [issue] = parsed.issues;
        throw malformed(`${v.getDotPath(issue) ?? "the body"} is not as agreed: ${issue.message}`);
      }
      const { data, meta } = parsed.output;
      if (meta.region !== region || meta.signal_type !== signalType) {
        throw malformed(
          `it answered ${meta.region} ${meta.signal_type} when asked for ${region} ${signalType}`,
        );
      }
      if (meta.units !== "lbs_co2_per_mwh") throw malformed(`the unit is ${meta.units}, not lbs_co2_per_mwh`);
      const periodMs = meta.data_point_period_seconds * 1000;
      return data.map((point) => toReading(point, periodMs, request));
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
function refusal(status: number, json: unknown, region: string, signalType: string): SourceError {
  const body = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  const said = String(body.message ?? body.msg ?? body.error ?? "").slice(0, 200);
  const because = said === "" ? "" : `: ${said}`;
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
