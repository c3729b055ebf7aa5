/** Two thresholds instead of one: above `raiseAbove` it begins, and it ends below `clearBelow`, so a value that wanders
 *  between them changes nothing. Raised above 500 and cleared below 475: 490, 501, 490, 470 → no, yes, yes, no. */
export const isHigh = (value: number, wasHigh: boolean, raiseAbove: number, clearBelow: number): boolean =>
  wasHigh ? value >= clearBelow : value > raiseAbove;

/** The same downwards: raised below `raiseBelow`, cleared above `clearAbove`. */
export const isLow = (value: number, wasLow: boolean, raiseBelow: number, clearAbove: number): boolean =>
  wasLow ? value <= clearAbove : value < raiseBelow;
