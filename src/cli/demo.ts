import { Command } from "commander";
import type { DemoResult } from "../flows/demo.ts";
import { ingestText } from "./ingest.ts";
import { decimals, print, printJson, table } from "./output.ts";
import { reportText } from "./report.ts";

export const demoCommand = (): Command =>
  new Command("demo")
    .description("run the whole path on invented sample data: no key, no network, a store of its own")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  co2e demo")
    .action(async (options: { json?: true }) => {
      const [{ readConfig }, app, { createSampleGrid }, { runDemo }] = await Promise.all([
        import("../config.ts"),
        import("../app.ts"),
        import("../sources/sample-grid.ts"),
        import("../flows/demo.ts"),
      ]);
      const { CLOUD_REGIONS } = await import("../zones/cloud-regions.ts");
      const config = await readConfig();
      const log = await app.createLog({ logLevel: "warn" });
      const directory = config.demoDirectory;
      const zones = CLOUD_REGIONS.map(({ name, zone, wattTimeRegion }) => ({
        zone: { key: zone, wattTimeRegion },
        regions: [name],
      }));
      const result = await app.withStore({ directory }, (store) =>
        runDemo({ store, sources: [createSampleGrid()], notifier: null, clock: app.systemClock, log }, zones),
      );
      if (options.json) printJson(result);
      else print(demoText(result, directory).join("\n"));
    });

function demoText(result: DemoResult, directory: string): string[] {
  const regions = [...new Set(result.comparison.map((row) => row.region))];
  const services = [...new Set(result.comparison.map((row) => row.service))];
  const comparison = table(
    [
      { title: "Service", align: "left" },
      { title: "Energy (kWh)", align: "right" },
      ...regions.map((region) => ({ title: `${region} (gCO2e)`, align: "right" as const })),
    ],
    services.map((service) => {
      const rows = result.comparison.filter((row) => row.service === service);
      return [
        service,
        decimals(rows[0]?.total_kWh ?? 0, 3),
        ...rows.map((row) => (row.total_gCO2e === null ? "unknown" : decimals(row.total_gCO2e, 2))),
      ];
    }),
  );
  return [
    "SAMPLE DATA. The grid intensity below is invented, to show the way from a grid to a report; nothing was measured.",
    "",
    "1. Grid intensity of the sample grid, ingested into a store of its own:",
    "",
    ...ingestText(result.ingested.regions),
    "",
    "2. What 100,000 requests of each service emit, by region:",
    "",
    ...comparison,
    "",
    "3. The report of the loads saved for the last 24 whole hours:",
    "",
    ...reportText(result.report),
    "",
    "For live data set ELECTRICITY_MAPS_API_KEY (a free key for one zone: https://portal.electricitymaps.com), then:",
    "  npx co2e ingest",
    "  npx co2e calculate --service q2q-ai --region us-east-1 --requests 100000 --save",
    "  npx co2e report",
    "Or start from a file you have:  npx co2e import intensity FILE --zone DE",
    directory === "memory:" ? "" : `This sample store lies in ${directory}; live data never goes there.`,
  ];
}
