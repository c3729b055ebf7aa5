import { joulesToKwh, whToKwh } from "../core/units.ts";

/** What a number of one hour counts. Averages are over the hour. */
export const PULL_UNITS = [
  "requests",
  "kwh",
  "joules",
  "watts-average",
  "microwatts-average",
  "cpu-seconds",
  "bytes-average",
] as const;
/** Besides these: "unit:orders", a functional unit, and "quantity:gpu_hours:a100", a quantity that has a coefficient. */
export type PullUnit = (typeof PULL_UNITS)[number] | `unit:${string}` | `quantity:${string}`;

/** What an hour of a series adds to a row of usage. `with`: shares that hold for the amount, and are not added. */
export type HourAmount =
  | { readonly of: "requests"; readonly requests: number }
  | { readonly of: "energy"; readonly kWh: number }
  | {
      readonly of: "quantity";
      readonly name: string;
      readonly amount: number;
      readonly with?: Readonly<Record<string, number>>;
    };

export const isPullUnit = (text: string): text is PullUnit =>
  (PULL_UNITS as readonly string[]).includes(text) ||
  /^(unit|quantity):[a-z][a-z0-9_]*([:.-][a-z0-9_]+)*$/i.test(text);

export const isEnergyUnit = (unit: PullUnit): boolean =>
  unit === "kwh" || unit === "joules" || unit === "watts-average" || unit === "microwatts-average";

const SECONDS_PER_HOUR = 3600;
/** Memory is built and sold in 2^30 bytes, and the published coefficients are per GB of such memory. */
const BYTES_PER_GB_OF_MEMORY = 2 ** 30;

/** 7,200,000 joules → 2 kWh; 500 watts-average → 500 W × 1 h = 0.5 kWh; 1,800 cpu-seconds → 0.5 vcpu_hours at full load;
 *  2,147,483,648 bytes-average → 2 memory_gb_hours. */
export function hourAmount(unit: PullUnit, value: number): HourAmount {
  switch (unit) {
    case "requests":
      return { of: "requests", requests: value };
    case "kwh":
      return { of: "energy", kWh: value };
    case "joules":
      return { of: "energy", kWh: joulesToKwh(value) };
    case "watts-average":
      return { of: "energy", kWh: whToKwh(value) };
    case "microwatts-average":
      return { of: "energy", kWh: whToKwh(value / 1e6) };
    case "cpu-seconds":
      // A CPU second is a second of a vCPU at full load; what it could have done besides is not counted.
      return {
        of: "quantity",
        name: "vcpu_hours",
        amount: value / SECONDS_PER_HOUR,
        with: { vcpu_utilisation: 1 },
      };
    case "bytes-average":
      return { of: "quantity", name: "memory_gb_hours", amount: value / BYTES_PER_GB_OF_MEMORY };
    default:
      return { of: "quantity", name: unit.replace(/^quantity:/, ""), amount: value };
  }
}
