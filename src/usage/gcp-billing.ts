import type { Quantities } from "../core/usage.ts";
import { type Column, NOTHING } from "./billing-columns.ts";
import type { BillingLine, BillingPreset } from "./billing-line.ts";
import { GB_PER_GIB, hoursOfMonth } from "./billing-units.ts";
import { type Cell, numberIn, shown, textIn } from "./cell-value.ts";
import { remembered } from "./line-reader.ts";

/** Google Cloud's billing export: the BigQuery table as CSV, JSON lines or Parquet. */
export const GCP_BILLING: BillingPreset = {
  name: "Google Cloud billing",
  source: "https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage",
  create(find) {
    const missing: string[] = [];
    const need = (name: string): Column => {
      const column = find(name);
      if (column === undefined) missing.push(name);
      return column ?? NOTHING;
    };
    const start = need("usage_start_time");
    const end = need("usage_end_time");
    const sku = need("sku.description");
    const cost = need("cost");
    const region = find("location.region") ?? NOTHING;
    const amount = find("usage.amount") ?? NOTHING;
    const unit = find("usage.unit") ?? NOTHING;
    const priced = find("usage.amount_in_pricing_units") ?? NOTHING;
    const pricingUnit = find("usage.pricing_unit") ?? NOTHING;
    const product = find("service.description") ?? NOTHING;
    const currency = find("currency") ?? NOTHING;
    const labels = find("labels") ?? NOTHING;
    const costType = find("cost_type") ?? NOTHING;
    if (missing.length > 0) return missing;
    return (cells): BillingLine => {
      const description = textIn(sku(cells));
      const type = textIn(costType(cells));
      const isUse = type === "" || type === "regular";
      const name = textIn(region(cells));
      // The amount in units as they are metered, else as they are priced.
      const metered = textIn(unit(cells));
      const isMetered = metered !== "" && textIn(amount(cells)) !== "";
      return {
        start: start(cells),
        end: end(cells),
        region: name === "" || name === "global" ? "" : `gcp:${name}`,
        product: textIn(product(cells)),
        tags: labels(cells),
        cost: cost(cells),
        currency: currency(cells),
        quantities: isUse
          ? gcpQuantities(
              description,
              isMetered ? amount(cells) : priced(cells),
              isMetered ? metered : textIn(pricingUnit(cells)),
              textIn(start(cells)),
            )
          : null,
        kind: isUse ? description : type,
      };
    };
  },
};

type Quantity = "vcpu_hours" | "memory_gb_hours" | "ssd_tb_hours" | "hdd_tb_hours" | "network_gb";

/** What SKUs are, by their description. */
const quantityOf = remembered((sku): { quantity: Quantity; copies: number } | null => {
  // A commitment, a licence and a surcharge are paid besides the cores and bytes that they are about.
  if (/commitment|licens|premium|reserv/i.test(sku)) return null;
  const once = (quantity: Quantity) => ({ quantity, copies: 1 });
  if (/\bcore running\b/i.test(sku)) return once("vcpu_hours");
  if (/\bram running\b/i.test(sku)) return once("memory_gb_hours");
  if (/\bPD Capacity\b/i.test(sku) && !/snapshot/i.test(sku)) {
    // A regional disk is kept in two zones.
    const copies = /^regional/i.test(sku) ? 2 : 1;
    return { quantity: /ssd|balanced|extreme/i.test(sku) ? "ssd_tb_hours" : "hdd_tb_hours", copies };
  }
  if (/SSD backed Local Storage/i.test(sku)) return once("ssd_tb_hours");
  return /\begress\b|data transfer out\b/i.test(sku) ? once("network_gb") : null;
});

/** 184,590 seconds of "N1 Predefined Instance Core running in Americas" → 51.275 vCPU-hours. */
export function gcpQuantities(
  sku: string,
  amount: Cell,
  unit: string,
  start: string,
): Quantities | string | null {
  const found = quantityOf(sku);
  if (found === null) return null;
  const perUnit = PER_UNIT[found.quantity](unit.trim().toLowerCase(), start);
  if (perUnit === null) return null;
  const number = numberIn(amount);
  if (number === null || number === undefined || number < 0)
    return `the amount ${shown(amount)} of ${sku} is no number from 0`;
  return { [found.quantity]: number * perUnit * found.copies };
}

const memory = (unit: string): number | null =>
  ({ "byte-seconds": 1e-9 / 3600, "gibibyte hour": GB_PER_GIB })[unit] ?? null;
const storage = (unit: string, start: string): number | null =>
  unit === "gibibyte month" ? (GB_PER_GIB / 1000) * hoursOfMonth(start) : tera(memory(unit));
const tera = (giga: number | null): number | null => (giga === null ? null : giga / 1000);

/** How much of a quantity one unit is; null for a unit that it does not come in. */
const PER_UNIT: Readonly<Record<Quantity, (unit: string, start: string) => number | null>> = {
  vcpu_hours: (unit) => ({ seconds: 1 / 3600, hour: 1 })[unit] ?? null,
  memory_gb_hours: memory,
  ssd_tb_hours: storage,
  hdd_tb_hours: storage,
  network_gb: (unit) => ({ bytes: 1e-9, gibibyte: GB_PER_GIB })[unit] ?? null,
};
