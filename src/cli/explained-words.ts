/** "team=search, no environment" */
export const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => (value === "" ? `no ${key}` : `${key}=${value}`))
    .join(", ");

/** "2026-10-03 14:00" */
export const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");

/** Up to ten digits: enough to check by hand, without the noise of binary fractions. */
export const number = (value: number): string => String(Number(value.toPrecision(10)));
