import type { EnergyBoundary, Tier } from "../core/usage.ts";
import { isKnownQuantity, KNOWN_QUANTITIES } from "../emissions/energy-coefficients.ts";
import { labelNameProblem, labelValueProblem, MOST_LABELS } from "../usage/labels.ts";
import {
  coversTheHour,
  forAnHour,
  type Naming,
  originOf,
  type Pull,
  presetPull,
} from "../usage/prometheus-presets.ts";
import { isEnergyUnit, isPullUnit, PULL_UNITS } from "../usage/pull-units.ts";
import type { FileSettings, NamingSettings, PullSettings } from "./file.ts";
import { findRegion, type Region } from "./regions.ts";

/** A Prometheus and what is fetched from it. */
export interface PrometheusConfig {
  readonly url: string;
  readonly orgId: string | null;
  readonly login:
    | { readonly kind: "bearer"; readonly token: string }
    | { readonly kind: "basic"; readonly username: string; readonly password: string }
    | null;
  readonly timeoutMs: number;
  readonly hoursPerQuery: number;
  readonly pulls: readonly Pull[];
}

export interface PrometheusSecrets {
  readonly token: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** The `prometheus` of co2e.yaml; null where there is none. What is wrong is added to `problems`. */
export function readPrometheus(
  file: Pick<FileSettings, "path" | "prometheus">,
  regions: readonly Region[],
  secrets: PrometheusSecrets,
  problems: string[],
): PrometheusConfig | null {
  const login = readLogin(secrets, problems);
  const settings = file.prometheus;
  if (settings === undefined) return null;
  const say = (problem: string): void => {
    problems.push(`${file.path}: prometheus.${problem}`);
  };
  const url = readAddress(settings.url, say);
  const pulls = settings.pulls.flatMap((pull) => readPull(pull, regions, say) ?? []);
  const names = settings.pulls.map(({ name }) => name);
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index)))
    say(`pulls names ${name} twice: each name is an origin of its own`);
  return { ...settings, url, orgId: settings.orgId ?? null, login, pulls };
}

function readLogin(
  { token, username, password }: PrometheusSecrets,
  problems: string[],
): PrometheusConfig["login"] {
  if (token !== undefined && (username !== undefined || password !== undefined))
    problems.push(
      "PROMETHEUS_TOKEN is set, and so is PROMETHEUS_USERNAME or PROMETHEUS_PASSWORD: set one login",
    );
  if (token !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(token))
      problems.push("PROMETHEUS_TOKEN holds spaces or characters that no token has: copy it again");
    return { kind: "bearer", token };
  }
  if (username === undefined && password === undefined) return null;
  if (username === undefined || password === undefined) {
    problems.push("PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD belong together: set both or none");
    return null;
  }
  return { kind: "basic", username, password };
}

function readAddress(url: string, say: (problem: string) => void): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    say("url is no http or https address");
    return url;
  }
  const { username, password, search, hash } = new URL(url);
  if (username !== "" || password !== "")
    say("url holds a login: use PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD");
  if (search !== "" || hash !== "") say("url ends in a query: give the address alone");
  return url.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function readPull(
  settings: PullSettings,
  regions: readonly Region[],
  sayAt: (problem: string) => void,
): Pull | undefined {
  let isGood = true;
  const say = (problem: string): void => {
    isGood = false;
    sayAt(`pulls.${settings.name}: ${problem}`);
  };
  if (!/^[a-z0-9][\w.-]{0,59}$/i.test(settings.name))
    say("a name has up to 60 letters, digits, _ . -, and begins with a letter or digit");
  const region = namingOf(settings.region);
  if ("text" in region && findRegion(regions, region.text) === undefined)
    say(`region ${region.text} is not configured (co2e regions); for a label: region: { label: NAME }`);
  const labels = readLabels(settings, say);
  const service = settings.service === undefined ? undefined : namingOf(settings.service);
  for (const naming of [region, ...(service ? [service] : []), ...Object.values(labels ?? {})]) {
    if ("label" in naming && !/^[a-z_]\w*$/i.test(naming.label))
      say(`"${naming.label}" is no name of a label in Prometheus`);
  }
  const pull =
    settings.preset === undefined
      ? readOwnQuery(settings, { service, region, labels: labels ?? {} }, say)
      : readPreset(settings, { service, region, labels }, say);
  return isGood ? pull : undefined;
}

const namingOf = (given: NamingSettings): Naming => (typeof given === "string" ? { text: given } : given);

function readLabels(
  { labels }: PullSettings,
  say: (problem: string) => void,
): Readonly<Record<string, Naming>> | undefined {
  if (labels === undefined) return undefined;
  const read = Object.entries(labels).map(([name, given]) => [name, namingOf(given)] as const);
  if (read.length > MOST_LABELS) say(`labels has ${read.length} names, at most ${MOST_LABELS}`);
  for (const [name, naming] of read) {
    const problem =
      labelNameProblem(name) ?? ("text" in naming ? labelValueProblem(name, naming.text) : undefined);
    if (problem !== undefined) say(`labels: ${problem}`);
  }
  return Object.fromEntries(read);
}

function readPreset(
  settings: PullSettings,
  names: {
    service: Naming | undefined;
    region: Naming;
    labels: Readonly<Record<string, Naming>> | undefined;
  },
  say: (problem: string) => void,
): Pull | undefined {
  const { preset, name, match } = settings;
  for (const key of ["query", "unit", "boundary", "tier"] as const)
    if (settings[key] !== undefined) say(`${key} belongs to a query of your own, not to a preset`);
  if (match !== undefined && /[{}]/.test(match))
    say("match holds what stands between the braces, without them: match: 'cluster=\"a\"'");
  return preset === undefined ? undefined : presetPull(preset, { ...names, name, match });
}

function readOwnQuery(
  settings: PullSettings,
  names: { service: Naming | undefined; region: Naming; labels: Readonly<Record<string, Naming>> },
  say: (problem: string) => void,
): Pull | undefined {
  const { query, unit, name, match, boundary, tier } = settings;
  const { service } = names;
  if (query === undefined || unit === undefined) say("give a preset, or query and unit");
  if (service === undefined) say("service is needed: a name, or { label: NAME }");
  if (match !== undefined) say("match belongs to a preset: write it into the query");
  if (query !== undefined && !coversTheHour(query))
    say("query looks at another range than the hour: write [$interval], as in increase(x[$interval])");
  if (unit !== undefined && !isPullUnit(unit))
    say(`unit ${unit} is not known: use ${PULL_UNITS.join(", ")}, unit:NAME or quantity:NAME`);
  if (unit?.startsWith("quantity:") && !isKnownQuantity(unit.slice("quantity:".length)))
    say(`unit ${unit}: no such quantity; known: ${KNOWN_QUANTITIES.join(", ")}`);
  if (unit === undefined || !isPullUnit(unit) || query === undefined || service === undefined)
    return undefined;
  const energy = readEnergy(isEnergyUnit(unit), boundary, tier, say);
  return {
    ...names,
    ...energy,
    service,
    name,
    origin: originOf(name),
    queries: [{ query: forAnHour(query), unit }],
  };
}

/** How energy was come by, and what it includes, is never guessed. */
function readEnergy(
  isEnergy: boolean,
  boundary: EnergyBoundary | undefined,
  tier: Tier | undefined,
  say: (problem: string) => void,
): { boundary: EnergyBoundary; tier: Tier } {
  if (isEnergy && (boundary === undefined || tier === undefined))
    say("energy needs boundary (it or facility) and tier (measured or modelled)");
  if (!isEnergy && (boundary !== undefined || tier !== undefined))
    say("boundary and tier belong to energy, and this unit is none");
  return { boundary: boundary ?? "it", tier: tier ?? "modelled" };
}
