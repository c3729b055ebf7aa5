import { ConfigError } from "../core/errors.ts";
import { joulesToKwh, whToKwh } from "../core/units.ts";
import { labelNameProblem, unreadable } from "./labels.ts";

/** Names of columns by what they hold; upper and lower case do not count. */
const NAMES = {
  service: ["service", "service_name"],
  region: ["region"],
  start: ["starts_at", "start", "hour", "timestamp"],
  end: ["ends_at", "end"],
  requests: ["requests"],
  boundary: ["boundary"],
  tier: ["tier"],
  cost: ["cost"],
  currency: ["currency"],
  labels: ["labels"],
  quantities: ["quantities"],
} as const;
type Meaning = keyof typeof NAMES;

/** Units that energy comes in, by the name of its column. */
const ENERGY: Readonly<Record<string, (amount: number) => number>> = {
  energy_kwh: (kWh) => kWh,
  energy_wh: whToKwh,
  energy_joules: joulesToKwh,
};

/** The name of a quantity that has coefficients, or of a functional unit ("unit:orders"). */
export const isQuantityName = (name: string, isKnownQuantity: (name: string) => boolean): boolean =>
  name.length <= 105 && !unreadable(name) && (/^unit:./.test(name) || isKnownQuantity(name));

/** What a file of rejected lines has besides: it can be repaired and imported as it is. */
const OF_REJECTS = ["line", "reason"];

/** Positions of what a usage file says; -1: there is no such column. */
export interface UsageColumns extends Readonly<Record<Meaning, number>> {
  readonly energy: readonly {
    readonly name: string;
    readonly at: number;
    readonly toKWh: (amount: number) => number;
  }[];
  readonly namedQuantities: readonly { readonly name: string; readonly at: number }[];
  readonly namedLabels: readonly { readonly name: string; readonly at: number }[];
}

export interface ColumnSettings {
  /** Labels that usage may carry. */
  readonly labels: readonly string[];
  readonly isKnownQuantity: (name: string) => boolean;
  /** What an option says of every line, so that no column has to. */
  readonly service?: string | undefined;
  readonly region?: string | undefined;
}

/** Finds the columns of a usage file by their names. Throws ConfigError that names every column it cannot place: one that is
 *  passed over in silence may be a misspelt one. */
export function usageColumns(names: readonly string[], settings: ColumnSettings): UsageColumns {
  const problems: string[] = [];
  const places = new Map<Meaning, number>();
  const energy: { name: string; at: number; toKWh: (amount: number) => number }[] = [];
  const namedQuantities: { name: string; at: number }[] = [];
  const namedLabels: { name: string; at: number }[] = [];
  const taken = new Set<string>();
  for (const [at, written] of names.entries()) {
    const name = written.trim();
    const lower = name.toLowerCase();
    if (OF_REJECTS.includes(lower)) continue;
    if (taken.has(lower) && lower !== "") problems.push(`column "${name}" comes twice`);
    taken.add(lower);
    const meaning = (Object.keys(NAMES) as Meaning[]).find((key) =>
      (NAMES[key] as readonly string[]).includes(lower),
    );
    const toKWh = ENERGY[lower];
    if (meaning !== undefined) {
      if (places.has(meaning))
        problems.push(`columns "${names[places.get(meaning) ?? 0]}" and "${name}" are the same`);
      places.set(meaning, at);
    } else if (toKWh !== undefined) energy.push({ name: lower, at, toKWh });
    else if (settings.labels.includes(name)) namedLabels.push({ name, at });
    else if (isQuantityName(name, settings.isKnownQuantity)) namedQuantities.push({ name, at });
    else problems.push(unknownColumn(name, settings));
  }
  const need = (meaning: Meaning, otherwise: string): void => {
    if (!places.has(meaning)) problems.push(`no column "${NAMES[meaning][0]}": add it${otherwise}`);
  };
  if (settings.service === undefined) need("service", ", or say --service NAME");
  if (settings.region === undefined) need("region", ", or say --region NAME");
  need("start", " (start, hour and timestamp are read too)");
  if (problems.length > 0) throw new ConfigError(problems);
  const of = (meaning: Meaning): number => places.get(meaning) ?? -1;
  return {
    service: of("service"),
    region: of("region"),
    start: of("start"),
    end: of("end"),
    requests: of("requests"),
    boundary: of("boundary"),
    tier: of("tier"),
    cost: of("cost"),
    currency: of("currency"),
    labels: of("labels"),
    quantities: of("quantities"),
    energy,
    namedQuantities,
    namedLabels,
  };
}

function unknownColumn(name: string, { labels }: ColumnSettings): string {
  if (name === "") return "a column has no name";
  const asLabel = labelNameProblem(name);
  if (asLabel !== undefined) return `column ${asLabel}`;
  return (
    `column "${name}" is not known: it is no quantity of docs/usage.md and no label (${labels.join(", ")}; ` +
    "co2e.yaml can name more under labels). Remove it, or write unit:NAME for a functional unit"
  );
}
