import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { explanationText } from "../src/cli/explanation-text.ts";
import { calendarOf } from "../src/core/calendar.ts";
import { buildFactorSet } from "../src/emissions/standard-factors.ts";
import { explainAndCheck } from "../src/flows/emissions/explain.ts";
import { onEachEngine } from "./support/engines.ts";
import { putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, emptyStore } from "./support/store-data.ts";

const document = readFileSync("docs/audit.md", "utf8");

/** Lines of the CSV block of docs/audit.md that begins with `heading`, as cells. */
function csvBlock(heading: string): string[][] {
  const block = new RegExp(`\`\`\`csv\n${heading}\n([\\s\\S]*?)\`\`\``).exec(document)?.[1];
  if (block === undefined) throw new Error(`no block ${heading}`);
  return block
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}

onEachEngine((engine) => {
  it("the worked audit comes out as its page says", async () => {
    const { database, store } = await emptyStore(engine);
    const hours = csvBlock("timestamp,gco2_per_kwh").map(([hour = "", g]) => ({
      hour: at(hour),
      g: Number(g),
    }));
    expect(hours.reduce((sum, { g }) => sum + g, 0)).toBe(7544);
    await putHours(database, "eu-central-1", hours);
    await record(
      store,
      csvBlock("service,region,starts_at.*").map(
        ([service = "", region = "", start = "", end = "", requests, kWh = "", , , team = ""]) =>
          usageRow({
            service,
            region,
            origin: "import:billing",
            start: at(start),
            end: at(end),
            requests: Number(requests),
            energy: kWh === "" ? null : { kWh: Number(kWh), boundary: "it", tier: "measured" },
            labels: { team },
          }),
      ),
    );
    const factors = buildFactorSet({
      factorType: "lifecycle",
      regions: [
        {
          name: "eu-central-1",
          zone: "DE",
          provider: "aws",
          pue: { pue: 1.35, year: 2024, source: "table" },
        },
      ],
      services: {},
      storedProfiles: [],
      originOrder: [],
    });
    await runRecalc(store, { timeZone: "Europe/Berlin", factors });
    const calendar = calendarOf("Europe/Berlin");
    if (!calendar) throw new Error("no such time zone");
    const explained = await explainAndCheck(
      { store, annualMean: async () => undefined, version: "test" },
      {
        filter: { service: null, region: null, labels: {} },
        period: "2026-10",
        interval: { start: calendar.startOf("2026-10-01"), end: calendar.startOf("2026-11-01") },
        calendar,
      },
    );
    // 2.43 × 204 + 2.7 × 198 + 0.1 × 7,544 = 1,784.72 g
    expect(explained.figure.gCO2e).toBeCloseTo(1784.72, 9);
    const text = explanationText(explained);
    const shown = text.filter((line) =>
      /^(Emissions|Energy|Requests|=|Recomputed)|^ {2}(\S+ kWh|2026)/.test(line),
    );
    expect(shown.length).toBeGreaterThan(10);
    for (const line of shown.slice(0, 7)) expect(document).toContain(`\n${line}\n`);
    expect(document).toContain(text.at(-1));
  });
});
