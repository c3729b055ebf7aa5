/** 1 GiB = 1.073741824 GB. AWS writes memory in GiB, and says GB for 2^30 bytes of storage and traffic; Google prices in GiB. */
export const GB_PER_GIB = 1.073_741_824;

/** Hours of the month, UTC, that a time lies in, for amounts in GB-months: "2026-02-10T…" → 672. 730, a twelfth of a year,
 *  where the time cannot be read. */
export function hoursOfMonth(start: string): number {
  const [, year, month] = /^(\d{4})-(\d{2})/.exec(start) ?? [];
  return year === undefined ? 730 : new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() * 24;
}
