/** Labels that every installation has; co2e.yaml names more. */
export const USUAL_LABELS = ["team", "environment", "namespace"] as const;

export const MOST_LABELS = 10;
export const LONGEST_LABEL_VALUE = 100;

/** Names of things that come and go by the thousand: each value would be a series of its own for ever. */
const OF_SINGLE_THINGS = new RegExp(
  "(^|[_.-])(pod|container|request|trace|span|session|transaction|instance|node|process|user)s?" +
    "([_.-]?(id|uid|uuid|name|hash))?$|(^|[_.-])(id|uid|uuid|guid)$",
  "i",
);

/** The labels that usage may carry: the usual ones and `more`, each once. What is wrong is told by name. */
export function allowedLabels(more: readonly string[]): { labels: string[]; problems: string[] } {
  const problems = more.flatMap((name) => labelNameProblem(name) ?? []);
  const labels = [...new Set([...USUAL_LABELS, ...more])];
  if (labels.length > MOST_LABELS)
    problems.push(`names ${labels.length} labels with ${USUAL_LABELS.join(", ")}: at most ${MOST_LABELS}`);
  return { labels: labels.slice(0, MOST_LABELS), problems };
}

/** Why a label cannot have this name; undefined: it can. */
export function labelNameProblem(name: string): string | undefined {
  if (!/^[a-z][a-z0-9_.-]{0,49}$/i.test(name))
    return `"${name}" is no name of a label: use up to 50 letters, digits, _ . -, beginning with a letter`;
  if (OF_SINGLE_THINGS.test(name))
    return `"${name}" tells single pods, containers, requests or people apart: use what groups them, such as a team`;
  return undefined;
}

/** Why a label cannot have this value; undefined: it can. */
export function labelValueProblem(name: string, value: string): string | undefined {
  if (value.length > LONGEST_LABEL_VALUE)
    return `${name} has ${value.length} characters, at most ${LONGEST_LABEL_VALUE}`;
  return unreadable(value) ? `${name} holds characters that are no text (is the file UTF-8?)` : undefined;
}

/** Control characters, halves of characters, and what a decoder puts where bytes are no UTF-8. */
export const unreadable = (text: string): boolean => /[\p{Cc}\p{Cs}\uFFFD]/u.test(text);
