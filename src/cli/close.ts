import { Command } from "commander";
import type { Access, withStore } from "../app/app.ts";
import { bookingAmount } from "../core/bookings.ts";
import { ConfigError } from "../core/errors.ts";
import type { ClosedMonth } from "../flows/emissions/close-month.ts";
import type { BookingResult, ClosedFigure } from "../flows/emissions/closed-figures.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { decimals, print, printJson } from "./output.ts";
import { programVersion } from "./program-version.ts";

interface Options {
  readonly by?: string;
  readonly list?: true;
  readonly verify?: true;
  readonly json?: true;
}

export const closeCommand = (): Command =>
  new Command("close")
    .description("freeze the figures of a month that is over, and show what was learnt of it since")
    .argument("[month]", "month of the accounting time zone: 2026-10")
    .option("--by <name>", "who closes it (default: the user of this session)")
    .option("--list", "list the closed months, with what was learnt of them since")
    .option("--verify", "work out the hashes of all closed months again")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Closing copies the sums of each series and a manifest, with a SHA-256 over both and over the month closed before. It stops
nothing: figures go on being revised, and what differs from the copy is an adjustment.

Examples:
  co2e close 2026-10
  co2e close --list
  co2e close adjust 2026-10 --booked-in 2026-11 --reason "meter readings of rack 4 corrected"
  co2e close --verify
${EXIT_CODES_HELP}`,
    )
    .addCommand(adjustCommand())
    .action(async (month: string | undefined, options: Options) => {
      if ([month !== undefined, options.list, options.verify].filter(Boolean).length !== 1)
        throw new ConfigError("Say a MONTH to close, --list, or --verify.");
      if (options.by !== undefined && month === undefined) throw new ConfigError("--by goes with a MONTH.");
      if (options.verify) await verify(options);
      else if (month === undefined) await list(options);
      else await close(month, options);
    });

function adjustCommand(): Command {
  return new Command("adjust")
    .description("book what was learnt of a closed month since, in a month that is still open")
    .argument("<month>", "the closed month: 2026-10")
    .requiredOption("--booked-in <month>", "the later month that takes the difference: 2026-11")
    .requiredOption("--reason <text>", "why, for those who ask later")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Example:
  co2e close adjust 2026-10 --booked-in 2026-11 --reason "meter readings of rack 4 corrected"
${EXIT_CODES_HELP}`,
    )
    .action(async (month: string, options: { bookedIn: string; reason: string }, command: Command) => {
      // --json belongs to the command above too, which takes it.
      const { json } = command.optsWithGlobals<{ json?: true }>();
      if (options.reason.trim() === "")
        throw new ConfigError("--reason is empty: say why, for those who ask later.");
      const { bookAdjustment } = await import("../flows/emissions/closed-figures.ts");
      const booked = await withFigures("change", (store) =>
        bookAdjustment({ store }, { month, bookedIn: options.bookedIn, reason: options.reason.trim() }),
      );
      if (json) printJson(booked);
      else print(bookingText(booked).join("\n"));
    });
}

type OpenStore = Parameters<Parameters<typeof withStore>[1]>[0];

async function withFigures<Result>(
  access: Access,
  work: (store: OpenStore) => Promise<Result>,
): Promise<Result> {
  const [{ readConfig }, app] = await Promise.all([import("../config/config.ts"), import("../app/app.ts")]);
  const config = await readConfig();
  if (!hasDatabase(config.database))
    throw new ConfigError("There is no database yet, and so no month to close.");
  return app.withStore(config.database, work, access);
}

const hashing = async (): Promise<(text: string) => string> => {
  const { createHash } = await import("node:crypto");
  return (text) => createHash("sha256").update(text).digest("hex");
};

async function close(month: string, { by, json }: Options): Promise<void> {
  const closedBy = by?.trim() || (await systemUser());
  const [{ closeMonth }, { systemClock }, sha256] = await Promise.all([
    import("../flows/emissions/close-month.ts"),
    import("../app/app.ts"),
    hashing(),
  ]);
  const closed = await withFigures("change", (store) =>
    closeMonth({ store, clock: systemClock, sha256, version: programVersion() }, { month, closedBy }),
  );
  if (json) printJson(closed);
  else print(closedText(closed).join("\n"));
}

async function list({ json }: Options): Promise<void> {
  const { closedFigures } = await import("../flows/emissions/closed-figures.ts");
  const figures = await withFigures("read", (store) => closedFigures({ store }));
  if (json) printJson(figures);
  else print(figures.length === 0 ? "No month is closed." : listText(figures).join("\n"));
}

async function verify({ json }: Options): Promise<void> {
  const [{ verifyClosedMonths }, sha256] = await Promise.all([
    import("../flows/emissions/closed-figures.ts"),
    hashing(),
  ]);
  const { months, problems } = await withFigures("read", (store) => verifyClosedMonths({ store, sha256 }));
  if (json) printJson({ months, problems });
  else if (problems.length > 0) print(problems.join("\n"));
  else print(verifiedText(months));
  if (problems.length > 0) process.exitCode = EXIT.refused;
}

const verifiedText = (months: number): string => {
  if (months === 0) return "No month is closed.";
  return months === 1
    ? "The closed month is as it was closed."
    : `All ${months} closed months are as they were closed.`;
};

/** A container may run as a user without a name. */
async function systemUser(): Promise<string> {
  const { userInfo } = await import("node:os");
  try {
    return userInfo().username;
  } catch {
    throw new ConfigError("The user of this session has no name: say --by NAME.");
  }
}

const kilograms = (g: number | null): string => (g === null ? "unknown" : `${decimals(g / 1000, 3)} kg CO2e`);
const signed = (g: number): string => `${g < 0 ? "−" : "+"}${kilograms(Math.abs(g))}`;

export const closedText = (closed: ClosedMonth): string[] => [
  `${closed.month} (${closed.timeZone}) is closed by ${closed.closedBy}: ${kilograms(closed.emissionsGCO2e)}, ` +
    `${decimals(closed.kWh, 3)} kWh, ${closed.series} series`,
  ...closed.bookings.map(
    (booking) => `Booked here from closed months: ${bookingAmount(booking)}: ${booking.reason}`,
  ),
  `SHA-256: ${closed.sha256}`,
  ...closed.notes,
];

/** "not in it: 2 rows that state their own figures, 12.000 kWh, 4.800 kg CO2e" */
const leftOutLine = ({ rows, kWh, gCO2e }: NonNullable<ClosedFigure["leftOut"]>): string =>
  `not in it: ${rows === 1 ? "a row that states its" : `${rows} rows that state their`} own figures, ` +
  `${decimals(kWh, 3)} kWh, ${kilograms(gCO2e)}`;

/** A month, and below it what was learnt since. */
export const figureText = (figure: ClosedFigure): string[] => [
  `${figure.month}: ${kilograms(figure.closedGCO2e)}, ${decimals(figure.closedKWh, 3)} kWh, closed ` +
    `${figure.closedAt.slice(0, 16).replace("T", " ")} UTC by ${figure.closedBy}`,
  ...(figure.leftOut === null || figure.leftOut.rows === 0 ? [] : [`  ${leftOutLine(figure.leftOut)}`]),
  ...figure.adjustments.map(
    ({ bookedIn, gCO2e, reason }) => `  booked in ${bookedIn}: ${signed(gCO2e)}: ${reason}`,
  ),
  ...figure.bookings.map((booking) => `  booked here: ${bookingAmount(booking)}: ${booking.reason}`),
  figure.openGCO2e === 0 && figure.openKWh === 0
    ? "  open: nothing"
    : `  open: ${signed(figure.openGCO2e)}, ${figure.openKWh < 0 ? "−" : "+"}${decimals(Math.abs(figure.openKWh), 3)} kWh`,
  ...(figure.isRestatement ? ["  More than 5 % of what was closed: a restatement."] : []),
];

/** The closed months, then those that take bookings and are still open. */
export function listText(figures: readonly ClosedFigure[]): string[] {
  const closed = new Set(figures.map(({ month }) => month));
  const open = new Map<string, string[]>();
  for (const { month, adjustments } of figures)
    for (const adjustment of adjustments) {
      if (closed.has(adjustment.bookedIn)) continue;
      const lines = open.get(adjustment.bookedIn) ?? [];
      open.set(adjustment.bookedIn, lines);
      lines.push(`  booked here: ${bookingAmount({ ...adjustment, month })}: ${adjustment.reason}`);
    }
  const months = [...open].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...figures.flatMap(figureText),
    ...months.flatMap(([month, lines]) => [`${month}: not closed yet`, ...lines]),
  ];
}

export const bookingText = ({ month, bookedIn, series, gCO2e }: BookingResult): string[] => [
  series === 0
    ? `Nothing to book: ${month} is as it was closed and booked.`
    : `Booked in ${bookedIn}: ${signed(gCO2e)} of ${month}, ${series} series`,
];
