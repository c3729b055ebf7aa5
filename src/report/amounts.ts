/** 113441.25, 2 → "113,441.25" */
export function grouped(value: number, digits: number): string {
  const [whole = "", fraction] = Math.abs(value).toFixed(digits).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "";
  return `${sign}${text}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** Three digits that say something, and no more decimals than they need: 2.8049 → "2.80", 113.441 → "113", 0.0002251 →
 *  "0.000225". */
export function readable(value: number): string {
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  return grouped(value, Math.min(9, Math.max(0, 2 - size)));
}

/** A mass with the unit that suits it: 113,441.25 g → "113 kg", 450 g → "450 g", 2,300,000 g → "2.30 t". */
export function mass(g: number): string {
  const { unit, g: size } = massUnit(g);
  return `${readable(g / size)} ${unit}`;
}

/** The unit in which a mass is written; one for all numbers of an axis or a column. */
export function massUnit(g: number): { readonly unit: string; readonly g: number } {
  const size = Math.abs(g);
  if (size >= 1e6) return { unit: "t", g: 1e6 };
  return size >= 1e3 ? { unit: "kg", g: 1e3 } : { unit: "g", g: 1 };
}

/** 0.8049 → "80.5 %" */
export const percent = (share: number): string => `${grouped(share * 100, 1)} %`;

/** "2026-10-01T00:00:00.000Z" → "2026-10-01 00:00" */
export const minute = (iso: string): string => iso.slice(0, 16).replace("T", " ");
