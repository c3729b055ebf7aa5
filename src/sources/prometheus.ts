import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { disagreement } from "./parse.ts";

export const PROMETHEUS = "prometheus";

export type PrometheusLogin =
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string };

export interface PrometheusOptions {
  /** Its deadline is for one attempt at one answer. */
  readonly http: Http;
  /** Without /api/v1. */
  readonly baseUrl: string;
  readonly login: PrometheusLogin | null;
  /** X-Scope-OrgID: the tenant, for Mimir, Thanos and the like. */
  readonly orgId: string | null;
  /** How long Prometheus itself may work on a query. */
  readonly timeoutMs: number;
  /** The longest range of one query, whole hours. */
  readonly hoursPerQuery: number;
  readonly maxBytes?: number;
  /** Takes secrets out of what Prometheus says. */
  readonly hide: (text: string) => string;
}

/** One series: the value at the end of each hour, by the start of the hour. Hours without a value are absent, and so are NaN
 *  and infinite ones. */
export interface HourlySeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<Instant, number>;
}

export interface HourlyAnswer {
  readonly series: readonly HourlySeries[];
  /** Values that are NaN or infinite: no number, and never 0. */
  readonly notFinite: number;
  /** Series that are native histograms, which have no one value. */
  readonly histograms: number;
  /** What Prometheus warns of, in its words. */
  readonly warnings: readonly string[];
}

/** A Prometheus, or what speaks its HTTP API. */
export interface Prometheus {
  readonly hoursPerQuery: number;
  /** The value of `query` at the end of each of the whole hours of `hours`, at most `hoursPerQuery` of them. A query that is
   *  too much for one answer is asked again for half of the hours. Throws SourceError; no message holds a secret. */
  hourly(query: string, hours: Interval): Promise<HourlyAnswer>;
}

const MAX_BYTES = 64 * 2 ** 20;

export function createPrometheus(options: PrometheusOptions): Prometheus {
  const { http, baseUrl, login, orgId, hide } = options;
  const headers: Record<string, string> = {
    ...(login === null ? {} : { authorization: authorization(login) }),
    ...(orgId === null ? {} : { "x-scope-orgid": orgId }),
  };

  async function ask(query: string, hours: Interval): Promise<HourlyAnswer> {
    const url = new URL(`${baseUrl}/api/v1/query_range`);
    url.searchParams.set("query", query);
    url.searchParams.set("start", String((hours.start + HOUR_MS) / 1000));
    url.searchParams.set("end", String(hours.end / 1000));
    url.searchParams.set("step", String(HOUR_MS / 1000));
    url.searchParams.set("timeout", `${Math.ceil(options.timeoutMs / 1000)}s`);
    const answer = await http
      .get({ source: PROMETHEUS, url, headers, maxBytes: options.maxBytes ?? MAX_BYTES })
      .catch((error: unknown) => {
        throw error instanceof SourceError && error.kind === "refused" ? new TooMuch(error.message) : error;
      });
    if (answer.status !== 200) throw refusal(answer, hide);
    const parsed = v.safeParse(Success, answer.json);
    if (!parsed.success) throw malformed(disagreement(parsed.issues[0]));
    return toAnswer(parsed.output, hours, hide);
  }

  async function hourly(query: string, hours: Interval): Promise<HourlyAnswer> {
    try {
      return await ask(query, hours);
    } catch (error) {
      if (!(error instanceof TooMuch) || hours.end - hours.start <= HOUR_MS) throw error;
      const half = Math.floor((hours.end - hours.start) / HOUR_MS / 2);
      const middle = instant(hours.start + half * HOUR_MS);
      const first = await hourly(query, { start: hours.start, end: middle });
      return joined(first, await hourly(query, { start: middle, end: hours.end }));
    }
  }

  return { hoursPerQuery: options.hoursPerQuery, hourly };
}

/** Refused for its size: a part of it may be given. */
class TooMuch extends SourceError {
  constructor(message: string) {
    super("refused", PROMETHEUS, message);
  }
}

const authorization = (login: PrometheusLogin): string =>
  login.kind === "bearer"
    ? `Bearer ${login.token}`
    : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;

const malformed = (what: string): SourceError =>
  new SourceError("malformed", PROMETHEUS, `prometheus gave an answer that cannot be read: ${what}`);

const Failure = v.object({ status: v.literal("error"), errorType: v.string(), error: v.string() });

function refusal({ status, json }: HttpAnswer, hide: PrometheusOptions["hide"]): SourceError {
  const parsed = v.safeParse(Failure, json);
  // It names what it found wrong in the query, and may repeat the query.
  const said = parsed.success ? `: ${hide(oneLine(parsed.output.error))}` : "";
  if (status === 401 || status === 403) {
    return new SourceError(
      "unauthorised",
      PROMETHEUS,
      `prometheus refused the login (${status}): check PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD`,
    );
  }
  if (status === 404 && !parsed.success) {
    return new SourceError(
      "not-covered",
      PROMETHEUS,
      "prometheus has no query API at this address (404): check prometheus.url in co2e.yaml",
    );
  }
  // A query that would load too many samples, or have too many points.
  if (status === 422 || status === 413 || /exceeded maximum resolution/.test(said))
    return new TooMuch(`prometheus could not work out the query (${status})${said}`);
  return new SourceError("refused", PROMETHEUS, `prometheus refused the query (${status})${said}`);
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 300);

const Text = v.string();
const Success = v.object({
  status: v.literal("success"),
  data: v.object({
    resultType: v.literal("matrix"),
    result: v.array(
      v.object({
        metric: v.record(Text, Text),
        values: v.optional(v.array(v.tuple([v.pipe(v.number(), v.finite()), Text])), []),
        histograms: v.optional(v.array(v.unknown()), []),
      }),
    ),
  }),
  warnings: v.nullish(v.array(Text)),
});

function toAnswer(
  { data, warnings }: v.InferOutput<typeof Success>,
  hours: Interval,
  hide: PrometheusOptions["hide"],
): HourlyAnswer {
  let notFinite = 0;
  const series = data.result.map(({ metric, values }) => {
    const byHour = new Map<Instant, number>();
    for (const [seconds, text] of values) {
      const hour = instant(Math.round(seconds * 1000) - HOUR_MS);
      if (hour % HOUR_MS !== 0 || hour < hours.start || hour >= hours.end)
        throw malformed("it holds a time that was not asked for");
      const value = numberOf(text);
      if (value === undefined) throw malformed("a value is no number");
      if (value === null) notFinite++;
      else byHour.set(hour, value);
    }
    return { labels: metric, values: byHour };
  });
  return {
    series: series.filter(({ values }) => values.size > 0),
    notFinite,
    histograms: data.result.filter(({ histograms }) => histograms.length > 0).length,
    warnings: (warnings ?? []).map((warning) => hide(oneLine(warning))),
  };
}

/** Values come as text. null: NaN or infinite; undefined: no number at all. */
function numberOf(text: string): number | null | undefined {
  if (/^([+-]?Inf|NaN)$/i.test(text)) return null;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

const joined = (a: HourlyAnswer, b: HourlyAnswer): HourlyAnswer => ({
  // A series that is in both stands twice, each time with other hours.
  series: [...a.series, ...b.series],
  notFinite: a.notFinite + b.notFinite,
  histograms: Math.max(a.histograms, b.histograms),
  warnings: [...new Set([...a.warnings, ...b.warnings])],
});
