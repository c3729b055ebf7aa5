import { basisText } from "../../core/intensity.ts";
import type { GridZone, SourceDescription, SourceModule } from "../../sources/source.ts";
import type { AcceptSettings } from "../parts.ts";

/** A source of the chain, with or without its key. */
export interface ConfiguredSource extends Pick<SourceModule, "description" | "settings" | "keyUrl"> {
  /** It can be asked: it needs no key, or has it. */
  readonly isAtHand: boolean;
}

type Policy = Pick<AcceptSettings, "basis" | "factorType">;

/** The sources that may speak for the average of a zone, in the order of the chain. */
export const servingSources = (
  chain: readonly ConfiguredSource[],
  zone: GridZone,
  policy: Policy,
): ConfiguredSource[] =>
  chain.filter(({ description }) => description.covers(zone) && mayFillHours(description, policy));

/** A source without an average fills no hour; with `basis: strict` neither does one without the configured basis. */
export const mayFillHours = (
  { offers }: Pick<SourceDescription, "offers">,
  { basis, factorType }: Policy,
): boolean => {
  const own = basisText({ signal: "average", factorType, boundary: "consumption" });
  const averages = offers.filter(({ signal }) => signal === "average");
  return basis === "fill" ? averages.length > 0 : averages.some((offer) => basisText(offer) === own);
};

/** The variables that hold its key or login; empty for a source without one. */
export const secretVariables = ({ settings }: Pick<SourceModule, "settings">): string[] =>
  settings.filter(({ kind }) => kind === "key" || kind === "login").map(({ variable }) => variable);
