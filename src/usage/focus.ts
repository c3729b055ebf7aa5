import type { Quantities } from "../core/usage.ts";
import { awsQuantities, valueIn } from "./aws-cur2.ts";
import { type Column, NOTHING } from "./billing-columns.ts";
import type { BillingLine, BillingPreset } from "./billing-line.ts";
import { GB_PER_GIB } from "./billing-units.ts";
import { type Cell, numberIn, shown, textIn } from "./cell-value.ts";

/** FOCUS 1.0 to 1.2, the FinOps Open Cost and Usage Specification. */
export const FOCUS: BillingPreset = {
  name: "FOCUS",
  source: "https://focus.finops.org/focus-specification/",
  create(find) {
    const missing: string[] = [];
    const need = (name: string): Column => {
      const column = find(name);
      if (column === undefined) missing.push(name);
      return column ?? NOTHING;
    };
    const start = need("ChargePeriodStart");
    const end = need("ChargePeriodEnd");
    const service = need("ServiceName");
    const cost = find("EffectiveCost", "BilledCost") ?? need("EffectiveCost");
    const region = find("RegionId") ?? NOTHING;
    const provider = find("ProviderName", "ServiceProviderName") ?? NOTHING;
    const category = find("ChargeCategory") ?? NOTHING;
    const quantity = find("ConsumedQuantity") ?? NOTHING;
    const unit = find("ConsumedUnit") ?? NOTHING;
    const meter = find("SkuMeter") ?? NOTHING;
    const usageType = find("x_UsageType") ?? NOTHING;
    const details = find("SkuPriceDetails", "x_SkuDetails") ?? NOTHING;
    const currency = find("BillingCurrency") ?? NOTHING;
    const tags = find("Tags") ?? NOTHING;
    if (missing.length > 0) return missing;
    return (cells): BillingLine => {
      const charge = textIn(category(cells));
      const isUse = charge === "" || charge === "Usage";
      const name = textIn(region(cells));
      const type = textIn(usageType(cells));
      return {
        start: start(cells),
        end: end(cells),
        region: name === "" || name === "global" ? "" : prefixOf(textIn(provider(cells))) + name,
        product: textIn(service(cells)),
        tags: tags(cells),
        cost: cost(cells),
        currency: currency(cells),
        quantities: isUse
          ? (fromAws(type, quantity(cells), start(cells), details(cells)) ??
            fromDetails(quantity(cells), textIn(unit(cells)), details(cells)))
          : null,
        kind: isUse
          ? [textIn(service(cells)), type || textIn(meter(cells)) || textIn(unit(cells))].join(" ").trim()
          : charge,
      };
    };
  },
};

/** A provider that is none of the three names its regions in its own way. */
function prefixOf(provider: string): string {
  if (/amazon|^aws\b/i.test(provider)) return "aws:";
  if (/google/i.test(provider)) return "gcp:";
  return /microsoft|azure/i.test(provider) ? "azure:" : "";
}

/** AWS adds its usage type to FOCUS. */
function fromAws(usageType: string, amount: Cell, start: Cell, details: Cell): Quantities | string | null {
  if (usageType === "") return null;
  return awsQuantities({
    usageType,
    amount,
    start,
    vcpus: valueIn(details, "CoreCount"),
    memory: valueIn(details, "MemorySize"),
    gpus: valueIn(details, "GpuCount"),
    instanceType: textIn(valueIn(details, "InstanceType")),
  });
}

/** Hours of something that has CoreCount cores and MemorySize GiB of memory, as FOCUS names these details of a SKU. */
function fromDetails(amount: Cell, unit: string, details: Cell): Quantities | string | null {
  const isHours = /^(hours?|hrs?|instance[ -]hours?)$/i.test(unit);
  const isCoreHours = /^(vcpu|core)[ -]hours?$/i.test(unit);
  const cores = isHours ? numberIn(valueIn(details, "CoreCount")) : isCoreHours ? 1 : null;
  if (!cores) return null;
  const hours = numberIn(amount);
  if (hours === null || hours === undefined || hours < 0)
    return `ConsumedQuantity ${shown(amount)} is no number from 0`;
  const gib = isHours ? numberIn(valueIn(details, "MemorySize")) : null;
  return { vcpu_hours: hours * cores, ...(gib ? { memory_gb_hours: hours * gib * GB_PER_GIB } : {}) };
}
