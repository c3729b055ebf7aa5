import type { Instant } from "../core/time.ts";
import type { Labels } from "../core/usage.ts";
import type { KnownRegion } from "../flows/health/list-regions.ts";
import { similarNames } from "../zones/similar-names.ts";
import { ApiProblem } from "./problem.ts";
import type { ServeSettings } from "./serve-parts.ts";

/** In messages a parameter stands as it is written in a request. */
export const named = (parameter: string): string => parameter;

/** A configured region. Throws region-not-found with names like it. */
export function requireRegion({ regions, findRegion }: ServeSettings, text: string): KnownRegion {
  const region = findRegion(text);
  if (region) return region;
  const similar = similarNames(text.slice(0, 60), regions);
  throw new ApiProblem(
    "region-not-found",
    `Region "${text}" is not configured.${similar.length === 0 ? "" : ` Did you mean ${similar.join(" or ")}?`} ` +
      "GET /v1/regions lists those that are.",
  );
}

/** The name of a configured region, else the text: the figures of a region stay when it is no longer configured. */
export const regionFilter = ({ findRegion }: ServeSettings, text: string | undefined): string | null =>
  text === undefined ? null : (findRegion(text)?.name ?? text);

export function requireEarlier(from: Instant, to: Instant): void {
  if (from < to) return;
  const reason = "is not before to";
  throw new ApiProblem("invalid-request", `from ${reason}.`, { errors: [{ name: "from", reason }] });
}

/** label=team=search&label=environment=prod */
export function labelsOf(written: readonly string[] | undefined): Labels {
  const pairs = (written ?? []).map((text) => {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) {
    const reason = "names the same key twice: a series has one value of a label";
    throw new ApiProblem("invalid-request", `label ${reason}.`, { errors: [{ name: "label", reason }] });
  }
  return Object.fromEntries(pairs);
}
