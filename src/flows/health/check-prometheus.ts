import pLimit from "p-limit";
import { SourceError, type SourceErrorKind } from "../../core/errors.ts";
import { HOUR_MS, hoursTouching, type Instant, instant, lastWholeHours, toIso } from "../../core/time.ts";
import type { Prometheus } from "../../sources/prometheus.ts";
import type { HourQuery, Pull } from "../../usage/prometheus-presets.ts";
import { pulledRows, type QueryAnswer } from "../../usage/pulled-rows.ts";
import type { HideSecrets } from "../hide-secrets.ts";
import { PullWarnings } from "../usage/pull-warnings.ts";
import type { SetupCheck } from "./setup-check.ts";

/** The Prometheus of the settings, and what is fetched from it. */
export interface ConfiguredPrometheus {
  readonly client: Prometheus;
  readonly url: string;
  readonly pulls: readonly Pull[];
  /** The name of a configured region. */
  readonly resolveRegion: (name: string) => string | undefined;
}

interface PrometheusCheckRequest {
  readonly isOffline: boolean;
  readonly now: Instant;
  readonly hide: HideSecrets;
}

/** Whole hours before now that each query is asked for. */
const HOURS_ASKED = 3;
const PULLS_AT_ONCE = 4;
/** Longer queries are cut when shown. */
const MOST_LETTERS = 200;

/** Whether Prometheus answers, and what each pull gives for the last hours. Nothing of the answers is stored. Without an answer
 *  to the cheapest of queries the pulls are not asked. */
export async function checkPrometheus(
  prometheus: ConfiguredPrometheus,
  request: PrometheusCheckRequest,
): Promise<SetupCheck[]> {
  const { client, url, pulls } = prometheus;
  const check = (
    state: SetupCheck["state"],
    found: readonly string[],
    fix: string | null = null,
  ): SetupCheck => ({
    name: "prometheus",
    area: "source",
    state,
    found,
    fix,
  });
  if (request.isOffline)
    return [check("ok", [`${url}, ${counted(pulls.length, "pull")}; not asked (--offline)`])];
  try {
    const end = instant(Math.floor(request.now / HOUR_MS) * HOUR_MS);
    await client.hourly("1", { start: instant(end - HOUR_MS), end });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const notAsked = pulls.length === 0 ? [] : [`${counted(pulls.length, "pull")} not asked`];
    return [check("failed", [url, request.hide(error.message), ...notAsked], fixOf(error.kind))];
  }
  if (pulls.length === 0)
    return [
      check(
        "warning",
        [`${url} answers, and nothing is fetched from it`],
        "Say what to fetch under prometheus.pulls in co2e.yaml",
      ),
    ];
  const atOnce = pLimit(PULLS_AT_ONCE);
  const ofPulls = await Promise.all(pulls.map((pull) => atOnce(() => checkPull(pull, prometheus, request))));
  return [check("ok", [`${url} answers`]), ...ofPulls];
}

async function checkPull(
  pull: Pull,
  { client, resolveRegion }: ConfiguredPrometheus,
  { now, hide }: PrometheusCheckRequest,
): Promise<SetupCheck> {
  const check = (
    state: SetupCheck["state"],
    found: readonly string[],
    fix: string | null = null,
  ): SetupCheck => ({
    name: pull.origin,
    area: "source",
    state,
    found: found.map(hide),
    fix,
  });
  const interval = lastWholeHours(now, HOURS_ASKED);
  const warnings = new PullWarnings();
  const answers: QueryAnswer[] = [];
  for (const query of pull.queries) {
    try {
      const answer = await client.hourly(query.query, interval);
      warnings.answered(answer);
      answers.push({ query, series: answer.series });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const isOwnFault = error.kind === "refused";
      return check(
        "failed",
        [error.message, ...(isOwnFault ? [`query: ${shown(query)}`] : [])],
        isOwnFault
          ? `Try the query in Prometheus, and mend prometheus.pulls.${pull.name} in co2e.yaml`
          : fixOf(error.kind),
      );
    }
  }
  const hours = new Set(hoursTouching(interval));
  const { leftOut } = pulledRows(pull, answers, hours, resolveRegion);
  warnings.leftOut(leftOut);
  const found = [
    ...answers.map(
      (answer) =>
        `${answer.query.unit}: ${seriesOf(answer) === 0 ? "no" : seriesOf(answer)} series in the last ${HOURS_ASKED} hours ` +
        `(until ${toIso(interval.end).slice(0, 16).replace("T", " ")} UTC)`,
    ),
    ...warnings.all(false).map(({ message }) => message),
  ];
  const empty = answers.filter((answer) => seriesOf(answer) === 0);
  if (empty.length > 0)
    return check(
      "warning",
      [...found, ...empty.map(({ query }) => `query: ${shown(query)}`)],
      "Try the query in Prometheus: nothing was measured in these hours, or a metric or label has another name there",
    );
  return found.length > answers.length
    ? check(
        "warning",
        found,
        `Look at prometheus.pulls.${pull.name} in co2e.yaml: not all of its answer becomes usage`,
      )
    : check("ok", found);
}

/** An answer that came in parts has a series twice. */
const seriesOf = ({ series }: QueryAnswer): number =>
  new Set(series.map(({ labels }) => JSON.stringify(labels))).size;

const shown = ({ query }: HourQuery): string =>
  query.length <= MOST_LETTERS ? query : `${query.slice(0, MOST_LETTERS)}…`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

function fixOf(kind: SourceErrorKind): string {
  switch (kind) {
    case "unauthorised":
      return "Set the login that this Prometheus takes; where it has tenants, prometheus.orgId in co2e.yaml";
    case "not-covered":
      return "Say its address in co2e.yaml as prometheus.url, with the path where it is behind a proxy";
    case "rate-limited":
    case "quota":
      return "Ask again in some minutes";
    case "malformed":
      return "Check prometheus.url in co2e.yaml: what answers there does not speak the API of Prometheus";
    case "refused":
      return "Check prometheus.url and prometheus.orgId in co2e.yaml; the message is what Prometheus says";
    default:
      return (
        "Check that it runs, that this machine reaches prometheus.url (proxy, firewall), and whether " +
        "prometheus.timeoutMs is too short for it"
      );
  }
}
