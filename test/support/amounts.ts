import fc from "fast-check";

/** From least to most, and 0 in the place of what is next to nothing: doubles below 1e-300 lose their digits, and no meter
 *  counts so finely. */
export const amounts = (least: number, most: number): fc.Arbitrary<number> =>
  fc.double({ min: least, max: most, noNaN: true }).map((amount) => (Math.abs(amount) < 1e-12 ? 0 : amount));
