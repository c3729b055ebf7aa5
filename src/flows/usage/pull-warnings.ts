import type { HourlyAnswer } from "../../sources/prometheus.ts";
import type { LeftOut, LeftOutReason } from "../../usage/pulled-rows.ts";

/** What a pull could not take as usage, or was told. */
export interface PullWarning {
  readonly kind: LeftOutReason | "not-finite" | "histogram" | "prometheus" | "nothing-at-all";
  /** One sentence, with what to do. */
  readonly message: string;
  /** Values of hours that were left out; 0 where nothing was. */
  readonly values: number;
}

/** Names shown in one warning. */
const MOST_NAMES = 5;

/** The warnings of one pull, each kind told once. */
export class PullWarnings {
  readonly #leftOut = new Map<LeftOutReason, { names: Set<string>; values: number }>();
  readonly #said = new Set<string>();
  #notFinite = 0;
  #histograms = 0;

  leftOut(all: readonly LeftOut[]): void {
    for (const { reason, name, values } of all) {
      const known = this.#leftOut.get(reason) ?? { names: new Set<string>(), values: 0 };
      this.#leftOut.set(reason, known);
      known.names.add(name);
      known.values += values;
    }
  }

  answered({ notFinite, histograms, warnings }: HourlyAnswer): void {
    this.#notFinite += notFinite;
    this.#histograms += histograms;
    for (const warning of warnings) this.#said.add(warning);
  }

  all(isAllEmpty: boolean): PullWarning[] {
    const warnings: PullWarning[] = [...this.#leftOut].map(([kind, { names, values }]) => ({
      kind,
      message: LEFT_OUT[kind](listed([...names])),
      values,
    }));
    if (this.#notFinite > 0)
      warnings.push({
        kind: "not-finite",
        message: "values that are NaN or infinite count as missing",
        values: this.#notFinite,
      });
    if (this.#histograms > 0)
      warnings.push({
        kind: "histogram",
        message: "native histograms have no one value and are left out: use histogram_count(…) in the query",
        values: this.#histograms,
      });
    for (const said of this.#said)
      warnings.push({ kind: "prometheus", message: `Prometheus says: ${said}`, values: 0 });
    if (isAllEmpty && warnings.length === 0)
      warnings.push({
        kind: "nothing-at-all",
        message: "the query gave nothing for any hour: try it in Prometheus",
        values: 0,
      });
    return warnings;
  }
}

const LEFT_OUT: Readonly<Record<LeftOutReason, (names: string) => string>> = {
  "no-service": () => "series without the label that names the service are left out",
  "unknown-region": (names) =>
    `series of regions that are not configured are left out: ${names}; add them to regions or aliases in co2e.yaml`,
  "bad-name": (names) => `series with a name that is too long or no text are left out: ${names}`,
  "too-many-series": (names) =>
    `more services and label sets than one pull may have; left out: ${names}; sum over fewer labels`,
  negative: (names) => `values below 0 are left out: ${names}`,
};

const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, MOST_NAMES).map((name) => (name === "" ? "(none)" : name));
  const more = names.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};
