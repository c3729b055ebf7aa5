/** Software carbon intensity, ISO/IEC 21031:2024: SCI = ((E × I) + M) per R. */
export interface Sci {
  /** O = E × I, location-based, calculated and estimated, g CO2e; null: not known. */
  readonly operationalGCO2e: number | null;
  /** M, g CO2e; null: no hardware is stated. */
  readonly embodiedGCO2e: number | null;
  /** R, in functional units; null: not counted. */
  readonly units: number | null;
  /** O ÷ R, g CO2e per unit: what can be said when M is not known. Null without O or R. */
  readonly operationalGCO2ePerUnit: number | null;
  /** (O + M) ÷ R, g CO2e per unit. Null when one of the three is not known, or R is 0. */
  readonly gCO2ePerUnit: number | null;
  /** Emissions while nothing was served (R is 0), g CO2e; null otherwise. */
  readonly idleGCO2e: number | null;
}

/** O 22,512.5 g, M 28.54 g, R 100,000 requests: (22,512.5 + 28.54) ÷ 100,000 = 0.2254 g a request. R = 0: no SCI, and
 *  22,541.04 g of idle emissions. */
export function sciOf(parts: Pick<Sci, "operationalGCO2e" | "embodiedGCO2e" | "units">): Sci {
  const { operationalGCO2e, embodiedGCO2e, units } = parts;
  const per = (gCO2e: number | null): number | null =>
    gCO2e === null || units === null || units === 0 ? null : gCO2e / units;
  return {
    operationalGCO2e,
    embodiedGCO2e,
    units,
    operationalGCO2ePerUnit: per(operationalGCO2e),
    gCO2ePerUnit:
      operationalGCO2e === null || embodiedGCO2e === null ? null : per(operationalGCO2e + embodiedGCO2e),
    idleGCO2e: units === 0 && operationalGCO2e !== null ? operationalGCO2e + (embodiedGCO2e ?? 0) : null,
  };
}

/** g CO2e per 1,000 requests; null without emissions or without requests, 0 requests included.
 *  22,512.5 g and 100,000 requests → 225.125. */
export const per1kRequests = (gCO2e: number | null, requests: number | null): number | null =>
  gCO2e === null || requests === null || requests === 0 ? null : (gCO2e * 1000) / requests;
