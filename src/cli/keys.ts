import { Command, InvalidArgumentError, Option } from "commander";
import { type ApiKey, KEY_SCOPES, type KeyScope, keyState } from "../core/api-key.ts";
import { DAY_MS, type Instant, instant, parseInstant, parseUtcInstant, toIso, toText } from "../core/time.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { print, printJson, table } from "./output.ts";

interface CreateOptions {
  readonly name: string;
  readonly scope: readonly KeyScope[];
  readonly expires: Expiry;
  readonly json?: true;
}

/** So long after now, or a moment. */
type Expiry = { readonly days: number } | { readonly at: Instant };

export const keysCommand = (): Command =>
  new Command("keys")
    .description("keys for the API of the service: who may read, write or administer")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());

const createCommand = (): Command =>
  new Command("create")
    .description("make a key, and show it this once")
    .requiredOption("--name <name>", "whose key it is: team-a, prometheus", keyName)
    .addOption(
      new Option(
        "--scope <scope>",
        "what it may do; write may also read, admin may do everything; may be repeated",
      )
        .argParser(scopes)
        .makeOptionMandatory(),
    )
    .option("--expires <when>", "days such as 90d, or a date such as 2027-01-01", expiry, { days: 365 })
    .option("--json", "print the key as JSON")
    .addHelpText(
      "after",
      `
Without --expires the key counts for 365 days. It is shown once and kept nowhere: the store has a hash of it. As soon as
there is a key, the service asks everybody for one, within 15 seconds.

Examples:
  co2e keys create --name prometheus --scope read
  co2e keys create --name import-job --scope write --expires 90d
  co2e keys create --name ops --scope admin --expires 2027-01-01
${EXIT_CODES_HELP}`,
    )
    .action(async ({ name, scope, expires, json }: CreateOptions) => {
      const [{ readConfig }, { withStore, systemClock }, { ConfigError }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../core/errors.ts"),
      ]);
      const { database } = await readConfig();
      const now = systemClock();
      const expiresAt = "at" in expires ? expires.at : instant(now + expires.days * DAY_MS);
      if (expiresAt <= now) throw new ConfigError(`--expires is ${toText(expiresAt)}, which is over.`);
      const made = await withStore(database, ({ apiKeys }) =>
        apiKeys.create({ name, scopes: scope, expiresAt, now }),
      );
      if (json) printJson({ ...shown(made, now), key: made.key });
      else
        print(
          [
            made.key,
            "",
            `Key ${made.keyId} of ${name}: ${scope.join(", ")}, until ${toText(expiresAt)}.`,
            "Keep it now: it cannot be shown again. Send it as Authorization: Bearer KEY, or X-API-Key: KEY.",
          ].join("\n"),
        );
    });

const listCommand = (): Command =>
  new Command("list")
    .description("list the keys, without what is secret of them")
    .option("--json", "print the list as JSON")
    .addHelpText("after", `\nExamples:\n  co2e keys list\n  co2e keys list --json\n${EXIT_CODES_HELP}`)
    .action(async ({ json }: { readonly json?: true }) => {
      const [{ readConfig }, { readStore, systemClock }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
      ]);
      const { database } = await readConfig();
      const now = systemClock();
      const keys = hasDatabase(database) ? await readStore(database, ({ apiKeys }) => apiKeys.list()) : [];
      if (json) printJson(keys.map((key) => shown(key, now)));
      else print(keys.length === 0 ? "There is no key: co2e keys create" : listText(keys, now).join("\n"));
    });

const revokeCommand = (): Command =>
  new Command("revoke")
    .description("end a key: the service refuses it within 15 seconds")
    .argument("<id>", "the key's id, as co2e keys list shows it")
    .option("--json", "print the key as JSON")
    .addHelpText("after", `\nExamples:\n  co2e keys revoke k3zq7m2av5xw\n${EXIT_CODES_HELP}`)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const [{ readConfig }, { withStore, systemClock }, { ConfigError }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../core/errors.ts"),
      ]);
      const { database } = await readConfig();
      const now = systemClock();
      const [key, left] = await withStore(database, async ({ apiKeys }) => [
        await apiKeys.revoke(id, now),
        (await apiKeys.list()).filter(({ revokedAt }) => revokedAt === null).length,
      ]);
      // What was typed may be a whole key: it is not repeated.
      if (key === undefined)
        throw new ConfigError("There is no key with this id: co2e keys list shows them.");
      if (json) return printJson(shown(key, now));
      print(`Key ${key.keyId} of ${key.name} is revoked. The service refuses it within 15 seconds.`);
      if (left === 0)
        print("It was the last one: a service that listens on 127.0.0.1 asks nobody for a key any more.");
    });

/** As JSON says it. */
const shown = (key: ApiKey, now: Instant) => ({
  keyId: key.keyId,
  name: key.name,
  scopes: key.scopes,
  state: keyState(key, now),
  createdAt: toIso(key.createdAt),
  expiresAt: key.expiresAt === null ? null : toIso(key.expiresAt),
  revokedAt: key.revokedAt === null ? null : toIso(key.revokedAt),
  lastUsedOn: key.lastUsedOn,
});

const listText = (keys: readonly ApiKey[], now: Instant): string[] =>
  table(
    ["Id", "Name", "Scopes", "State", "Created", "Expires", "Last used"].map((title) => ({
      title,
      align: "left",
    })),
    keys.map((key) => [
      key.keyId,
      key.name,
      key.scopes.join(", "),
      keyState(key, now),
      toIso(key.createdAt).slice(0, 10),
      key.expiresAt === null ? "never" : toIso(key.expiresAt).slice(0, 10),
      key.lastUsedOn ?? "",
    ]),
  );

function keyName(text: string): string {
  const name = text.trim();
  if (name.length > 0 && name.length <= 100 && !/\p{Cc}/u.test(name)) return name;
  throw new InvalidArgumentError("Use a name of at most 100 characters, for example team-a.");
}

function scopes(text: string, before: readonly KeyScope[] = []): KeyScope[] {
  const scope = KEY_SCOPES.find((one) => one === text);
  if (scope === undefined) throw new InvalidArgumentError(`Use ${KEY_SCOPES.join(", ")}.`);
  return [...new Set([...before, scope])];
}

const MOST_DAYS = 3650;

/** "90d", or a date, or a time with its offset. */
function expiry(text: string): Expiry {
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1] ?? Number.NaN);
  if (days >= 1 && days <= MOST_DAYS) return { days };
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseUtcInstant(text) : parseInstant(text);
  if (at !== undefined) return { at };
  throw new InvalidArgumentError(`Use days from 1d to ${MOST_DAYS}d, or a date such as 2027-01-01.`);
}
