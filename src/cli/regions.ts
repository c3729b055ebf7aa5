import { Command } from "commander";
import { HOUR_MS } from "../core/time.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { print, printJson, table } from "./output.ts";

export const regionsCommand = (): Command =>
  new Command("regions")
    .description("list configured regions, their grid zone and latest intensity")
    .option("--json", "print the list as JSON")
    .addHelpText("after", `\nExamples:\n  co2e regions\n  co2e regions --json\n${EXIT_CODES_HELP}`)
    .action(async (options: { json?: true }) => {
      const [{ readConfig }, { withStore, systemClock }] = await Promise.all([
        import("../config.ts"),
        import("../app.ts"),
      ]);
      const config = await readConfig();
      const now = systemClock();
      const regions = await withStore(config.database, async (store) => {
        const list = [];
        for (const region of config.regions) {
          const newest = await store.intensity.newestHour(region.name, now);
          list.push({
            ...region,
            latest:
              newest === undefined
                ? null
                : {
                    hour: new Date(newest.hour).toISOString(),
                    gCO2ePerKWh: newest.gCO2ePerKWh,
                    source: newest.source,
                    kind: newest.kind,
                    ageHours: (now - newest.hour) / HOUR_MS,
                  },
          });
        }
        return list;
      });
      if (options.json) {
        printJson(regions);
        return;
      }
      const rows = regions.map(({ name, zone, zoneAlias, location, latest }) => [
        name,
        zoneAlias === null ? zone : `${zone} (written ${zoneAlias})`,
        location,
        latest === null ? "none" : latest.gCO2ePerKWh.toFixed(2),
        latest === null ? "" : ageText(latest.ageHours),
        latest === null ? "" : `${latest.source}${latest.kind === null ? "" : `, ${latest.kind}`}`,
      ]);
      const columns = [
        { title: "Region", align: "left" },
        { title: "Zone", align: "left" },
        { title: "Location", align: "left" },
        { title: "gCO2e/kWh", align: "right" },
        { title: "Age", align: "right" },
        { title: "Source", align: "left" },
      ] as const;
      print(table(columns, rows).join("\n"));
    });

/** From the start of the hour: 0.4 → "0 h", 50 → "2 d". */
const ageText = (hours: number): string =>
  hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`;
