import { HOUR_MS } from "../../src/core/time.ts";

/** Lines of a usage file that are the same each time, some of them bad, and how many of each sort there are. */
export interface GeneratedUsage {
  readonly lines: number;
  /** One in so many lines is bad; 0: none. */
  readonly badOneIn: number;
}

const SERVICES = 250;
const REGIONS = ["us-east-1", "eu-central-1"];
const FIRST_HOUR = Date.UTC(2026, 0, 1);
export const USAGE_HEADER = "service,region,hour,team,requests,energy_kwh,tier,boundary,vcpu_hours";

/** What is wrong with the bad lines, in turn. */
const FAULTS: readonly ((cells: string[]) => string)[] = [
  (cells) => cells.with(4, "many").join(","),
  (cells) => cells.with(1, "atlantis-1").join(","),
  (cells) => cells.with(2, "yesterday").join(","),
  (cells) => cells.with(6, "").join(","),
  (cells) => cells.slice(0, 5).join(","),
  (cells) => cells.with(5, "-3").join(","),
  (cells) => cells.with(0, "").join(","),
  (cells) => `"${cells.join(",")}`,
];

export const isBadLine = (index: number, badOneIn: number): boolean => badOneIn > 0 && index % badOneIn === 7;

/** Line `index`, from 0, without its end. Its number in the file is index + 2. */
export function usageLine(index: number, badOneIn: number): string {
  const service = index % SERVICES;
  const hour = new Date(FIRST_HOUR + Math.floor(index / SERVICES) * HOUR_MS).toISOString();
  const cells = [
    `service-${service}`,
    REGIONS[service % REGIONS.length] ?? "",
    `${hour.slice(0, 16)}Z`,
    `team-${service % 9}`,
    String(1000 + ((index * 7919) % 5000)),
    (0.5 + (index % 977) / 100).toFixed(2),
    "measured",
    "it",
    String(1 + (service % 8)),
  ];
  if (!isBadLine(index, badOneIn)) return cells.join(",");
  const fault = FAULTS[Math.floor(index / badOneIn) % FAULTS.length];
  return fault === undefined ? "" : fault(cells);
}

/** The file in pieces, as a slow disk would give it. */
export function* usageFile({ lines, badOneIn }: GeneratedUsage): Generator<Buffer> {
  let piece = `${USAGE_HEADER}\n`;
  for (let index = 0; index < lines; index++) {
    piece += `${usageLine(index, badOneIn)}\n`;
    if (piece.length > 60_000) {
      yield Buffer.from(piece);
      piece = "";
    }
  }
  yield Buffer.from(piece);
}
