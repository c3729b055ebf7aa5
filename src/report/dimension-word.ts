/** "label:cost-centre" → "cost-centre"; what a grouping is called in words. */
export const dimensionWord = (name: string): string => name.replace(/^label:/, "");

/** "service" → "Service": as a title. */
export function dimensionTitle(name: string): string {
  const word = dimensionWord(name);
  return word.charAt(0).toUpperCase() + word.slice(1);
}
