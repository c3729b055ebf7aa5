import type { EmissionsReport } from "../emissions/report/emissions-report.ts";
import { minute } from "./amounts.ts";
import { energyBasis, overTime } from "./chart-sections.ts";
import { type Html, html } from "./html-text.ts";
import { inputs, methodology } from "./method-sections.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { bookings, lineTable, market, notes, tiles } from "./result-sections.ts";

/** One file with everything in it: no script, no address that is loaded, so that it looks the same in ten years. */
export function reportHtml(report: EmissionsReport): string {
  const { inputs: origin } = report;
  const title = `Emissions ${report.period}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="co2e ${origin.version}">
<title>${title}</title>
<style>${{ html: PAGE_STYLE }}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="muted">${periodText(report)}${filterText(report)}. Greenhouse gas emissions of electricity use,
location-based, in CO2 equivalents.</p>
${tiles(report)}
</header>
<main>
${sections(report)}
</main>
<footer>
<p>Generated ${minute(origin.generatedAt)} UTC by co2e ${origin.version}.</p>
</footer>
</body>
</html>
`;
  return page.html;
}

const sections = (report: EmissionsReport): Html[] => [
  ...notes(report),
  ...overTime(report),
  ...lineTable(report),
  ...bookings(report),
  ...energyBasis(report),
  ...market(report),
  ...methodology(report),
  ...inputs(report),
];

const periodText = ({ periodStart, periodEnd, timeZone }: EmissionsReport): string =>
  `${minute(periodStart)} to ${minute(periodEnd)} UTC${timeZone === "UTC" ? "" : `, days and months of ${timeZone}`}`;

function filterText({ filter }: EmissionsReport): string {
  const labels = Object.entries(filter.labels).map(([key, value]) =>
    value === "" ? `what has no ${key}` : `${key} ${value}`,
  );
  const parts = [
    ...(filter.service === null ? [] : [`service ${filter.service}`]),
    ...(filter.region === null ? [] : [`region ${filter.region}`]),
    ...labels,
  ];
  return parts.length === 0 ? "" : `; only ${parts.join(", ")}`;
}
