import type { Change, EmissionsReport, ReportLine } from "../emissions/report/emissions-report.ts";
import type { Figures } from "../emissions/report/figures.ts";
import { grouped, mass, massUnit, percent, readable } from "./amounts.ts";
import { dimensionTitle, dimensionWord } from "./dimension-word.ts";
import { type Html, html } from "./html-text.ts";

const tile = (title: string, big: string, small: readonly string[] = [], isMain = false): Html =>
  html`<div${isMain ? { html: ' class="main"' } : null}><dt>${title}</dt><dd class="big">${big}</dd>${small.map(
    (text) => html`<dd class="small">${text}</dd>`,
  )}</div>`;

/** The figures that a reader looks for first. */
export function tiles(report: EmissionsReport): Html {
  const { total, previous, market: ofMarket, inputs } = report;
  const g = total.emissionsGCO2e;
  const bounds =
    total.lowGCO2e === null || total.highGCO2e === null
      ? []
      : [`between ${mass(total.lowGCO2e)} and ${mass(total.highGCO2e)} (bounds)`];
  const estimated =
    total.estimatedGCO2e > 0
      ? [`calculated ${mass(total.calculatedGCO2e ?? 0)}, estimated ${mass(total.estimatedGCO2e)}`]
      : [];
  const { unit, gCO2e, sciGCO2e, count, idleGCO2e } = total.perUnit;
  const perOne =
    unit === "request"
      ? total.gCO2ePer1kRequests === null
        ? []
        : [tile("Per 1,000 requests", mass(total.gCO2ePer1kRequests), [`${grouped(count ?? 0, 0)} requests`])]
      : gCO2e === null
        ? []
        : [tile(`Per ${unit}`, mass(gCO2e), [`R = ${grouped(count ?? 0, 0)}`])];
  return html`<dl class="tiles">${[
    tile("Emissions", g === null ? "unknown" : `${mass(g)} CO2e`, [...estimated, ...bounds], true),
    ...changeTile(previous),
    tile(
      "Energy",
      total.energyKWh === null ? "unknown" : `${readable(total.energyKWh)} kWh`,
      coverageText(total),
    ),
    ...(total.gCO2ePerKWh === null ? [] : [tile("Mean intensity", `${readable(total.gCO2ePerKWh)} g/kWh`)]),
    ...perOne,
    ...(total.embodiedGCO2e === null
      ? []
      : [tile("Embodied in hardware", mass(total.embodiedGCO2e), ["beside the emissions of its energy"])]),
    ...(sciGCO2e === null ? [] : [tile("SCI", mass(sciGCO2e), [`per ${unit}: (O + M) / R`])]),
    ...(idleGCO2e === null || idleGCO2e === 0 ? [] : [tile("Idle", mass(idleGCO2e), ["nothing was served"])]),
    ...report.scopes.flatMap(({ scope, emissionsGCO2e }) =>
      scope === null
        ? []
        : [tile(`Scope ${scope}`, mass(emissionsGCO2e), [scope === 3 ? "cloud regions" : "own sites"])],
    ),
    ...(ofMarket === null
      ? []
      : [
          tile("Market-based", ofMarket.emissionsGCO2e === null ? "unknown" : mass(ofMarket.emissionsGCO2e), [
            "beside the location-based figure",
          ]),
        ]),
    ...(total.cost === null
      ? []
      : [tile("Cost", `${grouped(total.cost, 2)} ${inputs.currency ?? ""}`.trim())]),
    ...(report.equivalences.length === 0 ? [] : [picturesTile(report.equivalences)]),
  ]}</dl>`;
}

const picturesTile = (equivalences: EmissionsReport["equivalences"]): Html =>
  html`<div><dt>About as much as</dt>${equivalences.map(
    ({ amount, decimals, text }) => html`<dd><b>${grouped(amount, decimals)}</b> ${text}</dd>`,
  )}</div>`;

function changeTile(previous: EmissionsReport["previous"]): Html[] {
  if (previous === null || previous.previousGCO2e === null || previous.differenceGCO2e === null) return [];
  return [tile("Change", changeText(previous), [`${previous.period}: ${mass(previous.previousGCO2e)}`])];
}

const changeText = ({ differenceGCO2e: g, share }: Change): string => {
  if (g === null) return "";
  const sign = g > 0 ? "+" : "";
  return share === null ? `${sign}${mass(g)}` : `${sign}${percent(share)}`;
};

const coverageText = ({ energyCoverage, estimatedKWh, energyKWh }: Figures): string[] =>
  energyCoverage === null || energyKWh === null || energyKWh === 0
    ? []
    : [
        `${percent(energyCoverage)} with known intensity` +
          (estimatedKWh > 0 ? `, ${percent(estimatedKWh / energyKWh)} estimated` : ""),
      ];

/** What a reader must know before believing the figures. */
export const notes = ({ notes: texts }: EmissionsReport): Html[] =>
  texts.length === 0
    ? []
    : [
        html`<section><h2>What to know about these figures</h2><ul class="notes">${texts.map((text) => {
          const [, head, rest] = /^([^:]{1,30}: )(.*)$/s.exec(text) ?? ["", "", text];
          return html`<li><b>${head ?? ""}</b>${rest ?? ""}</li>
`;
        })}</ul></section>`,
      ];

interface LineColumn {
  readonly title: string;
  readonly unit: string;
  of(figures: Figures, line: ReportLine | null): string;
}

const numberHead = (title: string, unit: string): Html =>
  html`<th scope="col" class="n">${title}<span class="unit">${unit}</span></th>`;

/** Many columns are printed smaller. */
const WIDE: Html = { html: ' class="wide"' };

/** A short name is not broken at its hyphens. */
const rowHead = (name: string): Html =>
  html`<th scope="row"${name.length <= 16 ? { html: ' class="short"' } : null}>${name}</th>`;

/** A line for each group, and the total. */
export function lineTable(report: EmissionsReport): Html[] {
  if (report.lines.length === 0) return [];
  const columns = columnsOf(report);
  const titles = report.by.map(dimensionTitle);
  const row = (line: ReportLine): Html =>
    html`<tr>${report.by.map((name) => rowHead(line.group[name] ?? `(no ${dimensionWord(name)})`))}${columns.map(
      ({ of }) => html`<td class="n">${of(line, line)}</td>`,
    )}</tr>
`;
  return [
    html`<section><h2>Emissions by ${report.by.map(dimensionWord).join(" and ")}</h2>
<div class="scroll"><table${columns.length > 7 ? WIDE : null}>
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}${columns.map(({ title, unit }) =>
      numberHead(title, unit),
    )}</tr></thead>
<tbody>${report.lines.map(row)}</tbody>
<tfoot><tr><th scope="row" colspan="${titles.length}">Total</th>${columns.map(
      ({ of }) => html`<td class="n">${of(report.total, null)}</td>`,
    )}</tr></tfoot>
</table></div></section>`,
  ];
}

function columnsOf(report: EmissionsReport): LineColumn[] {
  const { total, inputs, market: ofMarket } = report;
  // One unit for all numbers of a column, so that they can be compared at a glance.
  const { unit: ofMass, g: size } = massUnit(total.emissionsGCO2e ?? 0);
  const inUnit = (g: number | null): string => (g === null ? "unknown" : grouped(g / size, 2));
  const energyDigits = (total.energyKWh ?? 0) >= 1000 ? 1 : 3;
  const all = total.emissionsGCO2e ?? 0;
  const { unit } = total.perUnit;
  return [
    ...(total.requestCount === null
      ? []
      : [
          {
            title: "Requests",
            unit: "",
            of: (of: Figures) => (of.requestCount === null ? "–" : grouped(of.requestCount, 0)),
          },
        ]),
    {
      title: "Energy",
      unit: "kWh",
      of: (of) => (of.energyKWh === null ? "unknown" : grouped(of.energyKWh, energyDigits)),
    },
    { title: "Emissions", unit: `${ofMass} CO2e`, of: (of) => inUnit(of.emissionsGCO2e) },
    {
      title: "Share",
      unit: "",
      of: (of) => (of.emissionsGCO2e === null || all === 0 ? "–" : percent(of.emissionsGCO2e / all)),
    },
    ...(total.lowGCO2e === null
      ? []
      : [
          {
            title: "Low–high",
            unit: `${ofMass} CO2e`,
            of: (of: Figures) =>
              of.lowGCO2e === null || of.highGCO2e === null
                ? "–"
                : `${inUnit(of.lowGCO2e)} – ${inUnit(of.highGCO2e)}`,
          },
        ]),
    unit === "request"
      ? {
          title: "Per 1k",
          unit: "requests, g",
          of: (of: Figures) => (of.gCO2ePer1kRequests === null ? "–" : readable(of.gCO2ePer1kRequests)),
        }
      : {
          title: `Per ${unit}`,
          unit: "g CO2e",
          of: (of: Figures) => (of.perUnit.gCO2e === null ? "–" : readable(of.perUnit.gCO2e)),
        },
    ...(ofMarket === null
      ? []
      : [
          {
            title: "Market-based",
            unit: `${ofMass} CO2e`,
            of: (_: Figures, line: ReportLine | null) =>
              inUnit(line === null ? ofMarket.emissionsGCO2e : line.marketGCO2e),
          },
        ]),
    ...(total.cost === null
      ? []
      : [
          {
            title: "Cost",
            unit: inputs.currency ?? "",
            of: (of: Figures) => (of.cost === null ? "–" : grouped(of.cost, 2)),
          },
        ]),
    ...(report.lines.every(({ change }) => change?.differenceGCO2e == null)
      ? []
      : [
          {
            title: "Change",
            unit: "",
            of: (_: Figures, line: ReportLine | null) => {
              const change = line === null ? report.previous : line.change;
              return change === null || change.differenceGCO2e === null ? "–" : changeText(change);
            },
          },
        ]),
  ];
}

/** What whole months of the period take from closed months: beside the total, and not in it. */
export function bookings({ bookings: booked }: EmissionsReport): Html[] {
  if (booked.length === 0) return [];
  const signed = (value: number, digits: number): string =>
    `${value < 0 ? "−" : "+"}${grouped(Math.abs(value), digits)}`;
  return [
    html`<section><h2>Booked from closed months</h2>
<p>Learnt of months after they were closed, and put on the books of this period. It is not in the emissions above.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Closed month</th><th scope="col">Booked in</th>${numberHead("Energy", "kWh")}${numberHead(
      "Emissions",
      "kg CO2e",
    )}<th scope="col">Reason</th></tr></thead>
<tbody>${booked.map(
      ({ month, bookedIn, kWh, gCO2e, reason }) =>
        html`<tr>${rowHead(month)}<td>${bookedIn}</td><td class="n">${signed(kWh, 3)}</td><td class="n">${signed(
          gCO2e / 1000,
          3,
        )}</td><td>${reason}</td></tr>
`,
    )}</tbody>
</table></div></section>`,
  ];
}

/** Certificates and contracts: what they covered, what is left of them, and what stands behind the rest. */
export function market({ market: report }: EmissionsReport): Html[] {
  if (report === null) return [];
  const g = report.emissionsGCO2e;
  return [
    html`<section><h2>Market-based emissions</h2>
<p>${g === null ? "Unknown" : `${grouped(g, 2)} g CO2e`}, with certificates and contracts, beside the location-based
figure and never instead of it: ${grouped(report.instrumentKWh, 3)} kWh with an instrument,
${grouped(report.residualKWh, 3)} kWh at a residual mix, ${grouped(report.locationKWh, 3)} kWh at the location-based
intensity for want of one, ${grouped(report.unknownKWh, 3)} kWh unknown.</p>
<div class="scroll"><table><caption>Instruments</caption>
<thead><tr>${["Instrument", "Kind", "Market", "Vintage", "Retirement"].map(
      (title) => html`<th scope="col">${title}</th>`,
    )}${["Volume", "Used here", "Unused"].map((title) => numberHead(title, "kWh"))}</tr></thead>
<tbody>${report.instruments.map(
      (one) =>
        html`<tr><th scope="row">${one.id}</th><td>${one.kind}</td><td>${one.market.join(", ")}</td>
<td>${one.from} to ${one.to}</td><td>${one.retirementId ?? "not retired, not counted"}</td>
<td class="n">${grouped(one.kWh, 1)}</td><td class="n">${grouped(one.usedInReportKWh, 3)}</td>
<td class="n">${one.isCounted ? grouped(one.unusedKWh, 3) : "–"}</td></tr>
`,
    )}</tbody></table></div>
${
  report.residualMixes.length === 0
    ? []
    : [
        html`<h3>Residual mixes</h3><ul>${report.residualMixes.map(
          (mix) =>
            html`<li>${mix.market.join(", ")}, ${mix.year}: ${readable(mix.gCO2ePerKWh)} g/kWh (${mix.source})</li>`,
        )}</ul>`,
      ]
}</section>`,
  ];
}
