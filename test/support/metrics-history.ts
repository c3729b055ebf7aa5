import type { Instant } from "../../src/core/time.ts";

/** A series of samples: name, labels, and values by minute after a beginning. */
export interface SampledSeries {
  readonly metric: string;
  readonly type: "counter" | "gauge";
  readonly labels: Readonly<Record<string, string>>;
  /** Minutes after the beginning, fractions too; in order. */
  readonly samples: readonly (readonly [minute: number, value: number])[];
}

/** The minutes from `first` to `last`, both included, with the value of each. */
export const everyMinute = (
  first: number,
  last: number,
  valueAt: (minute: number) => number,
  offset = 0,
): [number, number][] =>
  Array.from({ length: last - first + 1 }, (_, index) => [first + index + offset, valueAt(first + index)]);

/** OpenMetrics text, as promtool takes it for history: families one after another, times in seconds, "# EOF" at the end. */
export function openMetrics(begin: Instant, series: readonly SampledSeries[]): string {
  const families = new Map<string, SampledSeries[]>();
  for (const one of series) families.set(one.metric, [...(families.get(one.metric) ?? []), one]);
  const lines: string[] = [];
  for (const [metric, members] of families) {
    const type = members[0]?.type ?? "gauge";
    // A counter's family has no _total; other names of cumulative values are not in the format, and come untyped.
    if (type === "gauge") lines.push(`# TYPE ${metric} gauge`);
    else if (metric.endsWith("_total")) lines.push(`# TYPE ${metric.slice(0, -"_total".length)} counter`);
    else lines.push(`# TYPE ${metric} unknown`);
    for (const { labels, samples } of members) {
      const named = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      for (const [minute, value] of samples)
        lines.push(`${metric}{${named.join(",")}} ${value} ${begin / 1000 + minute * 60}`);
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}
