import type { Config } from "../config/config.ts";
import type { ConfiguredSource } from "../flows/health/configured-source.ts";

/** The chain of the settings, in order, with whether each source can be asked. */
export async function configuredSources(
  config: Pick<Config, "sources" | "sourceSettings">,
): Promise<ConfiguredSource[]> {
  const { askable } = await import("../config/config.ts");
  const atHand = new Set(askable(config).map(({ description }) => description.name));
  const everyKey = Object.fromEntries(config.sources.map((name) => [name, {}]));
  return askable({ sources: config.sources, sourceSettings: everyKey }).map((module) => ({
    ...module,
    isAtHand: atHand.has(module.description.name),
  }));
}
