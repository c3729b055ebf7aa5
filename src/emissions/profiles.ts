/** Energy of one request of a service. Field names are those of the original design. */
export interface ServiceProfile {
  /** Wh at the meter of the building (facility energy: PUE is in it). */
  readonly wh_per_request: number;
  /** How the number was come by. */
  readonly confidence: "Estimated" | "Configured";
  readonly description: string;
}

/** The five profiles of the original design (2025-11): guesses of its authors, to be replaced by measured values. */
export const SERVICE_PROFILES = {
  "q2q-ai": {
    wh_per_request: 0.5,
    confidence: "Estimated",
    description: "LLM inference (GPT-4 equivalent)",
  },
  reporting: {
    wh_per_request: 0.1,
    confidence: "Estimated",
    description: "Data aggregation and report gen",
  },
  "api-gateway": { wh_per_request: 0.01, confidence: "Estimated", description: "Lightweight routing/auth" },
  "data-sync": { wh_per_request: 0.05, confidence: "Estimated", description: "Database sync operations" },
  notification: { wh_per_request: 0.02, confidence: "Estimated", description: "Email/SMS delivery" },
} as const satisfies Readonly<Record<string, ServiceProfile>>;
