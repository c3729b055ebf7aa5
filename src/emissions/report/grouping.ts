import { monthOf } from "../../core/calendar.ts";
import type { EmissionPart, PartDetail } from "../../core/emission-sum.ts";

/** What a report's lines are of. A label is told by its key: { label: "team" }. */
export type Dimension = "service" | "region" | "day" | "month" | { readonly label: string };

/** Labels that have names of their own on the command line. */
const NAMED_LABELS = ["team", "environment", "namespace"];

export const DIMENSIONS_HELP = `service, region, ${NAMED_LABELS.join(", ")}, label:KEY, day, month`;

/** "service" → itself, "team" and "label:team" → { label: "team" }; undefined for anything else. */
export function dimensionOf(text: string): Dimension | undefined {
  if (text === "service" || text === "region" || text === "day" || text === "month") return text;
  if (NAMED_LABELS.includes(text)) return { label: text };
  const label = /^label:(.+)$/.exec(text)?.[1];
  return label === undefined ? undefined : { label };
}

/** The name of a dimension in JSON and CSV, and the key of its values: "service", "label:team". */
export const dimensionName = (dimension: Dimension): string =>
  typeof dimension === "string" ? dimension : `label:${dimension.label}`;

/** The value that `part` has of a dimension; null: none, as a series without that label. */
export function dimensionValue(part: Omit<EmissionPart, "sum">, dimension: Dimension): string | null {
  if (typeof dimension !== "string") return part.labels[dimension.label] ?? null;
  if (dimension === "month") return part.day === null ? null : monthOf(part.day);
  return part[dimension];
}

/** The parts of each group, with the group's values in the order of `by`. */
export function grouped(
  parts: readonly EmissionPart[],
  by: readonly Dimension[],
): { readonly values: readonly (string | null)[]; readonly parts: readonly EmissionPart[] }[] {
  const groups = new Map<string, { values: (string | null)[]; parts: EmissionPart[] }>();
  for (const part of parts) {
    const values = by.map((dimension) => dimensionValue(part, dimension));
    const key = JSON.stringify(values);
    const group = groups.get(key);
    if (group) group.parts.push(part);
    else groups.set(key, { values, parts: [part] });
  }
  return [...groups.values()];
}

/** What the store must tell apart for lines by `by`. */
export const detailOf = (by: readonly Dimension[], needsDays: boolean): PartDetail => ({
  service: by.includes("service"),
  day: needsDays || by.includes("day") || by.includes("month"),
  labels: by.flatMap((dimension) => (typeof dimension === "string" ? [] : [dimension.label])),
});
