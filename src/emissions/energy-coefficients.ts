import type { EnergyCoefficient, RegionFactors } from "./factor-set.ts";

// Energy per unit of resource use, as data: what each number is, the year it is about, and who published it. All of it is
// energy of the computers (boundary `it`). Low and high are a range, no confidence interval.

/** Share of full load that a vCPU or GPU is taken to run at when nobody says. */
export const ASSUMED_UTILISATION = 0.5;

/** Share of the hour that the vCPUs of a row were busy, 0…1. Not an amount: it belongs to the `vcpu_hours` of the same row. */
export const UTILISATION_QUANTITY = "vcpu_utilisation";

const CLOUD_CARBON_FOOTPRINT =
  "Cloud Carbon Footprint methodology (https://www.cloudcarbonfootprint.org/docs/methodology)";

/** AWS: 0.74 W idle, 3.5 W at full load; at 50 % (0.74 + 3.5) ÷ 2 = 2.12 W, so 0.00212 kWh an hour. */
function vcpu(
  provider: RegionFactors["provider"] | null,
  idleW: number,
  fullW: number,
  source = CLOUD_CARBON_FOOTPRINT,
): EnergyCoefficient {
  return {
    quantity: "vcpu_hours",
    provider,
    kWhPerUnit: (idleW + (fullW - idleW) * ASSUMED_UTILISATION) / 1000,
    lowKWhPerUnit: idleW / 1000,
    highKWhPerUnit: fullW / 1000,
    idleKWhPerUnit: idleW / 1000,
    fullKWhPerUnit: fullW / 1000,
    year: 2023,
    source,
  };
}

/** A published mean without a range of its own: half to double, a convention of ours. */
const mean = (quantity: string, kWhPerUnit: number): EnergyCoefficient => ({
  quantity,
  provider: null,
  kWhPerUnit,
  lowKWhPerUnit: kWhPerUnit / 2,
  highKWhPerUnit: kWhPerUnit * 2,
  year: 2023,
  source: CLOUD_CARBON_FOOTPRINT,
});

/** Board power at 50 % load, from a tenth of it (idle) to all of it. t4: 70 W, so 0.035 kWh an hour. */
const gpu = (model: string, boardW: number, year: number, source: string): EnergyCoefficient => ({
  quantity: `gpu_hours:${model}`,
  provider: null,
  kWhPerUnit: (boardW * ASSUMED_UTILISATION) / 1000,
  lowKWhPerUnit: (boardW * 0.1) / 1000,
  highKWhPerUnit: boardW / 1000,
  year,
  source: `${source}; ${boardW} W at ${ASSUMED_UTILISATION * 100} % load (assumed)`,
});

/** Epoch AI's figures hold a building's overhead: their PUE is 1.2 (1.3 in the pessimistic case). It is taken out here, since
 *  the PUE of the region is applied later. */
const EPOCH_PUE = 1.2;
const EPOCH_PESSIMISTIC_PUE = 1.3;
const EPOCH = "Epoch AI, How much energy does ChatGPT use?, February 2025";
/** Wh of a typical answer of 500 tokens: GPT-4o, a small model, and a larger one on poorly used GPUs. */
const EPOCH_ANSWER = { tokens: 500, wh: 0.3, smallModelWh: 0.06, pessimisticWh: 1.3 };
/** Wh of a prompt with a long input, its answer of 500 tokens included. */
const EPOCH_10K_INPUT = { tokens: 10_000, wh: 2.5 };
const EPOCH_100K_INPUT = { tokens: 100_000, wh: 40 };

/** 0.3 Wh ÷ 1.2 = 0.25 Wh. The median of Gemini, 0.24 Wh ÷ 1.09 = 0.22 Wh, lies near it. */
const prompts: EnergyCoefficient = {
  quantity: "llm_prompts",
  provider: null,
  kWhPerUnit: EPOCH_ANSWER.wh / EPOCH_PUE / 1000,
  lowKWhPerUnit: EPOCH_ANSWER.smallModelWh / EPOCH_PUE / 1000,
  highKWhPerUnit: EPOCH_10K_INPUT.wh / EPOCH_PUE / 1000,
  year: 2025,
  source:
    `${EPOCH}: 0.3 Wh, a small model 0.06, 10,000 tokens of input 2.5, each ÷ its PUE of 1.2. Beside it: ` +
    "0.24 Wh, median of Gemini (Google, August 2025, PUE 1.09 in it); 0.34 Wh (S. Altman, June 2025)",
};

/** 0.3 Wh ÷ 500 tokens ÷ 1.2 = 0.5 Wh per 1,000 tokens. */
const outputTokens: EnergyCoefficient = {
  quantity: "llm_output_tokens",
  provider: null,
  kWhPerUnit: EPOCH_ANSWER.wh / EPOCH_ANSWER.tokens / EPOCH_PUE / 1000,
  lowKWhPerUnit: EPOCH_ANSWER.smallModelWh / EPOCH_ANSWER.tokens / EPOCH_PUE / 1000,
  highKWhPerUnit: EPOCH_ANSWER.pessimisticWh / EPOCH_ANSWER.tokens / EPOCH_PESSIMISTIC_PUE / 1000,
  year: 2025,
  source: `${EPOCH}: 0.3 Wh for 500 tokens (small model 0.06, pessimistic 1.3) ÷ its PUE of 1.2 (1.3)`,
};

/** (2.5 − 0.3) Wh ÷ 10,000 tokens ÷ 1.2 = 0.183 Wh per 1,000 tokens. */
const inputTokens: EnergyCoefficient = {
  quantity: "llm_input_tokens",
  provider: null,
  kWhPerUnit: (EPOCH_10K_INPUT.wh - EPOCH_ANSWER.wh) / EPOCH_10K_INPUT.tokens / EPOCH_PUE / 1000,
  // Nobody published it for a small model: in proportion to its answers.
  lowKWhPerUnit:
    ((EPOCH_10K_INPUT.wh - EPOCH_ANSWER.wh) / EPOCH_10K_INPUT.tokens / EPOCH_PUE / 1000) *
    (EPOCH_ANSWER.smallModelWh / EPOCH_ANSWER.wh),
  highKWhPerUnit: (EPOCH_100K_INPUT.wh - EPOCH_ANSWER.wh) / EPOCH_100K_INPUT.tokens / EPOCH_PUE / 1000,
  year: 2025,
  source: `${EPOCH}: (2.5 − 0.3) Wh for 10,000 tokens (100,000: 40 − 0.3; a small model a fifth) ÷ its PUE of 1.2`,
};

export const ENERGY_COEFFICIENTS: readonly EnergyCoefficient[] = [
  vcpu("aws", 0.74, 3.5),
  vcpu("gcp", 0.71, 4.26),
  vcpu("azure", 0.78, 3.76),
  vcpu(
    null,
    (0.74 + 0.71 + 0.78) / 3,
    (3.5 + 4.26 + 3.76) / 3,
    `${CLOUD_CARBON_FOOTPRINT}, mean of AWS, GCP and Azure`,
  ),
  mean("memory_gb_hours", 0.000392),
  mean("ssd_tb_hours", 1.2 / 1000),
  mean("hdd_tb_hours", 0.65 / 1000),
  // Published figures of networks differ by more than a factor of ten: a wider range, ours too.
  { ...mean("network_gb", 0.001), lowKWhPerUnit: 0.0002, highKWhPerUnit: 0.005 },
  gpu("v100", 300, 2020, "NVIDIA V100 data sheet, SXM2, 300 W"),
  gpu("t4", 70, 2019, "NVIDIA T4 data sheet, 70 W"),
  gpu("a100", 400, 2021, "NVIDIA A100 data sheet, SXM, 400 W"),
  gpu("a10g", 300, 2022, "NVIDIA A10G data sheet of AWS, 300 W"),
  gpu("l4", 72, 2023, "NVIDIA L4 data sheet, 72 W"),
  gpu("h100", 700, 2023, "NVIDIA H100 data sheet, SXM, 700 W"),
  prompts,
  inputTokens,
  outputTokens,
];

/** Quantities that carry no energy of their own. */
const WITHOUT_ENERGY = [UTILISATION_QUANTITY, "server_hours"];

const KNOWN = new Set([...WITHOUT_ENERGY, ...ENERGY_COEFFICIENTS.map(({ quantity }) => quantity)]);

/** Names of quantities that co2e understands, besides "unit:NAME". */
export const KNOWN_QUANTITIES: readonly string[] = [...KNOWN].sort();

const UNIT_PREFIX = "unit:";

/** "unit:orders" → "orders"; undefined for a quantity that is no functional unit. */
export const functionalUnitOf = (quantity: string): string | undefined =>
  quantity.startsWith(UNIT_PREFIX) && quantity.length > UNIT_PREFIX.length
    ? quantity.slice(UNIT_PREFIX.length)
    : undefined;

/** Whether a quantity is understood: one with a coefficient, `server_hours`, `vcpu_utilisation`, or a functional unit.
 *  An import refuses others, for their energy would be left out without a word. */
export const isKnownQuantity = (name: string): boolean =>
  KNOWN.has(name) || functionalUnitOf(name) !== undefined;
