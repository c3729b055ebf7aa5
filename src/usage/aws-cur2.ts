import type { Quantities } from "../core/usage.ts";
import { type Column, NOTHING } from "./billing-columns.ts";
import type { BillingLine, BillingPreset } from "./billing-line.ts";
import { GB_PER_GIB, hoursOfMonth } from "./billing-units.ts";
import { type Cell, mapIn, numberIn, shown, textIn } from "./cell-value.ts";
import { remembered } from "./line-reader.ts";

/** "At 1,769 MB, a function has the equivalent of one vCPU" (AWS Lambda developer guide, Configure memory). */
const LAMBDA_GIB_PER_VCPU = 1769 / 1024;

/** Lines that stand for use; all others (Tax, Fee, Credit, SavingsPlanNegation, RIFee, …) are money alone. */
const USE = ["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"];

/** The AWS Cost and Usage Report 2.0 of Data Exports. */
export const AWS_CUR2: BillingPreset = {
  name: "AWS CUR 2.0",
  source: "https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html",
  create(find) {
    const missing: string[] = [];
    const need = (name: string): Column => {
      const column = find(name);
      if (column === undefined) missing.push(name);
      return column ?? NOTHING;
    };
    const start = need("line_item_usage_start_date");
    const end = need("line_item_usage_end_date");
    const usageType = need("line_item_usage_type");
    const amount = need("line_item_usage_amount");
    const cost = need("line_item_unblended_cost");
    const lineType = find("line_item_line_item_type") ?? NOTHING;
    const region = find("product_region_code", "product.region_code", "product_region") ?? NOTHING;
    const product = find("line_item_product_code", "product_servicecode") ?? NOTHING;
    const currency = find("line_item_currency_code") ?? NOTHING;
    const tags = find("resource_tags", "tags") ?? NOTHING;
    const attribute = (name: string): Column => find(`product_${name}`, `product.${name}`) ?? NOTHING;
    const vcpu = attribute("vcpu");
    const memory = attribute("memory");
    const gpu = attribute("gpu");
    const instanceType = attribute("instance_type");
    if (missing.length > 0) return missing;
    return (cells): BillingLine => {
      const type = textIn(lineType(cells));
      const usage = textIn(usageType(cells));
      const isUse = type === "" || USE.includes(type);
      const code = textIn(region(cells));
      return {
        start: start(cells),
        end: end(cells),
        region: code === "" || code === "global" ? "" : `aws:${code}`,
        product: textIn(product(cells)),
        tags: tags(cells),
        cost: cost(cells),
        currency: currency(cells),
        quantities: isUse
          ? awsQuantities({
              usageType: usage,
              amount: amount(cells),
              start: start(cells),
              vcpus: vcpu(cells),
              memory: memory(cells),
              gpus: gpu(cells),
              instanceType: textIn(instanceType(cells)),
            })
          : null,
        kind: isUse ? usage : type,
      };
    };
  },
};

export interface AwsUse {
  readonly usageType: string;
  readonly amount: Cell;
  /** Months differ in length: an amount in GB-months is hours of its month. */
  readonly start: Cell;
  readonly vcpus: Cell;
  /** "8 GiB" */
  readonly memory: Cell;
  readonly gpus: Cell;
  readonly instanceType: string;
}

type Recipe =
  | "instance"
  | "two-instances"
  | Readonly<Record<string, (amount: number, monthHours: number) => number>>;

const gbMonths = (copies: number) => (amount: number, monthHours: number) =>
  (amount * copies * monthHours * GB_PER_GIB) / 1000;
const gbHours = (amount: number) => amount * GB_PER_GIB;

/** What usage types amount to, by the part behind the region's prefix ("USE1-BoxUsage:m5.large" → "BoxUsage"). What is not
 *  here cannot be told from the line alone. */
const RECIPES: readonly (readonly [RegExp, Recipe])[] = [
  [/^(BoxUsage|SpotUsage|DedicatedUsage|InstanceUsage|NodeUsage)(:|$)/, "instance"],
  // A standby of the same size in another zone.
  [/^Multi-AZUsage:/, "two-instances"],
  [/^Fargate-(ARM-)?vCPU-Hours/, { vcpu_hours: (hours) => hours }],
  [/^Fargate-(ARM-)?GB-Hours/, { memory_gb_hours: gbHours }],
  [
    /^Lambda-GB-Second/,
    {
      memory_gb_hours: (gibSeconds) => gbHours(gibSeconds / 3600),
      vcpu_hours: (gibSeconds) => gibSeconds / LAMBDA_GIB_PER_VCPU / 3600,
    },
  ],
  [/^EBS:VolumeUsage\.(gp2|gp3|piops|io2)$/, { ssd_tb_hours: gbMonths(1) }],
  [/^EBS:VolumeUsage(\.(st1|sc1))?$/, { hdd_tb_hours: gbMonths(1) }],
  [/^RDS:(GP2|GP3|PIOPS)-Storage$/, { ssd_tb_hours: gbMonths(1) }],
  [/^RDS:Multi-AZ-(GP2|GP3|PIOPS)-Storage$/, { ssd_tb_hours: gbMonths(2) }],
  // Out of a region, and not into the other one: both are on the bill, and the bytes are the same.
  [/^(DataTransfer|[A-Z0-9]+-AWS|AWS)-Out-Bytes$/, { network_gb: (gib) => gib * GB_PER_GIB }],
];

/** Graphics processors by instance family, as AWS lists them. */
const GPU_MODELS: Readonly<Record<string, string>> = {
  p3: "v100",
  p3dn: "v100",
  p4d: "a100",
  p4de: "a100",
  p5: "h100",
  g4dn: "t4",
  g5: "a10g",
  g6: "l4",
};

/** "USE1-", "APN1-" and so on before a usage type; none in us-east-1. */
const recipeOf = remembered((usageType): Recipe | null => {
  const bare = usageType.replace(/^[A-Z]{2,4}\d?-(?=[A-Z])/, "");
  return RECIPES.find(([pattern]) => pattern.test(bare) || pattern.test(usageType))?.[1] ?? null;
});

/** 10 h of an m5.large (2 vCPU, 8 GiB) → 20 vCPU-hours and 10 × 8 × 1.0737 = 85.9 GB-hours.
 *  1 GB-month of gp3 in January → 744 h × 1.0737 GB ÷ 1000 = 0.799 TB-hours. */
export function awsQuantities(use: AwsUse): Quantities | string | null {
  const recipe = recipeOf(use.usageType);
  if (recipe === null) return null;
  const amount = numberIn(use.amount);
  if (amount === null || amount === undefined || amount < 0)
    return `the amount ${shown(use.amount)} of ${use.usageType} is no number from 0`;
  if (typeof recipe === "object") {
    const monthHours = hoursOfMonth(textIn(use.start));
    return Object.fromEntries(
      Object.entries(recipe).map(([name, quantityOf]) => [name, quantityOf(amount, monthHours)]),
    );
  }
  return instanceQuantities(use, recipe === "instance" ? amount : amount * 2);
}

function instanceQuantities(use: AwsUse, hours: number): Quantities | null {
  const vcpus = numberIn(use.vcpus);
  const gib = numberIn(
    textIn(use.memory)
      .replace(/,/g, "")
      .replace(/\s*Gi?B$/i, ""),
  );
  if (!vcpus || !gib) return null;
  const found: Record<string, number> = {
    vcpu_hours: hours * vcpus,
    memory_gb_hours: hours * gib * GB_PER_GIB,
  };
  const model = GPU_MODELS[use.instanceType.split(".")[0] ?? ""];
  const gpus = numberIn(use.gpus);
  if (model !== undefined && gpus) found[`gpu_hours:${model}`] = hours * gpus;
  return found;
}

/** Names and values of a cell, as one look-up. */
export const valueIn = (cell: Cell, name: string): Cell => mapIn(cell)?.get(name);
