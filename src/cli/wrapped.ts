/** No line of a table or of an explanation is longer. */
export const WIDTH = 120;

/** Words in lines of at most `width` letters, those after the first begin with `indent`. A longer word has a line of
 *  its own. */
export function wrapped(words: readonly string[], width: number, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(line === undefined ? word : `${indent}${word}`);
  }
  return lines;
}
