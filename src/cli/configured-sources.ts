import type { Config } from "../config/config.ts";
import type { ConfiguredSource } from "../flows/health/configured-source.ts";

/** The chain of the settings, in order, with whether each source can be asked; loaded when it is needed. */
export const configuredSources = async (
  config: Pick<Config, "sources" | "sourceSettings">,
): Promise<ConfiguredSource[]> => (await import("../app/configured-sources.ts")).configuredSources(config);
