import { Command, InvalidArgumentError } from "commander";
import { ConfigError, RefusedError } from "../core/errors.ts";
import { alertsText, checkText, deliveriesText, muteText } from "./alerts-text.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { print, printJson } from "./output.ts";

export const alertsCommand = (): Command =>
  new Command("alerts")
    .description("what is wrong, who is told, and what is not told for a while")
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(testCommand())
    .addCommand(muteCommand())
    .addCommand(unmuteCommand())
    .addCommand(deliveriesCommand());

interface Json {
  readonly json?: true;
}

const MOST_LISTED = 200;

const listCommand = (): Command =>
  new Command("list")
    .description("list the open alerts and the mutes that hold")
    .option("--all", `the newest ${MOST_LISTED}, resolved ones included`)
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      `
Looks at nothing anew: co2e alerts check does.

Examples:
  co2e alerts list
  co2e alerts list --all --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Json & { all?: true }) => {
      const { config, app } = await loaded();
      const { listAlerts } = await import("../flows/alerts/list-alerts.ts");
      const request = { ...config.alerts, all: options.all ?? false, limit: MOST_LISTED };
      const list = hasDatabase(config.database)
        ? await app.readStore(config.database, (store) => listAlerts(store, request, app.systemClock()))
        : { alerts: [], mutes: [] };
      if (options.json) printJson(list);
      else print(alertsText(list).join("\n"));
    });

const checkCommand = (): Command =>
  new Command("check")
    .description("look for alerts now, and send what is due")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
co2e ingest does the same after each run. Run it besides, every few minutes, when co2e ingest runs seldom: messages that a
channel did not take are tried again by it. An open alert leaves the exit code at 0.

Examples:
  co2e alerts check
  co2e alerts check --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Json) => {
      const { config, app } = await loaded();
      requireDatabase(config.database);
      const { checkAndDeliverAlerts } = await import("../app/alerts.ts");
      const log = await app.createLog({ logLevel: config.logLevel === "info" ? "error" : config.logLevel });
      const result = await app.withStore(config.database, (store) =>
        checkAndDeliverAlerts(config, store, log),
      );
      if (options.json) printJson(result);
      else print(checkText(result, config.alerts).join("\n"));
    });

const testCommand = (): Command =>
  new Command("test")
    .description("send a test message to a channel")
    .argument("<channel>", "its name in co2e.yaml, or slack or pagerduty where their variables are set")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Ends with 2 when the channel did not take the message. On PagerDuty the test is triggered and resolved at once.

Examples:
  co2e alerts test slack
  co2e alerts test ops --json
${EXIT_CODES_HELP}`,
    )
    .action(async (name: string, options: Json) => {
      const { config, app } = await loaded();
      const { ready, missing, channels } = config.alerts;
      const lacking = missing.find((channel) => channel.name === name);
      if (lacking) throw new ConfigError(`The channel ${name} needs ${lacking.variable}, which is not set.`);
      const settings = ready.find((channel) => channel.name === name);
      if (!settings) throw new ConfigError(`There is no channel ${name}: ${namesText(channels)}.`);
      const [{ createChannels }, { testMessage }] = await Promise.all([
        import("../app/alerts.ts"),
        import("../alert/message.ts"),
      ]);
      const [channel] = await createChannels([settings]);
      const outcome = await channel?.send(testMessage(name, app.systemClock(), config.alerts));
      const error = outcome === undefined || outcome.kind === "sent" ? null : outcome.reason;
      if (options.json) printJson({ channel: name, type: settings.type, sent: error === null, error });
      else if (error === null) print(`The channel ${name} took the test message.`);
      else print(`The channel ${name} did not take the test message: ${error}.`);
      if (error !== null) process.exitCode = EXIT.sourceFailed;
    });

const muteCommand = (): Command =>
  new Command("mute")
    .description("tell nobody of a rule, a subject, or one about the other, for a while")
    .option("--rule <name>", "alerts of this rule (default: of every rule)")
    .option("--subject <subject>", "alerts about this subject, such as region:eu-central-1 (default: any)")
    .requiredOption("--for <duration>", "30m, 4h or 7d; 90 days at most", duration)
    .requiredOption("--reason <text>", "why, for those who ask later")
    .option("--by <name>", "who says so (default: the user of this session)")
    .option("--json", "print the mute as JSON")
    .addHelpText(
      "after",
      `
Alerts are found and kept all the same. What is still wrong when the mute ends is told then. The end of an alert that was
told before is told, muted or not.

Examples:
  co2e alerts mute --rule no-data --subject region:eu-central-1 --for 4h --reason "maintenance of the provider"
  co2e alerts mute --rule high-intensity --for 7d --reason "known, winter"
${EXIT_CODES_HELP}`,
    )
    .action(
      async (
        options: Json & { rule?: string; subject?: string; for: number; reason: string; by?: string },
      ) => {
        const { config, app } = await loaded();
        requireDatabase(config.database);
        const { muteAlerts } = await import("../flows/alerts/mute-alerts.ts");
        const mutedBy = options.by?.trim() || (await systemUser());
        const mute = await app.withStore(config.database, (store) =>
          muteAlerts(
            store,
            {
              rule: options.rule ?? null,
              subject: options.subject ?? null,
              hours: options.for,
              reason: options.reason,
              mutedBy,
            },
            app.systemClock(),
          ),
        );
        if (options.json) printJson(mute);
        else print(muteText(mute));
      },
    );

const unmuteCommand = (): Command =>
  new Command("unmute")
    .description("end a mute before its time")
    .argument("<id>", "its number in co2e alerts list", muteId)
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nExamples:\n  co2e alerts unmute 3\n${EXIT_CODES_HELP}`)
    .action(async (id: number, options: Json) => {
      const { config, app } = await loaded();
      requireDatabase(config.database);
      const isEnded = await app.withStore(config.database, (store) =>
        store.alertMutes.end(id, app.systemClock()),
      );
      if (!isEnded) throw new RefusedError(`No mute ${id} holds: co2e alerts list shows those that do.`);
      if (options.json) printJson({ id, ended: true });
      else print(`Mute ${id} is ended. What is still wrong is told at the next check.`);
    });

const deliveriesCommand = (): Command =>
  new Command("deliveries")
    .description("list messages that are not sent: waiting, failed or dropped")
    .option("--all", "the sent ones, too")
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      `
A message that a channel does not take is tried again for 24 hours, and fails at once when the channel refuses it for good.

Examples:
  co2e alerts deliveries
  co2e alerts deliveries --all --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Json & { all?: true }) => {
      const { config, app } = await loaded();
      const { listDeliveries } = await import("../flows/alerts/list-alerts.ts");
      const states = [...UNSENT, ...(options.all ? (["sent"] as const) : [])];
      const list = hasDatabase(config.database)
        ? await app.readStore(config.database, (store) => listDeliveries(store, states, MOST_LISTED))
        : [];
      if (options.json) printJson(list);
      else print(deliveriesText(list).join("\n"));
    });

const UNSENT = ["ready", "sending", "failed", "dropped"] as const;

async function loaded() {
  const [{ readConfig }, app] = await Promise.all([import("../config/config.ts"), import("../app/app.ts")]);
  return { config: await readConfig(), app };
}

function requireDatabase(where: Parameters<typeof hasDatabase>[0]): void {
  if (!hasDatabase(where))
    throw new ConfigError("There is no database yet, and so nothing to look at: run co2e ingest first.");
}

const namesText = (channels: readonly { readonly name: string }[]): string =>
  channels.length === 0
    ? "set SLACK_WEBHOOK_URL, or define one under alerts.channels in co2e.yaml"
    : `use ${channels.map(({ name }) => name).join(", ")}`;

/** "30m", "4h", "7d" → hours */
function duration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("Use 30m, 4h or 7d.");
  return Number(count) * (unit === "d" ? 24 : unit === "h" ? 1 : 1 / 60);
}

function muteId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a number from co2e alerts list.");
}

/** A container may run as a user without a name. */
async function systemUser(): Promise<string> {
  const { userInfo } = await import("node:os");
  try {
    return userInfo().username;
  } catch {
    throw new ConfigError("The user of this session has no name: say --by NAME.");
  }
}
