import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { ConfiguredPrometheus } from "../flows/health/check-prometheus.ts";
import type { SetupCheck, SourceAnswer } from "../flows/health/setup-check.ts";
import { ageText } from "./age.ts";
import { configuredSources } from "./configured-sources.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { decimals, print, printJson } from "./output.ts";
import { WIDTH, wrapped } from "./wrapped.ts";

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("check settings, store, clock, keys and a real answer of each source, and say what to do")
    .option("--offline", "leave out what needs the network")
    .option("--json", "print the checks as JSON")
    .addHelpText(
      "after",
      `
Asks each source for the last hours of one configured zone, and Prometheus for the last hours of each pull, and stores
nothing of the answers. Prints no secret. Warnings leave the exit code at 0; a check that failed makes it 1
(configuration), 3 (store) or 2 (source), the first of these.

Examples:
  co2e doctor
  co2e doctor --offline
  co2e doctor --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: { offline?: true; json?: true }) => {
      const checks = await examine(options.offline ?? false);
      if (options.json) printJson({ ...countsOf(checks), checks });
      else print(doctorText(checks).join("\n"));
      const failed = checks.filter(({ state }) => state === "failed").map(({ area }) => area);
      const first = (["configuration", "store", "source"] as const).find((area) => failed.includes(area));
      if (first) process.exitCode = EXIT_OF[first];
    });

const EXIT_OF = {
  configuration: EXIT.usage,
  store: EXIT.storeFailed,
  source: EXIT.sourceFailed,
} as const;

/** The network is asked twice at most, so that a provider that is down does not take long to say. */
const ATTEMPTS = 2;
const LONGEST_RETRY_DELAY_MS = 1000;

async function examine(isOffline: boolean): Promise<SetupCheck[]> {
  const [{ readConfig, keyHint }, app, { checkSetup }, { hideSecrets }, { allMigrations }] =
    await Promise.all([
      import("../config/config.ts"),
      import("../app/app.ts"),
      import("../flows/health/check-setup.ts"),
      import("../flows/hide-secrets.ts"),
      import("../store/migrate.ts"),
    ]);
  let config: Config;
  try {
    config = await readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [brokenConfiguration(error.problems)];
  }
  const log = await app.createLog({ logLevel: "error" });
  const chain = await configuredSources(config);
  const http = {
    ...config.http,
    attempts: ATTEMPTS,
    retryDelayMs: Math.min(config.http.retryDelayMs, LONGEST_RETRY_DELAY_MS),
  };
  // A service that holds the store counts its own requests; the few of a check go uncounted then.
  const isServed = (await app.openServed(config.database, "read")) !== undefined;
  const checks = await checkSetup(
    {
      openStore: hasDatabase(config.database) ? () => app.openStore(config.database, "read") : null,
      createSources: async (store, onClockSkew) =>
        (
          await app.createSources(
            { ...config, http },
            { store: isServed || !store ? app.UNCOUNTED : store, log, onClockSkew },
          )
        ).sources,
      prometheus: await configuredPrometheus({ ...config, http }, app, log),
      clock: app.systemClock,
    },
    {
      ...config,
      chain,
      isOffline,
      keyHint: (regions) => keyHint(config, regions),
      newestSchema: allMigrations().at(-1)?.version ?? 0,
      directory: "directory" in config.database ? config.database.directory : "",
      hide: hideSecrets(await secretsOf(config)),
    },
  );
  return [soundConfiguration(config), ...checks];
}

async function configuredPrometheus(
  config: Config,
  { createPrometheusOf }: typeof import("../app/app.ts"),
  log: Parameters<typeof createPrometheusOf>[2],
): Promise<ConfiguredPrometheus | null> {
  const { prometheus, regions } = config;
  if (prometheus === null) return null;
  const { findRegion } = await import("../config/regions.ts");
  return {
    client: await createPrometheusOf(config, prometheus, log),
    url: prometheus.url,
    pulls: prometheus.pulls,
    resolveRegion: (name) => findRegion(regions, name)?.name,
  };
}

const brokenConfiguration = (problems: readonly string[]): SetupCheck => ({
  name: "configuration",
  area: "configuration",
  state: "failed",
  found: problems,
  fix: "Mend these first; nothing else was checked",
});

const soundConfiguration = ({ regions, sources, services }: Config): SetupCheck => ({
  name: "configuration",
  area: "configuration",
  state: "ok",
  found: [
    `${regions.length} regions, ${Object.keys(services).length} services`,
    `sources in order: ${sources.join(", ")}`,
  ],
  fix: null,
});

/** What is secret and is sent to a provider or the database; what belongs together in one list. */
async function secretsOf(config: Config): Promise<string[][]> {
  const { secretVariables } = await import("../flows/health/configured-source.ts");
  const bySource = (await configuredSources(config)).map((source) =>
    secretVariables(source).flatMap(
      (variable) => config.sourceSettings[source.description.name]?.[variable] ?? [],
    ),
  );
  const login = config.prometheus?.login ?? null;
  // A user's name may be a word that messages need; the client hides it where it stands for a login.
  const ofPrometheus = login === null ? [] : [login.kind === "bearer" ? login.token : login.password];
  const password = "url" in config.database ? new URL(config.database.url).password : "";
  return [...bySource, ofPrometheus, [password], [decoded(password)]];
}

/** A password may hold a % that encodes nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const countsOf = (checks: readonly SetupCheck[]) => ({
  failed: checks.filter(({ state }) => state === "failed").length,
  warnings: checks.filter(({ state }) => state === "warning").length,
});

/** A verdict, then the checks: state, name, what was found, what to do. */
export function doctorText(checks: readonly SetupCheck[]): string[] {
  const { failed, warnings } = countsOf(checks);
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  const indent = " ".repeat(STATE_WIDTH + 2 + nameWidth + 2);
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    failed === 0
      ? `Nothing failed${warnings === 0 ? "" : `; ${counted(warnings, "warning")}`}.`
      : `${counted(failed, "check")} failed${warnings === 0 ? "" : `; ${counted(warnings, "warning")}`}.`,
    "",
    ...checks.flatMap((check) => {
      const [first = "", ...more] = [
        ...check.found,
        ...(check.answer ? [answerText(check.answer)] : []),
        ...(check.fix === null ? [] : [`→ ${check.fix}`]),
      ].flatMap((line) => wrapped(line.split(" "), WIDTH - indent.length, "  "));
      return [
        `${check.state.padEnd(STATE_WIDTH)}  ${check.name.padEnd(nameWidth)}  ${first}`,
        ...more.map((line) => `${indent}${line}`),
      ];
    }),
  ];
}

const STATE_WIDTH = "warning".length;

/** "DE: 280.50 gCO2e/kWh at 2026-11-23 14:00 UTC, 20 min ago, average/lifecycle/consumption, measured" */
const answerText = ({ zone, newestHour, ageHours, gCO2ePerKWh, basis, kind }: SourceAnswer): string =>
  `${zone}: ${decimals(gCO2ePerKWh, 2)} gCO2e/kWh at ${newestHour.slice(0, 16).replace("T", " ")} UTC, ` +
  `${ageText(ageHours)} ago, ${basis}, ${kind}`;
