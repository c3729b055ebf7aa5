import type { EmissionsReport } from "../emissions/report/emissions-report.ts";
import { grouped } from "./amounts.ts";
import { type Chart, shareBar, timeChart } from "./charts.ts";
import { dimensionWord } from "./dimension-word.ts";
import { type Html, html } from "./html-text.ts";

/** Emissions by day or month, as a chart with its numbers. */
export function overTime(report: EmissionsReport): Html[] {
  const first = report.by.find((name) => name !== "day" && name !== "month");
  const chart = timeChart(report.daily ?? [], dimensionWord(first ?? ""));
  if (chart === undefined) return [];
  return [
    html`<section><h2>Emissions over time</h2>
<figure><div class="scroll">${chart.svg}</div>${chart.legend}</figure>
<details><summary>Numbers of this chart</summary>${chart.table}</details></section>`,
  ];
}

const TIER_TEXT: Readonly<Record<string, string>> = {
  measured: "measured by a meter",
  modelled: "modelled from resource use",
  profile: "requests × measured or published profile",
  guess: "requests × guessed profile",
  unstated: "not stated",
};
const INTENSITY_TEXT: Readonly<Record<string, string>> = {
  measured: "measured hours",
  estimated: "hours that the provider estimated",
  modelled: "modelled hours",
  sample: "invented sample data",
  unstated: "hours of unstated origin",
  otherHours: "estimate from other hours or a year",
  unknown: "not known, not counted",
};

/** How the energy was come by, and on which intensity its emissions rest. */
export function energyBasis({ total }: EmissionsReport): Html[] {
  const named = (values: Readonly<Record<string, number>>, texts: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => ({ name: texts[name] ?? name, value }));
  const charts: [string, Chart | undefined][] = [
    ["Where the energy figures come from", shareBar("Energy", named(total.energyByTier, TIER_TEXT))],
    [
      "Which grid intensity it was multiplied by",
      shareBar("Intensity", named(total.energyByIntensity, INTENSITY_TEXT)),
    ],
  ];
  const shown = charts.flatMap(([title, chart]) => (chart === undefined ? [] : [{ title, chart }]));
  if (shown.length === 0) return [];
  return [
    html`<section><h2>Data quality</h2>
<p>Shares of ${grouped(total.energyKWh ?? 0, 3)} kWh. Better evidence stands to the left.</p>
${shown.map(
  ({
    title,
    chart,
  }) => html`<h3>${title}</h3><figure><div class="scroll">${chart.svg}</div>${chart.legend}</figure>
<details><summary>Numbers of this bar</summary>${chart.table}</details>
`,
)}</section>`,
  ];
}
