import type { EmissionsReport } from "../emissions/report/emissions-report.ts";
import { grouped, minute } from "./amounts.ts";
import { type Html, html } from "./html-text.ts";

/** How the figures were worked out, in the words of an auditor's questions. */
export function methodology(report: EmissionsReport): Html[] {
  const { total, inputs: origin } = report;
  const factors = origin.factorTypes.length === 0 ? "the configured" : origin.factorTypes.join(" and ");
  const paragraphs = [
    "Emissions are energy × grid intensity, hour by hour: the energy that a service used in an hour and region, times " +
      "the average intensity of the electricity consumed in that region's grid zone in that hour. This is the " +
      "location-based method of the GHG Protocol. Certificates, contracts and offsets change nothing in it.",
    "Energy of computers alone is multiplied by the PUE of the data centre, once; energy that was metered at the " +
      "building is not. Where only a total over a longer time is known, it is spread evenly over that time.",
    `Intensities rest on ${factors} emission factors.`,
    ...(total.estimatedKWh > 0
      ? [
          `For ${grouped(total.estimatedKWh, 3)} kWh the intensity of the hour is not known. Their emissions are estimated ` +
            "from the mean of the same hour of the day in the weeks around it, else from a mean of a year. They are in the " +
            "total and shown apart.",
        ]
      : []),
    ...(report.withEstimate
      ? []
      : ["Emissions that would have to be estimated are left out of every figure here."]),
    ...(total.lowGCO2e === null
      ? []
      : [
          "Low and high are bounds: every figure at its lowest, and every figure at its highest, at the same time. They are " +
            "no confidence interval.",
        ]),
    ...(total.perUnit.sciGCO2e === null
      ? []
      : [
          "SCI is (O + M) per R of ISO/IEC 21031: emissions of the energy used, plus a share of making the hardware for " +
            "the time it was reserved, per functional unit. Market-based measures do not change it.",
        ]),
    ...(report.scopes.some(({ scope }) => scope === 3)
      ? ["The energy of cloud regions is the provider's scope 1 and 2, and scope 3 for its customer."]
      : []),
  ];
  return [
    html`<section><h2>Methodology</h2>
${paragraphs.map(
  (text) => html`<p>${text}</p>
`,
)}${
  report.equivalences.length === 0
    ? []
    : [
        html`<h3>Pictures</h3><ul>${report.equivalences.map(
          (one) =>
            html`<li>${one.text}: ${grouped(one.gCO2ePerUnit, 0)} g CO2e each. ${one.source},
${one.edition} edition, <code>${one.url}</code></li>`,
        )}</ul>`,
      ]
}</section>`,
  ];
}

/** Everything that is needed to work the figures out again, and whom to thank. */
export function inputs(report: EmissionsReport): Html[] {
  const { inputs: origin, attributions } = report;
  const facts: [string, string][] = [
    ["Period", `${minute(report.periodStart)} to ${minute(report.periodEnd)} UTC`],
    ["Accounting time zone", report.timeZone],
    ["Emission factors", origin.factorTypes.join(", ") || "not stated"],
    ...(origin.factorSets.length === 0 ? [["Factor set", "none"] as [string, string]] : []),
    ...origin.factorSets.map(({ sha256, since }): [string, string] => [
      "Factor set",
      `sha256 ${sha256}, since ${minute(since)} UTC`,
    ]),
    ["Generated", `${minute(origin.generatedAt)} UTC, co2e ${origin.version}`],
  ];
  return [
    html`<section><h2>Inputs</h2>
<div class="scroll"><table><tbody>${facts.map(
      ([name, value]) => html`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>`,
    )}</tbody></table></div>
${
  origin.sources.length === 0
    ? []
    : [
        html`<h3>Grid intensity of the regions in this report</h3><div class="scroll"><table>
<thead><tr><th scope="col">Source</th><th scope="col">Kind</th><th scope="col">Basis</th>
<th scope="col" class="n">Hours</th></tr></thead>
<tbody>${origin.sources.map(
          ({
            source,
            kind,
            basis,
            hours,
          }) => html`<tr><th scope="row">${source}</th><td>${kind ?? "not stated"}</td>
<td>${basis ?? "as configured"}</td><td class="n">${grouped(hours, 0)}</td></tr>
`,
        )}</tbody></table></div>`,
      ]
}${
  attributions.length === 0
    ? []
    : [html`<h3>Grid data</h3><ul>${attributions.map((text) => html`<li>${text}</li>`)}</ul>`]
}</section>`,
  ];
}
