/** A low and a high bound, in the unit of what is bounded. Never a confidence interval. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Bounds of emissions, g CO2e: energy bounds × intensity bounds. Errors are taken to move
 *  together, so bounds of a sum are the sums of the bounds.
 *  2 kWh (1 to 4) at 300 g/kWh (× 0.95 to × 1.05): 1 × 285 = 285 g to 4 × 315 = 1,260 g. */
export const emissionBounds = (
  energy: { readonly lowKWh: number; readonly highKWh: number },
  gCO2ePerKWh: number,
  [lowFactor, highFactor]: readonly [low: number, high: number],
): Bounds => ({
  low: energy.lowKWh * gCO2ePerKWh * lowFactor,
  high: energy.highKWh * gCO2ePerKWh * highFactor,
});
