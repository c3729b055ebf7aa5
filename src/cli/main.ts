#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command } from "commander";
import { alertsCommand } from "./alerts.ts";
import { backfillCommand } from "./backfill.ts";
import { calculateCommand } from "./calculate.ts";
import { cleanupCommand } from "./cleanup.ts";
import { closeCommand } from "./close.ts";
import { compareCommand } from "./compare.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { EXIT_CODES_HELP, exitCodeOf } from "./exit-codes.ts";
import { explainCommand } from "./explain.ts";
import { hotspotsCommand } from "./hotspots.ts";
import { importCommand } from "./import.ts";
import { ingestCommand } from "./ingest.ts";
import { jobsCommand } from "./jobs.ts";
import { keysCommand } from "./keys.ts";
import { migrateCommand } from "./migrate.ts";
import { profileCommand } from "./profile.ts";
import { pullCommand } from "./pull.ts";
import { readingsCommand } from "./readings.ts";
import { recalculateCommand } from "./recalculate.ts";
import { reconcileCommand } from "./reconcile.ts";
import { regionsCommand } from "./regions.ts";
import { reportCommand } from "./report.ts";
import { servicesCommand } from "./services.ts";
import { statusCommand } from "./status.ts";
import { upCommand } from "./up.ts";

const { version } = createRequire(import.meta.url)("co2e/package.json") as { version: string };

const program = new Command("co2e")
  .description("How much CO2e your software emits, hour by hour, from the grid under every cloud region.")
  .version(version)
  .option("--stack", "show the stack of an error")
  .addHelpText(
    "after",
    `
Start:
  co2e up                      the service: API, jobs, metrics; without settings on a demo
  co2e demo                    see it work, without a key
  co2e ingest                  fetch grid intensity (co2e regions says where that needs a key)
  co2e calculate --service q2q-ai --region us-east-1 --requests 100000
${EXIT_CODES_HELP}`,
  )
  .showHelpAfterError("(co2e --help, or co2e COMMAND --help, shows what can be said)");

for (const command of [
  upCommand(),
  demoCommand(),
  ingestCommand(),
  statusCommand(),
  alertsCommand(),
  jobsCommand(),
  backfillCommand(),
  calculateCommand(),
  reportCommand(),
  explainCommand(),
  hotspotsCommand(),
  compareCommand(),
  reconcileCommand(),
  closeCommand(),
  recalculateCommand(),
  importCommand(),
  pullCommand(),
  profileCommand(),
  readingsCommand(),
  servicesCommand(),
  regionsCommand(),
  doctorCommand(),
  cleanupCommand(),
  keysCommand(),
  migrateCommand(),
]) {
  for (const nested of command.commands) nested.copyInheritedSettings(program);
  program.addCommand(command.copyInheritedSettings(program));
}

// A reader that has seen enough (co2e report | head) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  const known = exitCodeOf(error);
  process.exitCode = known ?? 1;
  const message = error instanceof Error ? error.message : String(error);
  const prefix = known === undefined ? "unexpected fault, please report it: " : "";
  process.stderr.write(`co2e: ${prefix}${message.replaceAll("\n", "\n      ")}\n`);
  const wantsStack = program.opts<{ stack?: true }>().stack;
  if (error instanceof Error && wantsStack) process.stderr.write(`${error.stack}\n`);
}
