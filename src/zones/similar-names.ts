/** Names that somebody may have meant. For messages only: what is used is matched exactly. */

interface Named {
  readonly key: string;
  readonly name: string;
  readonly location: string;
}

/** More single-letter changes than this are another name. */
const MOST_CHANGES = 2;

/** Keys of at most three of `candidates` like `text`: those spelled nearest to it, else those at a place that it names.
 *  "eu-central1" → aws:eu-central-1; "frankfurt" → aws:eu-central-1, gcp:europe-west3. */
export function similarNames(text: string, candidates: readonly Named[]): string[] {
  const wanted = text.slice(text.indexOf(":") + 1).toLowerCase();
  const words = wordsOf(wanted);
  const ranked = candidates.map(({ key, name, location }) => {
    const changes = changesBetween(wanted, name.toLowerCase());
    // A short text is within two changes of anything.
    const isNear = changes <= MOST_CHANGES && changes * 3 <= wanted.length;
    const places = wordsOf(location);
    const isPlace = words.length > 0 && words.every((word) => places.includes(word));
    return { key, rank: isNear ? changes : isPlace ? MOST_CHANGES + 1 : Number.POSITIVE_INFINITY };
  });
  const best = Math.min(...ranked.map(({ rank }) => rank));
  return ranked
    .filter(({ rank }) => rank === best && best < Number.POSITIVE_INFINITY)
    .slice(0, 3)
    .map(({ key }) => key);
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 2);

/** Least number of letters to insert, remove or replace (Levenshtein 1965). "us-east1" → "us-east-1": 1. */
export function changesBetween(one: string, other: string): number {
  const letters = [...other];
  let above = [0, ...letters.keys()].map((_, column) => column);
  for (const [row, letter] of [...one].entries()) {
    const line = [row + 1];
    for (const [column, wanted] of letters.entries()) {
      const replace = (above[column] ?? 0) + (letter === wanted ? 0 : 1);
      line.push(Math.min(replace, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}
