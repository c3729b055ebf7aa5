import { describe, expect, it } from "vitest";
import { partlyEstimated, reportOf, statedRow, usagePart } from "../../test/support/report-data.ts";
import { addDays } from "../core/calendar.ts";
import { instant } from "../core/time.ts";
import { allocate, type Instrument } from "../emissions/market.ts";
import { reportHtml } from "./report-html.ts";

const EVIL = `<script>alert("x")</script>&'`;
const days = Array.from({ length: 31 }, (_, index) => addDays("2026-03-01", index));
const march = { start: instant(Date.UTC(2026, 2, 1)), end: instant(Date.UTC(2026, 3, 1)) };
const instrument: Instrument = {
  id: `GO ${EVIL}`,
  kind: "GO",
  market: ["eu-central-1"],
  from: "2026-01-01",
  to: "2027-01-01",
  kWh: 50,
  gCO2ePerKWh: 0,
  retirementId: null,
};

/** Everything that a report can have, with names that try to break out of their place. */
const full = (): string =>
  reportHtml(
    reportOf(
      {
        usage: days.map((day) =>
          usagePart({ day, service: EVIL, of: { ...partlyEstimated, embodiedGCO2e: 10, cost: 3, units: 7 } }),
        ),
        before: [usagePart({ service: EVIL })],
        rows: [statedRow({ metadata: { attributions: [`${EVIL} https://example.org`] } })],
      },
      { name: EVIL, period: march, daily: true, unit: EVIL, labels: { team: EVIL } },
      {
        market: {
          settings: {
            instruments: [instrument],
            residualMix: [{ market: ["eu-central-1"], year: 2026, gCO2ePerKWh: 700, source: EVIL }],
          },
          allocation: allocate([instrument], [], () => null),
          zoneOf: () => null,
        },
        scopeOf: () => 3,
        sources: [{ source: EVIL, kind: null, basis: EVIL, hours: 5 }],
        attributions: [EVIL],
        pendingDays: 1,
        inputs: { currency: "EUR", factorSets: [{ sha256: "ab12", since: "2026-01-01T00:00:00.000Z" }] },
      },
    ),
  );

/** Tags with their attributes, as a parser sees them. */
const tags = (page: string): string[] => page.match(/<[a-zA-Z!/][^>]*>/g) ?? [];

describe("a report as a page", () => {
  it("refers to nothing outside itself", () => {
    const page = full();
    expect(
      tags(page).filter((tag) => /\s(?:src|href|srcset|data|action|poster|xlink:href)\s*=/i.test(tag)),
    ).toEqual([]);
    expect(
      tags(page).filter((tag) => /^<(?:link|script|iframe|img|object|embed|base|form)\b/i.test(tag)),
    ).toEqual([]);
    expect(page).not.toMatch(/url\(|@import/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it("escapes every name, wherever it stands", () => {
    const page = full();
    expect(page).not.toContain("<script");
    expect(page).not.toContain('alert("x")');
    // Period, filter, unit, lines, chart, instrument, residual mix, source, attribution.
    expect(
      page.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&amp;&#39;/g)?.length,
    ).toBeGreaterThan(15);
  });

  it("closes every element that it opens", () => {
    const open: string[] = [];
    for (const tag of tags(full())) {
      const name = /^<\/?([\w-]+)/.exec(tag)?.[1]?.toLowerCase() ?? "";
      if (tag.startsWith("<!") || tag.endsWith("/>") || name === "meta") continue;
      if (tag.startsWith("</")) expect([tag, open.pop()]).toEqual([tag, name]);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  it("has a language, headings in order, a name for each drawing and its numbers in a table", () => {
    const page = full();
    expect(page).toContain('<html lang="en">');
    expect(page.match(/<h1/g)).toHaveLength(1);
    const drawings = tags(page).filter((tag) => tag.startsWith("<svg"));
    expect(drawings).toHaveLength(3);
    for (const tag of drawings) expect(tag).toMatch(/role="img"\s+aria-label="[^"]{20,}"/);
    expect(page.match(/<details>/g)).toHaveLength(3);
    // Each of the 31 days stands in the table behind the drawing.
    expect(days.filter((day) => page.includes(`<th scope="row">${day}</th>`))).toEqual(days);
    for (const tag of tags(page).filter((one) => /^<th\b/.test(one)))
      expect(tag).toMatch(/scope="(?:row|col)"/);
  });

  it("shows what is estimated, the bounds' absence, the evidence, the method and the inputs", () => {
    const page = full();
    // 31 × (1200 + 1000) g + 24 kWh of a saved row of 2400 g
    expect(page).toContain("70.6 kg CO2e");
    expect(page).toMatch(/estimated 31\.0 kg/);
    expect(page).not.toContain("Low–high");
    for (const text of [
      "Methodology",
      "Data quality",
      "sha256 ab12",
      "measured by a meter",
      "not retired, not counted",
    ])
      expect(page).toContain(text);
    expect(page).toContain("Generated 2026-03-03 06:00 UTC by co2e 0.2.0");
  });

  it("of nothing says that nothing is known", () => {
    const page = reportHtml(reportOf({}, { daily: true }));
    expect(page).toContain("unknown");
    expect(page).toContain("No saved emissions in this period");
    expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it("never shows a number that is none", () => {
    expect(full()).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("a year is drawn by month", () => {
    const year = Array.from({ length: 365 }, (_, index) => usagePart({ day: addDays("2026-01-01", index) }));
    const page = reportHtml(reportOf({ usage: year }, { daily: true }));
    expect(page).toContain("Emissions by month");
    // 31 days × 3 kg
    expect(page).toMatch(/<th scope="row">2026-01<\/th><td class="n">93\.0<\/td>/);
  });
});
