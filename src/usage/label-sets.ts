import { type Labels, labelsKey } from "../core/usage.ts";
import { type Cell, mapIn, ownCopy, shown, textIn } from "./cell-value.ts";
import { labelValueProblem } from "./labels.ts";
import type { UsageColumns } from "./usage-columns.ts";

/** The label set of a line; the reason why it has none that can be used. Equal label sets are one and the same object, so
 *  that millions of lines share a few thousand of them. */
export function labelSets(
  { namedLabels, labels: objectAt }: Pick<UsageColumns, "namedLabels" | "labels">,
  allowed: readonly string[],
): (cells: readonly Cell[]) => Labels | string {
  const same = sharedLabels();
  if (namedLabels.length === 0 && objectAt < 0) return () => NO_LABELS;
  const fromColumns = columnSets(namedLabels, same);
  return (cells) => {
    const named = fromColumns(cells);
    if (objectAt < 0 || typeof named === "string") return named;
    const written = mapIn(cells[objectAt]);
    if (written === undefined) return `labels ${shown(cells[objectAt])} are no names and values`;
    return written.size === 0 ? named : mergedLabels(named, written, allowed, same);
  };
}

export const NO_LABELS: Labels = {};

function mergedLabels(
  named: Labels,
  written: ReadonlyMap<string, Cell>,
  allowed: readonly string[],
  same: (labels: Labels) => Labels,
): Labels | string {
  const merged: Record<string, string> = { ...named };
  for (const [name, cell] of written) {
    if (!allowed.includes(name))
      return `label ${shown(name)} is not one of ${allowed.join(", ")} (co2e.yaml can name more under labels)`;
    const value = textIn(cell);
    const problem = labelValueProblem(name, value);
    if (problem !== undefined) return problem;
    if (value !== "") merged[name] = ownCopy(value);
  }
  return same(merged);
}

/** One object for equal sets. */
export function sharedLabels(): (labels: Labels) => Labels {
  const known = new Map<string, Labels>([[labelsKey(NO_LABELS), NO_LABELS]]);
  return (labels) => {
    const key = labelsKey(labels);
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(key, labels);
    return labels;
  };
}
const MOST_REMEMBERED = 50_000;

type Branch = Map<string, Branch | Labels | string>;

/** A branch for each value of each label in turn: a set that was seen before costs one look-up a label. */
function columnSets(
  columns: UsageColumns["namedLabels"],
  same: (labels: Labels) => Labels,
): (cells: readonly Cell[]) => Labels | string {
  let root: Branch = new Map();
  let leaves = 0;
  const textAt = (cells: readonly Cell[], at: number): string => {
    const cell = cells[at];
    return typeof cell === "string" ? cell : textIn(cell);
  };
  const build = (cells: readonly Cell[]): Labels | string => {
    const labels: Record<string, string> = {};
    for (const { at, name } of columns) {
      const value = textAt(cells, at).trim();
      const problem = labelValueProblem(name, value);
      if (problem !== undefined) return problem;
      if (value !== "") labels[name] = ownCopy(value);
    }
    return same(labels);
  };
  return (cells) => {
    let branch = root;
    for (let index = 0; index < columns.length; index++) {
      const text = textAt(cells, columns[index]?.at ?? 0);
      const next = branch.get(text);
      const isLast = index === columns.length - 1;
      if (isLast) {
        if (next !== undefined) return next as Labels | string;
        if (++leaves > MOST_REMEMBERED) {
          root = new Map();
          leaves = 0;
          return build(cells);
        }
        const set = build(cells);
        branch.set(ownCopy(text), set);
        return set;
      }
      if (next === undefined) {
        const grown: Branch = new Map();
        branch.set(ownCopy(text), grown);
        branch = grown;
      } else branch = next as Branch;
    }
    return NO_LABELS;
  };
}
