import { DAY_MS } from "./time.ts";

/** Making one takes longer than using it a hundred times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-10-25T02:30:00` on the clocks of the zone, without an offset. */
export function localText(ms: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
    formats.set(timeZone, format);
  }
  return format.format(ms).replace(" ", "T");
}

/** The instant at which the clocks of the zone first show this time; one that they skip counts as before the change. */
export function fromLocal(text: string, timeZone: string): number {
  const asUtc = Date.parse(`${text}Z`);
  const offsetAt = (ms: number): number => Date.parse(`${localText(ms, timeZone)}Z`) - ms;
  const offsets = [offsetAt(asUtc - DAY_MS), offsetAt(asUtc + DAY_MS)];
  const readings = offsets.map((offset) => asUtc - offset).filter((ms) => asUtc - offsetAt(ms) === ms);
  return readings[0] ?? asUtc - (offsets[0] ?? 0);
}
