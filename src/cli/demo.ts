import { Command } from "commander";
import type { DemoResult } from "../flows/demo.ts";
import type { GridZone } from "../sources/source.ts";
import { ingestText } from "./ingest.ts";
import { decimals, print, printJson, table } from "./output.ts";
import { reportText } from "./report-text.ts";

/** Whoever tries the program for the first time waits no longer than this for a network that is not there. */
const NETWORK_MS = 3_000;
export const DEMO_REGIONS = ["us-east-1", "eu-central-1"];

export const demoCommand = (): Command =>
  new Command("demo")
    .description("run the whole path: on live grid data where a source answers, else on invented sample data")
    .option("--sample", "use the invented sample data without trying the network")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Without a key the keyless sources are asked for the regions they cover. A network that does not answer within
${NETWORK_MS / 1000} s counts as none. The demo keeps its data in a store of its own.

Examples:
  co2e demo
  co2e demo --sample`,
    )
    .action(async (options: { sample?: true; json?: true }) => {
      const shown = await runDemoOf(options.sample ? "sample" : "any");
      if (options.json) printJson(shown.json);
      else print(shown.text.join("\n"));
    });

export interface ShownDemo {
  readonly json: DemoResult & { readonly data: "live" | "sample" };
  readonly text: readonly string[];
  /** Its store. */
  readonly directory: string;
}

/** "any": on live data where a source answers, else on sample data. */
export const runDemoOf = async (data: "any" | "sample"): Promise<ShownDemo> =>
  (data === "sample" ? undefined : await liveDemo()) ?? (await sampleDemo());

async function demoParts() {
  const [{ readConfig, askable, keyHint }, app, emissions, { runDemo }, { CLOUD_REGIONS }] =
    await Promise.all([
      import("../config/config.ts"),
      import("../app/app.ts"),
      import("../app/emissions.ts"),
      import("../flows/demo.ts"),
      import("../zones/cloud-regions.ts"),
    ]);
  const config = await readConfig();
  const log = await app.createLog({ logLevel: "error" });
  const regions = DEMO_REGIONS.flatMap((name) => CLOUD_REGIONS.find((region) => region.name === name) ?? []);
  const zones = regions.map(({ name, zone, wattTimeRegion }) => ({
    zone: { key: zone, wattTimeRegion } satisfies GridZone,
    regions: [name],
  }));
  return { config, app, emissions, log, runDemo, regions, zones, askable, keyHint };
}

/** With the built-in profiles and regions: whoever has a co2e.yaml sees the demo that everybody sees. */
async function recalculation(
  emissions: typeof import("../app/emissions.ts"),
  config: Parameters<typeof emissions.recalcParts>[0],
  store: Parameters<typeof emissions.recalcParts>[1],
): Promise<() => Promise<unknown>> {
  const [{ recalculate }, regions] = await Promise.all([
    import("../flows/emissions/recalculate.ts"),
    emissions.builtInRegions(DEMO_REGIONS),
  ]);
  const demo = { ...config, regions, configuredServices: {}, accountingTimeZone: "UTC" };
  const { parts, settings } = await emissions.recalcParts(demo, store);
  return () => recalculate(parts, settings);
}

/** Undefined when no source answers in time. */
async function liveDemo(): Promise<ShownDemo | undefined> {
  const { config, app, emissions, log, runDemo, regions, zones, keyHint } = await demoParts();
  const { answeringZones } = await import("../flows/health/probe-sources.ts");
  const quick = { ...config, http: { ...config.http, timeoutMs: NETWORK_MS, attempts: 1 } };
  const { sources } = await app.createSources(quick, { store: app.UNCOUNTED, log });
  const answering = await Promise.race([
    answeringZones(
      { sources, clock: app.systemClock },
      zones.map(({ zone }) => zone),
    ),
    app.sleep(NETWORK_MS).then((): GridZone[] => []),
  ]);
  if (answering.length === 0) return undefined;
  const directory = config.demoDirectories.live;
  const settings = await app.acceptSettings(config);
  const result = await app.withStore({ directory }, async (store) => {
    const parts = await app.createLearnParts(config, store, log);
    return runDemo(
      {
        ...(await emissions.calculateParts(config, store)),
        ...parts,
        recalculate: await recalculation(emissions, config, store),
      },
      {
        ...settings,
        zones: zones.filter(({ zone }) => answering.some(({ key }) => key === zone.key)),
        regions,
        lookBackHours: 48,
      },
    );
  });
  const others = regions.filter(({ zone }) => !answering.some(({ key }) => key === zone));
  const hints = others.map(
    (region) =>
      `${region.name} (zone ${region.zone}): no source at hand answers. ${keyHint(config, [region])}`,
  );
  return { json: { ...result, data: "live" }, text: liveText(result, hints, directory), directory };
}

async function sampleDemo(): Promise<ShownDemo> {
  const { config, app, emissions, log, runDemo, regions, zones } = await demoParts();
  const { createSampleGrid } = await import("../sources/sample-grid.ts");
  const directory = config.demoDirectories.sample;
  const result = await app.withStore({ directory }, async (store) => {
    const learning = await app.createLearnParts(config, store, log);
    const parts = { ...learning, sources: [createSampleGrid()], annualMeanOf: async () => null };
    return runDemo(
      {
        ...(await emissions.calculateParts(config, store)),
        ...parts,
        recalculate: await recalculation(emissions, config, store),
      },
      {
        zones,
        regions,
        factorType: "lifecycle",
        sourceOrder: ["sample"],
        basis: "fill",
        fillsAfterHours: {},
        lookBackHours: 7 * 24 - 1,
      },
    );
  });
  return { json: { ...result, data: "sample" }, text: sampleText(result, directory), directory };
}

const sampleText = (result: DemoResult, directory: string): string[] => [
  "SAMPLE DATA. The grid intensity below is invented, to show the way from a grid to a report; nothing was measured.",
  "",
  "1. Grid intensity of the sample grid, ingested into a store of its own:",
  "",
  ...resultText(result),
  "",
  "For live data, with a network: npx co2e demo. For a region of yours: npx co2e ingest (co2e regions says which source",
  "serves it, and which key would add one). Then:",
  "  npx co2e calculate --service q2q-ai --region eu-central-1 --requests 100000 --save",
  "  npx co2e report",
  "Or start from a file you have:  npx co2e import intensity FILE --zone DE",
  directory === "memory:" ? "" : `This sample store lies in ${directory}; live data never goes there.`,
];

const liveText = (result: DemoResult, hints: readonly string[], directory: string): string[] => [
  "LIVE DATA of the grid, from the sources that can be asked with the keys at hand.",
  "",
  "1. Grid intensity, ingested into a store of its own:",
  "",
  ...resultText(result, hints),
  "",
  "Next:",
  "  npx co2e ingest        every hour, for the regions in co2e.yaml",
  "  npx co2e calculate --service q2q-ai --region eu-central-1 --requests 100000 --save",
  "  npx co2e report",
  directory === "memory:" ? "" : `This store lies in ${directory}; co2e ingest has another one.`,
];

function resultText(result: DemoResult, hints: readonly string[] = []): string[] {
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
    ...ingestText(result.ingested.regions),
    ...(hints.length === 0 ? [] : ["", ...hints]),
    "",
    "2. What 100,000 requests of each service emit, by region:",
    "",
    ...comparison,
    ...new Set(result.comparison.flatMap(({ notes }) => notes.filter((note) => note.startsWith("Annual")))),
    "",
    "3. The report of the loads saved for the last 24 whole hours:",
    "",
    ...reportText(result.report),
  ];
}
