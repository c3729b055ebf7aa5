import { Command } from "commander";
import { print, printJson, table } from "./output.ts";

export const servicesCommand = (): Command =>
  new Command("services")
    .description("list services and their energy per request")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  co2e services\n  co2e services --json")
    .action(async (options: { json?: true }) => {
      const { readConfig } = await import("../config/config.ts");
      const { services } = await readConfig();
      if (options.json) printJson(services);
      else {
        const rows = Object.entries(services).map(([name, profile]) => [
          name,
          String(profile.wh_per_request),
          profile.confidence,
          profile.description,
        ]);
        const columns = [
          { title: "Service", align: "left" },
          { title: "Wh/Request", align: "right" },
          { title: "Confidence", align: "left" },
          { title: "Description", align: "left" },
        ] as const;
        print(table(columns, rows).join("\n"));
      }
    });
