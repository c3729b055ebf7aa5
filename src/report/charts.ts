import type { DailyLine } from "../emissions/report/emissions-report.ts";
import { grouped, mass, massUnit, percent, readable } from "./amounts.ts";
import { type Html, html } from "./html-text.ts";

/** A chart and the numbers in it, for whoever cannot see it or wants to check it. */
export interface Chart {
  readonly svg: Html;
  readonly legend: Html;
  /** Column by column as drawn. */
  readonly table: Html;
}

/** Emissions of one column of a chart, by series, g CO2e. */
interface Column {
  readonly name: string;
  readonly byGroup: ReadonlyMap<string, number>;
}

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 64;
const BOTTOM = 26;
const TOP = 12;
/** More series than that are one, "others". */
const MOST_SERIES = 7;
/** Longer periods are drawn by month. */
const MOST_DAYS = 62;

/** Emissions over time, one column a day (a month in long periods), one colour for each value of the report's first
 *  grouping. Undefined: fewer than two columns, or nothing known. */
export function timeChart(daily: readonly DailyLine[], what: string): Chart | undefined {
  const days = new Set(daily.map(({ day }) => day));
  const isByDay = days.size <= MOST_DAYS;
  const columns = columnsOf(daily, isByDay ? (day) => day : (day) => day.slice(0, 7));
  const totals = columns.map(({ byGroup }) => [...byGroup.values()].reduce((sum, g) => sum + g, 0));
  const greatest = Math.max(0, ...totals);
  if (columns.length < 2 || greatest === 0) return undefined;
  const series = seriesOf(columns, what);
  const unit = massUnit(greatest);
  const step = niceStep(greatest / unit.g / 4);
  const top = Math.ceil(greatest / unit.g / step) * step;
  const plot = { width: WIDTH - LEFT - 8, height: HEIGHT - TOP - BOTTOM };
  const y = (value: number): number => TOP + plot.height * (1 - value / top);
  const pitch = plot.width / columns.length;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const every = Math.ceil(columns.length / 12);
  const title = `Emissions by ${isByDay ? "day" : "month"}, ${unit.unit} CO2e, highest ${mass(greatest)}`;
  const bars = columns.flatMap((column, index) => {
    let below = 0;
    return series.flatMap(({ name, of }, color) => {
      const g = of(column);
      if (g <= 0) return [];
      const [from, to] = [y((below + g) / unit.g), y(below / unit.g)];
      below += g;
      return [
        html`<rect class="f${color} gap" x="${round(LEFT + (index + 0.12) * pitch)}" y="${round(from)}"
width="${round(pitch * 0.76)}" height="${round(to - from)}"><title>${column.name}, ${name}: ${mass(g)} CO2e</title></rect>`,
      ];
    });
  });
  return {
    svg: html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
aria-label="${title}; the numbers are in the table below">
${ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - 8}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>
<text x="${LEFT - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${tickText(tick, step)}${
    tick === top ? ` ${unit.unit}` : ""
  }</text>`,
)}
${bars}
${columns.map(({ name }, index) =>
  index % every === 0
    ? html`<text x="${round(LEFT + (index + 0.5) * pitch)}" y="${HEIGHT - 8}" text-anchor="middle">${
        isByDay ? name.slice(5) : name
      }</text>`
    : html``,
)}
</svg>`,
    legend: legendOf(series.map(({ name }) => name)),
    table: columnTable(columns, series, totals, unit, isByDay ? "Day" : "Month"),
  };
}

function columnsOf(daily: readonly DailyLine[], nameOf: (day: string) => string): Column[] {
  const columns = new Map<string, Map<string, number>>();
  for (const { day, group, emissionsGCO2e } of daily) {
    const byGroup = columns.get(nameOf(day)) ?? new Map<string, number>();
    const key = group ?? "";
    columns.set(nameOf(day), byGroup.set(key, (byGroup.get(key) ?? 0) + (emissionsGCO2e ?? 0)));
  }
  return [...columns].map(([name, byGroup]) => ({ name, byGroup }));
}

interface Series {
  readonly name: string;
  of(column: Column): number;
}

/** The series that emit most, the rest as one. */
function seriesOf(columns: readonly Column[], what: string): Series[] {
  const sums = new Map<string, number>();
  for (const { byGroup } of columns)
    for (const [group, g] of byGroup) sums.set(group, (sums.get(group) ?? 0) + g);
  const order = [...sums].sort(([, a], [, b]) => b - a).map(([group]) => group);
  const shown = order.length > MOST_SERIES ? order.slice(0, MOST_SERIES) : order;
  const rest = order.slice(shown.length);
  const single = (group: string): Series => ({
    name: group === "" ? (order.length === 1 ? "all" : `(no ${what})`) : group,
    of: ({ byGroup }) => byGroup.get(group) ?? 0,
  });
  if (rest.length === 0) return shown.map(single);
  const others: Series = {
    name: `${rest.length} others`,
    of: ({ byGroup }) => rest.reduce((sum, group) => sum + (byGroup.get(group) ?? 0), 0),
  };
  return [...shown.map(single), others];
}

const columnTable = (
  columns: readonly Column[],
  series: readonly Series[],
  totals: readonly number[],
  unit: { readonly unit: string; readonly g: number },
  title: string,
): Html => html`<div class="scroll"><table><caption>${unit.unit} CO2e, calculated and estimated</caption>
<thead><tr><th scope="col">${title}</th>${series.map(({ name }) => html`<th scope="col" class="n">${name}</th>`)}${
  series.length > 1 ? html`<th scope="col" class="n">Total</th>` : null
}</tr></thead>
<tbody>${columns.map(
  (column, index) => html`<tr><th scope="row">${column.name}</th>${series.map(
    ({ of }) => html`<td class="n">${readable(of(column) / unit.g)}</td>`,
  )}${series.length > 1 ? html`<td class="n">${readable((totals[index] ?? 0) / unit.g)}</td>` : null}</tr>
`,
)}</tbody></table></div>`;

/** Shares of a whole as one bar. Undefined: the whole is 0. */
export function shareBar(
  name: string,
  shares: readonly { readonly name: string; readonly value: number }[],
): Chart | undefined {
  const all = shares.reduce((sum, { value }) => sum + value, 0);
  const shown = shares.filter(({ value }) => value > 0);
  if (all === 0) return undefined;
  let from = 0;
  const pieces = shown.map(({ name: piece, value }, color) => {
    const width = (value / all) * WIDTH;
    const x = from;
    from += width;
    return html`<rect class="f${color % 8} gap" x="${round(x)}" y="0" width="${round(width)}" height="26">
<title>${piece}: ${percent(value / all)}</title></rect>`;
  });
  const text = shown.map(({ name: piece, value }) => `${piece} ${percent(value / all)}`).join(", ");
  return {
    svg: html`<svg viewBox="0 0 ${WIDTH} 26" role="img" aria-label="${name}: ${text}">${pieces}</svg>`,
    legend: legendOf(shown.map(({ name: piece, value }) => `${piece} ${percent(value / all)}`)),
    table: html`<table><thead><tr><th scope="col">${name}</th>
<th scope="col" class="n">kWh</th><th scope="col" class="n">Share</th></tr></thead>
<tbody>${shown.map(
      ({ name: piece, value }) => html`<tr><th scope="row">${piece}</th>
<td class="n">${grouped(value, 3)}</td><td class="n">${percent(value / all)}</td></tr>`,
    )}</tbody></table>`,
  };
}

const legendOf = (names: readonly string[]): Html =>
  html`<ul class="legend">${names.map((name, color) => html`<li><i class="b${color % 8}"></i>${name}</li>`)}</ul>`;

/** 1, 2 or 5 times a power of ten, at least `least`: 0.37 → 0.5 */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10;
  return step * power;
}

const tickText = (tick: number, step: number): string =>
  grouped(tick, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));

const round = (value: number): string => String(Math.round(value * 100) / 100);
