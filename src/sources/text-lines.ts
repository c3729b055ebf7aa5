import { ConfigError } from "../core/errors.ts";

/** More of one line is no line of a table. */
const LONGEST_LINE = 8 << 20;

/** The lines of a text that comes in pieces, without their ends, some at a time. The last one needs no end. */
export async function* textLines(pieces: AsyncIterable<string>, name: string): AsyncGenerator<string[]> {
  let rest = "";
  let before = 0;
  for await (const piece of pieces) {
    const text = rest === "" ? piece : rest + piece;
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      lines.push(text.slice(from, text.charCodeAt(end - 1) === RETURN && end > from ? end - 1 : end));
      from = end + 1;
    }
    rest = text.slice(from);
    before += lines.length;
    if (rest.length > LONGEST_LINE)
      throw new ConfigError(
        `${name}: line ${before + 1} is longer than ${LONGEST_LINE} characters: is it a table?`,
      );
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest.endsWith("\r") ? rest.slice(0, -1) : rest];
}
const RETURN = 13;
