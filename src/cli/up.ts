import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { portNumber } from "./options.ts";
import { print } from "./output.ts";
import { programVersion } from "./program-version.ts";

interface Options {
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: true;
  readonly sample?: true;
  readonly json?: true;
}

export const upCommand = (): Command =>
  new Command("up")
    .description("run the service: HTTP API, jobs, metrics and alerts in one process")
    .option("--host <address>", "address to listen on (CO2E_HOST, 127.0.0.1)")
    .option("--port <number>", "port to listen on, 0 for any that is free (CO2E_PORT, 8080)", portNumber)
    .option(
      "--insecure",
      "listen beyond this computer without API keys: whoever reaches it may read and write",
    )
    .option("--sample", "serve a demo on invented data, whatever is configured")
    .option("--json", "print one line of JSON when it listens")
    .addHelpText(
      "after",
      `
Runs until it is stopped (Ctrl-C, SIGTERM); then it finishes or hands back its work within 10 seconds. Several of them may
share a PostgreSQL database: each job is run by one. Where nothing is configured it runs the demo first and serves that.
Logs go to stderr.

Examples:
  co2e up
  co2e up --port 9000
  co2e keys create --name team-a --scope read && co2e up --host 0.0.0.0
${EXIT_CODES_HELP}`,
    )
    .action(up);

async function up(options: Options): Promise<void> {
  const [{ readConfig, isConfigured }, { createLog }, { startService }] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../app/service.ts"),
  ]);
  const given = await readConfig();
  const isDemo = options.sample === true || !(isConfigured(given) || hasDatabase(given.database));
  const config = isDemo ? await demo(given, options) : given;
  const service = await startService(
    config,
    {
      host: options.host ?? config.service.host,
      port: options.port ?? config.service.port,
      isInsecure: options.insecure ?? false,
      version: programVersion(),
    },
    await createLog(config),
  );
  const { url } = service;
  if (options.json) print(JSON.stringify({ url, pid: process.pid }));
  else print(`co2e listens on ${url}   API and its documentation: ${url}/docs   metrics: ${url}/metrics`);
  await stopSignal();
  await service.stop();
}

/** Shows the demo, and gives the settings that serve its store. */
async function demo(config: Config, { sample, json }: Options): Promise<Config> {
  const [{ runDemoOf }, { demoConfig }] = await Promise.all([import("./demo.ts"), import("../app/demo.ts")]);
  const shown = await runDemoOf(sample ? "sample" : "any");
  if (!json) print([...shown.text, ""].join("\n"));
  return demoConfig(config, shown.json.data, shown.directory);
}

/** The first one begins the stop; a second one ends the program at once. */
const stopSignal = (): Promise<void> =>
  new Promise((stop) => {
    let isStopping = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        stop();
      });
  });
